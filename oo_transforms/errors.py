"""What can be wrong with a value.

TransformError
├── SignalRejected (ValueError)    a message is no valid signal; it is kept, with its reason
├── InputRefused (TypeError)       an on-demand function was given a value of the wrong kind
└── DeclarationError (ValueError)  a view or feature is declared in a way that cannot work
"""

from __future__ import annotations


class TransformError(Exception):
    """Base of every error of this package."""


class SignalRejected(TransformError, ValueError):
    """A message that is not a valid signal.

    Attributes:
        reason: Short fixed words, fit for counting ("not JSON", "out of bounds", ...).
        detail: What was found, what is allowed and where, for the person who mends it.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InputRefused(TransformError, TypeError):
    """An on-demand function was given a value of the wrong kind.

    Attributes:
        field: Name of the input.
        value: What was given.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(
            f"'{field}' was given {value!r} ({type(value).__name__}); it takes {allowed}"
        )
        self.field = field
        self.value = value


class DeclarationError(TransformError, ValueError):
    """A view or feature is declared in a way that cannot work."""
