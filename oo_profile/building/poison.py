"""A batch that no single message can stop."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from oo_profile.building.outcome import Outcome
from oo_profile.errors import ProfileError
from oo_profile.insight.events import EventLog
from oo_transforms.errors import SignalRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oo_profile.building.batch import BatchWriter
    from oo_profile.building.newest_states import NewestStates
    from oo_profile.transport.message import Message

_log = EventLog(__name__)

MAX_IN_A_ROW: Final = 20
"""Messages set aside one after the other; if the next fails too, the fault is not theirs."""

REASON: Final = "failed"


class PoisonProof:
    """Writes batches; a message at which the program itself fails is set aside.

    What is wrong with a message is found by `decode`, and rejected. This is for what nobody has
    thought of: a fault of the program, or a stored signal damaged. Without it that message
    would come again after every start, and block all behind it for good. It is kept with the
    rejected ones, to be retried once the fault is mended.

    Args:
        writer: Writes batches.
    """

    def __init__(self, writer: BatchWriter) -> None:
        self._writer = writer
        self._in_a_row = 0

    def write(
        self,
        messages: Sequence[Message],
        *,
        ahead: Sequence[Sequence[Message]] = (),
        meanwhile: Callable[[NewestStates], None] = lambda _: None,
        remember: bool = False,
    ) -> Outcome:
        """Write one batch as `BatchWriter.write` does, or message by message if that fails.

        Args:
            messages: The batch.
            ahead: The next batches.
            meanwhile: To be done while this one is committed.
            remember: Remember users as behind in the online store.

        Raises:
            sqlite3.Error: Some messages may be written; the batch may be tried again.
            ProfileError: As `BatchWriter.write` does.
            Exception: Whatever the program fails with, if it does so at one message after the
                other.
        """
        try:
            return self._writer.write(messages, ahead=ahead, meanwhile=meanwhile, remember=remember)
        except (sqlite3.Error, ProfileError):
            raise
        except Exception:  # noqa: BLE001 - no message may stop the builder; told below, or raised
            if ahead:
                # It may be the next batch that fails, and its turn comes.
                return self.write(messages, remember=remember)
            outcomes = [self._write_one(message, remember=remember) for message in messages]
        return Outcome.of_all(outcomes)

    def _write_one(self, message: Message, *, remember: bool) -> Outcome:
        try:
            outcome = self._writer.write([message], remember=remember)
        except (sqlite3.Error, ProfileError):
            raise
        except Exception as error:
            self._in_a_row += 1
            if self._in_a_row > MAX_IN_A_ROW:
                raise
            return self._set_aside(message, error)
        self._in_a_row = 0
        return outcome

    def _set_aside(self, message: Message, error: Exception) -> Outcome:
        what = f"{type(error).__name__}: {error}"
        # Not what the error says: it may quote the message, and that a person.
        _log.warning("builder.failed_at", sequence=message.sequence, error=type(error).__name__)
        detail = f"the builder failed with {what}; a fault of its own, or a damaged signal"
        return self._writer.reject(message, SignalRejected(REASON, detail))
