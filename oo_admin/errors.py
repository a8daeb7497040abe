"""Everything this package raises, in one tree.

AdminError
├── AccountError    an account cannot be made, or has no such name
├── ContractError   a definition has no type in the contract
├── ForbiddenError  whoever asks may not do this
├── ListenError     nobody can listen at the pages' address
├── InputRefused    something that was sent is out of its bounds
├── NotFound        there is nothing at this address
├── RoutesError     the file that says who is told of alerts cannot be used
└── NotSentError    a notice could not be delivered; it is tried again
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.errors import ProfileError, Terminal

if TYPE_CHECKING:
    from pathlib import Path


class AdminError(Terminal, ProfileError):
    """Base of every error of this package; its text is fit to be shown to a person."""


class AccountError(AdminError, ValueError):
    """An account cannot be made, or has no such name."""


class ContractError(AdminError, TypeError):
    """A definition has no type in the contract."""


class ForbiddenError(AdminError):
    """Whoever asks may not do this."""


class ListenError(AdminError, OSError):
    """Nobody can listen at the pages' address."""

    def __init__(self, address: str, port: int, reason: str) -> None:
        self.address = address
        self.port = port
        super().__init__(
            f"the pages cannot be served at {address}:{port} ({reason}): give another --port "
            "(OO_ADMIN_PORT; 0: a free one), or an address of this machine as OO_ADMIN_ADDRESS"
        )


class InputRefused(AdminError, ValueError):
    """Something that was sent is out of its bounds; nothing was done."""


class NotFound(AdminError, LookupError):
    """There is nothing at this address."""


class RoutesError(AdminError):
    """The file that says who is told of alerts cannot be used.

    Attributes:
        path: The file.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}; docs/data-quality.md shows one")
        self.path = path
        self.reason = reason


class NotSentError(AdminError):
    """A notice could not be delivered.

    Attributes:
        channel: By what; the address itself may hold a password.
        reason: What was said.
    """

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"a notice could not be delivered by {channel}: {reason}")
        self.channel = channel
        self.reason = reason
