"""What keeps signals from reaching the stream."""

from __future__ import annotations

from oo_profile.errors.kinds import ProfileError, Terminal, Transient


class PublishError(ProfileError):
    """Signals did not all reach the stream.

    Attributes:
        accepted: How many signals of this call are known to be in the stream.
        resume_at: Position (from 1) of the first signal that is not known to be there.
    """

    def __init__(self, message: str, *, accepted: int) -> None:
        self.accepted = accepted
        self.resume_at = accepted + 1
        super().__init__(
            f"{message}. {accepted} signals were accepted; go on from signal {self.resume_at} "
            "(sending one again is safe: its event_id makes it a duplicate)"
        )


class BatchRefusedError(Terminal, PublishError):
    """NATS refused a batch for what it is; sending it again changes nothing."""


class PublishStoppedError(Transient, PublishError):
    """No acknowledgement came in the tries that were allowed."""


class SignalFileError(Terminal, ProfileError):
    """A file of signals cannot be read or written."""


class SignalLineError(SignalFileError, ValueError):
    """A line of a file is no signal; nothing from it or from after it was sent."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(
            f'{path}:{line}: {reason}; a line is {{"subject": "signals.…", "data": {{…}}}}'
        )
