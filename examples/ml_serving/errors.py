"""Errors of the service.

ServingError
├── ConfigError         (ValueError)  a setting that makes no sense
├── RequestRefused                    a request that is not answered; says why, with a status
├── SpoolInUseError     (OSError)     another process has the spool's folder
└── NotAcceptedError                  the stream did not take what was published

A message says what was refused, the value, what is allowed and what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml_serving.messages import Error


class ServingError(Exception):
    """Base of every error that the service raises on its own."""


class ConfigError(ServingError, ValueError):
    """A setting makes no sense."""


class RequestRefused(ServingError):
    """A request is not answered.

    Args:
        status: HTTP status.
        error: What is wrong, one of the names of `messages.Problem`.
        detail: The same in a sentence, with the value and what is allowed.
    """

    def __init__(self, status: int, error: Error, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.error = error
        self.detail = detail


class SpoolInUseError(ServingError, OSError):
    """Another process has the spool's folder: each needs one of its own."""


class NotAcceptedError(ServingError):
    """The stream did not acknowledge what was published: it may be in the stream or not."""
