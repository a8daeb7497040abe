"""Events in the log: a fixed name each, with key-value context, on one line.

A module makes its log once and says what happened:

    _log = EventLog(__name__)
    _log.info("builder.started", database=path)

Any handler of the standard library shows that as text (`builder.started database=data/oo.db`).
`configure` chooses between lines for a terminal and JSON for a collector of logs. Context never
holds a user id. `docs/operations.md` lists every event.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TextIO, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

LogFormat = Literal["text", "json"]
LOG_FORMATS: Final[tuple[LogFormat, ...]] = get_args(LogFormat)

Context: TypeAlias = "Mapping[str, object]"
"""What an event is about, by name."""

# What reads as one word and needs no quotes.
_PLAIN = re.compile(r'[^\s"=\x00-\x1f\x7f]+')


@dataclass(frozen=True, slots=True)
class Event:
    r"""Something worth knowing that happened; the message of a log record.

    >>> str(Event("builder.waiting", {"reason": "disk\nfull", "pause_seconds": 0.1}))
    'builder.waiting reason="disk\\nfull" pause_seconds=0.1'
    """

    name: str
    context: Context

    def __str__(self) -> str:
        """Return name and context as one line."""
        return " ".join([self.name, *(f"{key}={_word(v)}" for key, v in self.context.items())])


class EventLog:
    """Logs events; made once a module.

    Args:
        name: Of the logger, as for `logging.getLogger`.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, /, **context: object) -> None:
        """Log what happens in good order."""
        self._logger.info(Event(event, context))

    def warning(self, event: str, /, **context: object) -> None:
        """Log what somebody should look at."""
        self._logger.warning(Event(event, context))


def configure(log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Show the log of this process; for entry points.

    Ours from INFO on, others' from WARNING on: Feast tells what it does about every minute.

    Args:
        log_format: "text" for a terminal, "json" for one object a line.
        stream: Where to; standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else _TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for ours in ("oo_profile", "oo_admin"):
        logging.getLogger(ours).setLevel(logging.INFO)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (RFC 3339, UTC), `level`, `event`, and the event's context.

    What other libraries log has the event `log`, their `logger` and its `message`. A traceback is
    text under `exception`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {"time": _time(record), "level": record.levelname.lower()}
        if isinstance(record.msg, Event):
            context = {key: _finite(value) for key, value in record.msg.context.items()}
            line |= {"event": record.msg.name} | context
        else:
            line |= {"event": "log", "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class _TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        del datefmt
        return _time(record)


def _time(record: logging.LogRecord) -> str:
    instant = datetime.fromtimestamp(record.created, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finite(value: object) -> object:
    # JSON has no infinity.
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _word(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
