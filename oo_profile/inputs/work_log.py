"""A work log, one finished task a row, as signals."""

from __future__ import annotations

import csv
import gzip
import zlib
from datetime import datetime
from typing import IO, TYPE_CHECKING

from oo_profile.errors import WorkLogError
from oo_profile.inputs.tasks import SignalRecord, Task, task_signals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("user_id", "task_id", "category", "created_at", "completed_at")


def work_log_signals(path: Path) -> Iterator[SignalRecord]:
    """Turn a work log into signals, in order of event time over all users.

    See `task_signals` for what a task becomes.

    Args:
        path: The log, as for `read_work_log`; it is read whole before the first signal.

    Raises:
        WorkLogError: As `read_work_log`.
    """
    return task_signals(read_work_log(path))


def read_work_log(path: Path) -> Iterator[Task]:
    """Read the tasks of a work log in the order of its rows.

    Args:
        path: CSV with the header `COLUMNS` (in any order, others are ignored), plain or ending
            in .gz. Both times are RFC 3339 with an offset.

    Raises:
        WorkLogError: The file cannot be read, a column is missing, or a row has a time without
            an offset, a completion before its creation, or no user or task.
    """
    try:
        with _open(path) as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise WorkLogError(path, 1, f"no column {', '.join(missing)}")
            for row in rows:
                yield _task(row, path, rows.line_num)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise WorkLogError(path, None, f"it cannot be read ({error})") from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _task(row: dict[str, str | None], path: Path, line: int) -> Task:
    created_at = _instant(row, "created_at", path, line)
    completed_at = _instant(row, "completed_at", path, line)
    if completed_at < created_at:
        raise WorkLogError(path, line, f"completed_at {completed_at} is before {created_at}")
    user_id, task_id, category = (
        _text(row, name, path, line) for name in ("user_id", "task_id", "category")
    )
    return Task(user_id, task_id, category, created_at, completed_at)


def _text(row: dict[str, str | None], name: str, path: Path, line: int) -> str:
    value = row[name]
    if not value:
        raise WorkLogError(path, line, f"{name} is empty")
    return value


def _instant(row: dict[str, str | None], name: str, path: Path, line: int) -> datetime:
    value = row[name]
    try:
        instant = datetime.fromisoformat(value or "")
    except ValueError as error:
        raise WorkLogError(path, line, f"{name} is {value!r}, no RFC 3339 time") from error
    if instant.tzinfo is None:
        raise WorkLogError(path, line, f"{name} is {value!r}, without a UTC offset")
    return instant
