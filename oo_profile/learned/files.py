"""Files of learned state: JSON lines, one user a line, or one npz with an array for each part.

| part | JSON lines | npz, of U users with D features | meaning |
|---|---|---|---|
| `user_id` | text | (U,) texts | |
| `features` | list of names | (D,) texts | dimensions of x; `constant` is the one always 1 |
| `A` | list of lists | (U, D, D) | ridge + sum of x x' |
| `b` | list | (U, D) | sum of reward x |
| `ridge` | number, list, or object by name | number or (D,) | what is in the diagonal of A beside |
| `scale` | the same, 1 if left out | number or (D,), 1 if left out | divisor of each feature |
| `as_of` | RFC 3339 with offset, or Unix seconds | (U,) or one, Unix seconds | when it was so |
| `count` | number, may be left out | (U,), may be left out | decisions behind it |
"""

from __future__ import annotations

import gzip
import json
import math
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from oo_profile.errors import LearnedStateError
from oo_profile.learned.records import LearnedRecord, by_name
from oo_profile.whole_file import OWNER_ONLY, whole_file
from oo_transforms.clock import from_micros, seconds_to_micros, to_micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

NPZ = ".npz"
_LEAST_PARTS = ("user_id", "features", "A", "b", "ridge", "as_of")
_PARTS = (*_LEAST_PARTS, "scale", "count")


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One record of a file.

    Attributes:
        where: Names its place in the file.
        record: What it says; None if it says nothing that can be read.
        problem: Why it cannot be read; empty if it can.
    """

    where: str
    record: LearnedRecord | None
    problem: str = ""


def read_records(path: Path) -> Iterator[ReadRecord]:
    """Read a file record by record; those that cannot be read are among them.

    Raises:
        LearnedStateError: The file is not there or cannot be read at all.
    """
    try:
        if path.suffix == NPZ:
            yield from _read_npz(path)
        else:
            yield from _read_lines(path)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise LearnedStateError(path, [f"it cannot be read: {error}"]) from error


def write_records(
    path: Path, records: Iterable[LearnedRecord], progress: Callable[[], object] = lambda: None
) -> int:
    """Write records, in the form that the file's name says; return how many.

    The file is its owner's alone, and appears when it is complete.

    Raises:
        SignalFileError: It cannot be written.
    """
    with whole_file(path, mode=OWNER_ONLY) as file:
        if path.suffix == NPZ:
            kept = []
            for record in records:
                kept.append(record)
                progress()
            np.savez_compressed(file, **_arrays(kept))
            return len(kept)
        written = 0
        for record in records:
            file.write(json.dumps(_line(record), ensure_ascii=False).encode() + b"\n")
            written += 1
            progress()
        return written


def _read_lines(path: Path) -> Iterator[ReadRecord]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"line {number}"
            try:
                yield ReadRecord(where, _record(json.loads(line)))
            except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
                yield ReadRecord(where, None, _said(error))


def _read_npz(path: Path) -> Iterator[ReadRecord]:
    loaded = np.load(path, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise LearnedStateError(path, ["it is one array, not an archive of them (np.savez)"])
    with loaded as archive:
        try:
            parts = {name: archive[name] for name in _PARTS if name in archive}
            rows = list(_rows(parts))
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise LearnedStateError(path, [_said(error)]) from error
    for number, row in enumerate(rows, 1):
        try:
            yield ReadRecord(f"user {number}", _record(row))
        except (ValueError, TypeError, OverflowError) as error:
            yield ReadRecord(f"user {number}", None, _said(error))


def _rows(parts: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[dict[str, Any]]:
    for name in _LEAST_PARTS:
        if name not in parts:
            raise KeyError(name)
    users = len(parts["user_id"])
    each = {"A", "b", "count"} & parts.keys() | ({"as_of"} if parts["as_of"].ndim else set())
    for name in sorted(each):
        if len(parts[name]) != users:
            raise ValueError(f"{name} has {len(parts[name])} rows, user_id has {users}")
    for row in range(users):
        yield {
            "user_id": str(parts["user_id"][row]),
            **{
                name: part[row] if name in each else part
                for name, part in parts.items()
                if name != "user_id"
            },
            "features": parts["features"].tolist(),
        }


def _record(data: Any) -> LearnedRecord:  # noqa: ANN401 - any JSON
    if not isinstance(data, dict):
        raise TypeError("it is no object")
    if unknown := sorted(data.keys() - set(_PARTS)):
        raise ValueError(f"{unknown} are none of {list(_PARTS)}")
    names = data["features"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("features is no list of names")
    if not isinstance(data["user_id"], str):
        raise TypeError("user_id is no text")
    count = data.get("count")
    return LearnedRecord(
        data["user_id"],
        tuple(names),
        by_name(names, _plain(data.get("scale")), 1.0),
        by_name(names, _plain(data["ridge"]), None),
        np.asarray(data["A"], dtype=float),
        np.asarray(data["b"], dtype=float),
        _micros(_plain(data["as_of"])),
        None if count is None else float(count),
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - as it came
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _micros(value: object) -> int:
    if isinstance(value, str):
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError(f"as_of is {value!r}, without an offset")
        return to_micros(instant)
    if isinstance(value, (int, float)) and math.isfinite(value):
        return seconds_to_micros(value)
    raise TypeError(f"as_of is {value!r}; give RFC 3339 with an offset, or Unix seconds")


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _line(record: LearnedRecord) -> dict[str, Any]:
    line = {
        "user_id": record.user_id,
        "features": list(record.dimensions),
        "A": record.matrix.tolist(),
        "b": record.rewards.tolist(),
        "ridge": record.ridge.tolist(),
        "scale": record.scale.tolist(),
        "as_of": from_micros(record.as_of_us).isoformat(),
    }
    return line if record.count is None else {**line, "count": record.count}


def _arrays(records: list[LearnedRecord]) -> dict[str, Any]:
    """Lay out records of the same features."""
    width = len(records[0].dimensions) if records else 0
    return {
        "user_id": np.array([record.user_id for record in records], dtype=np.str_),
        "features": np.array(records[0].dimensions if records else [], dtype=np.str_),
        "A": np.array([record.matrix for record in records]).reshape(-1, width, width),
        "b": np.array([record.rewards for record in records]).reshape(-1, width),
        "ridge": records[0].ridge if records else np.zeros(0),
        "scale": records[0].scale if records else np.zeros(0),
        "as_of": np.array([record.as_of_us / 1e6 for record in records]),
        "count": np.array([record.count or 0.0 for record in records]),
    }
