"""Each key's newest row is the same, whether it is sought or all rows are read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sqlite_repo import DATABASE, KEY, NOON

from oo_stores.sqlite import write_table
from oo_stores.sqlite.retrieval.pull import Pull, newest_rows
from oo_stores.sqlite.tables.seek import SeekColumns

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SECOND = timedelta(seconds=1)
INSTANTS = st.integers(0, 6).map(lambda second: NOON + second * SECOND)
PLACES = st.sampled_from(["here", "there", None])
SOUGHT, NUMBERED = 0.0, 1e9
HISTORIES = st.lists(
    st.tuples(st.sampled_from("abc"), PLACES, INSTANTS, INSTANTS), unique=True, max_size=20
)
ENDS = st.one_of(st.none(), INSTANTS)
COLUMNS = ["user_id", "place", "event_timestamp", "created_timestamp", "score"]

Row = tuple[str, str | None, "datetime", "datetime", float]
"""User, place, event time, created time, score."""


def written(folder: Path, rows: list[Row], key: tuple[str, ...] | None) -> None:
    """Write rows into the table `score` of a folder's database, anew."""
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()
    instant = pa.timestamp("us", tz="UTC")
    types = [pa.string(), pa.string(), instant, instant, pa.float64()]
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    arrays = [pa.array(c, t) for c, t in zip(columns, types, strict=True)]
    write_table(folder / DATABASE, "score", pa.table(arrays, COLUMNS), key)


@pytest.mark.parametrize("rows_of_a_key_to_seek", [SOUGHT, NUMBERED])
@pytest.mark.parametrize("keys", [(), ("user_id",), ("place", "user_id")])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=HISTORIES, ends=st.tuples(ENDS, ENDS))
def test_both_ways_find_the_newest_row_of_each_key(
    tmp_path: Path,
    rows_of_a_key_to_seek: float,
    keys: tuple[str, ...],
    history: list[tuple[str, str | None, datetime, datetime]],
    ends: tuple[datetime | None, datetime | None],
) -> None:
    """Keys of one, two and no columns, missing ones, ties and ranges agree with the definition."""
    rows: list[Row] = [(*row, float(number)) for number, row in enumerate(history)]
    # A tie of event and created time is nobody's to break: one of the rows stays.
    rows = list(
        {tuple(row[COLUMNS.index(c)] for c in (*keys, *KEY[1:])): row for row in rows}.values()
    )
    written(tmp_path, rows, None)
    columns = SeekColumns(keys, "event_timestamp", "created_timestamp")
    pull = Pull(tmp_path / DATABASE, "score", columns, {c: c for c in COLUMNS}, *ends)
    found = pa.concat_tables(newest_rows(pull, 60, rows_of_a_key_to_seek)).column("score")
    assert sorted(found.to_pylist()) == sorted(expected(rows, keys, ends))


def expected(
    rows: list[Row], keys: tuple[str, ...], ends: tuple[datetime | None, datetime | None]
) -> list[float]:
    """Return the scores of the newest rows by looking at all."""
    newest: dict[tuple[object, ...], Row] = {}
    for row in sorted(rows, key=lambda row: row[2:4]):
        key = tuple(row[COLUMNS.index(name)] for name in keys)
        is_in = (ends[0] is None or row[2] >= ends[0]) and (ends[1] is None or row[2] <= ends[1])
        if is_in and None not in key:
            newest[key] = row
    return [row[4] for row in newest.values()]


@pytest.mark.parametrize("rows_of_a_key_to_seek", [SOUGHT, NUMBERED])
def test_a_primary_key_serves_both_ways(tmp_path: Path, rows_of_a_key_to_seek: float) -> None:
    """A table WITHOUT ROWID is read by its primary key."""
    rows: list[Row] = [
        ("a", None, NOON, NOON, 1.0),
        ("a", None, NOON, NOON + SECOND, 2.0),
        ("b", None, NOON - SECOND, NOON, 3.0),
    ]
    written(tmp_path, rows, KEY)
    columns = SeekColumns(("user_id",), "event_timestamp", "created_timestamp")
    pull = Pull(tmp_path / DATABASE, "score", columns, {"score": "score"}, None, None)
    table = pa.concat_tables(newest_rows(pull, 60, rows_of_a_key_to_seek))
    assert table.column("score").to_pylist() == [2.0, 3.0]
