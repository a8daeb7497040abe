"""What is wrong with NATS and the stream of signals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence


class StreamError(ProfileError):
    """Something about the stream of signals."""


class NoNatsError(Transient, StreamError, ConnectionError):
    """Nobody answers at the address of NATS."""

    def __init__(self, url: str, reason: str) -> None:
        # Neither logs nor screens are to show the password that an address may hold.
        self.url = re.sub(r"//[^/]*@", "//", url)
        self.reason = reason
        super().__init__(
            f"no NATS answers at {self.url} ({reason}): "
            "start one with `oo up`, or set OO_NATS to the address of yours"
        )


class NatsLoginError(NoNatsError):
    """NATS does not let this user in."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        Exception.__init__(
            self,
            f"the NATS at {self.url} does not let this user in ({reason}): set OO_NATS_CREDS to a "
            "credentials file that it knows, or OO_NATS_USER and OO_NATS_PASSWORD. One that has "
            "expired must be issued anew",
        )


class NatsTlsError(NoNatsError):
    """No secure connection to NATS comes about; nothing was said to it."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        Exception.__init__(
            self,
            f"no secure connection to the NATS at {self.url} ({reason}): set OO_NATS_CA to the "
            "PEM file of the authority that issued its certificate, which must be valid and name "
            "this host; where the server asks for ours, set OO_NATS_CERT and OO_NATS_KEY",
        )


class StreamRefusedError(Terminal, StreamError):
    """NATS refused a request about the stream."""

    def __init__(self, request: str, code: int, error_code: int, description: str) -> None:
        self.request = request
        self.code = code
        self.error_code = error_code
        self.description = description
        super().__init__(
            f"NATS refused {request}: {description} (code {code}, {error_code}). Signals need a "
            "NATS 2.12 or newer with JetStream and the subjects signals.> to themselves; "
            "`oo up` starts one"
        )


class NotPermittedError(StreamRefusedError):
    """This user of NATS may not make a request."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject, 403, 0, "permissions violation")
        Exception.__init__(
            self,
            f"this user of NATS may not publish on {subject}: log in as one who may "
            "(OO_NATS_CREDS, or OO_NATS_USER and OO_NATS_PASSWORD), or let the server's "
            "configuration allow it; docs/nats-server.conf shows who needs what",
        )


class StreamMismatchError(Terminal, StreamError, ValueError):
    """The stream exists with settings that would break a promise."""

    def __init__(self, stream: str, differences: Sequence[str]) -> None:
        self.stream = stream
        self.differences = tuple(differences)
        super().__init__(
            f"the stream {stream} exists with other settings: {'; '.join(differences)}. "
            f"Nothing was changed. Put them right with `nats stream edit {stream}` (storage and "
            f"retention need a new stream: `nats stream rm {stream}` deletes this one and its "
            "signals), or set OO_NATS to another NATS"
        )
