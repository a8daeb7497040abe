"""However seeks are run, the answer is the one that a plain definition gives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sqlite_repo import DATABASE, KEY, MICROSECOND, NOON, write_scores

from oo_stores.sqlite.retrieval.entity_rows import EntityRows
from oo_stores.sqlite.retrieval.point_in_time import ViewJoin, joined
from oo_stores.sqlite.retrieval.seek_plan import SeekPlan
from oo_stores.sqlite.tables.seek import SeekColumns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from support.sqlite_repo import Row

ONE_BY_ONE = SeekPlan(many_from=10**9)
MANY = SeekPlan(many_from=0)
SMALL_STATEMENTS = SeekPlan(many_from=0, seeks_in_statement=3, first_slice_rows=5, slice_bytes=0)
SMALL_SLICES = SeekPlan(many_from=4, seeks_in_statement=2, first_slice_rows=3, most_slice_rows=8)
PLANS = [ONE_BY_ONE, MANY, SMALL_STATEMENTS, SMALL_SLICES]

SECOND = timedelta(seconds=1)
INSTANTS = st.integers(0, 8).map(lambda second: NOON + second * SECOND)
USERS = st.sampled_from("abc")
ASKED = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "x", None]), INSTANTS), max_size=20)
HISTORIES = st.lists(st.tuples(USERS, INSTANTS, INSTANTS), unique=True, max_size=20)
BETWEEN_EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def score_join(folder: Path, **changes: Any) -> ViewJoin:  # noqa: ANN401  any of its fields
    """Return the join of the table `score` of a folder."""
    join = ViewJoin(
        path=folder / DATABASE,
        table="score",
        columns=SeekColumns(("user_id",), "event_timestamp", "created_timestamp"),
        entity_columns=("user_id",),
        features={"score": "score"},
        ttl=None,
        only_created_by_then=False,
    )
    return replace(join, **changes)


def answer(
    join: ViewJoin, asked: Sequence[tuple[object, datetime]], plan: SeekPlan
) -> list[float | None]:
    """Return the scores of entity rows."""
    frame = pd.DataFrame(asked, columns=["user_id", "event_timestamp"])
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True)
    slices = joined(EntityRows.from_frame(frame), [join], 60, plan)
    found: list[float | None] = pa.concat_tables(slices).column("score").to_pylist()
    return found


def newest(
    history: Sequence[Row], join: ViewJoin, user: str | None, time: datetime
) -> float | None:
    """Return a user's score at a time by looking at every row of the history."""
    found = [
        (event, created, score)
        for owner, event, created, score in history
        if owner == user
        and event <= time
        and not (join.ttl and event < time - join.ttl)
        and not (join.only_created_by_then and created > time)
    ]
    return max(found)[2] if found else None


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("key", [KEY, None], ids=["primary key", "row id"])
@BETWEEN_EXAMPLES
@given(
    keys=HISTORIES,
    asked=ASKED,
    seconds=st.sampled_from([None, 0, 1, 3]),
    as_seen=st.booleans(),
)
def test_every_plan_gives_what_the_definition_says(  # noqa: PLR0913, PLR0917  all that a request varies in
    tmp_path: Path,
    plan: SeekPlan,
    key: tuple[str, ...] | None,
    keys: list[tuple[str, datetime, datetime]],
    asked: list[tuple[str | None, datetime]],
    seconds: int | None,
    as_seen: bool,  # noqa: FBT001  drawn
) -> None:
    """Order, duplicates, missing keys, TTL, ties and the as-seen filter do not depend on sizes."""
    for file in tmp_path.glob(f"{DATABASE}*"):
        file.unlink()
    history = [(*row, float(number)) for number, row in enumerate(keys)]
    write_scores(tmp_path, history, key)
    ttl = None if seconds is None else seconds * SECOND
    join = score_join(tmp_path, ttl=ttl, only_created_by_then=as_seen)
    assert answer(join, asked, plan) == [newest(history, join, *row) for row in asked]


def stored_keys(folder: Path, declared: str, values: Sequence[object], key: str) -> ViewJoin:
    """Make a table whose first row has score 0, and so on, with keys of a declared type."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(
            f"CREATE TABLE score (user_id {declared}, event_timestamp TIMESTAMP_US, score REAL{key}"
        )
        instant = int(NOON.timestamp() * 1e6)
        rows = [(value, instant, float(number)) for number, value in enumerate(values)]
        connection.executemany("INSERT INTO score VALUES (?, ?, ?)", rows)
        connection.commit()
    return score_join(folder, columns=SeekColumns(("user_id",), "event_timestamp", None))


@pytest.mark.parametrize("key", [")", ", PRIMARY KEY (user_id, event_timestamp)) WITHOUT ROWID"])
@pytest.mark.parametrize(
    ("declared", "values", "asked"),
    [
        ("TEXT", ["5", "x"], [5, 6]),
        ("BIGINT", [5, 6], ["5", "x"]),
        ("BIGINT", [5, 6], [5.0, None]),
        ("DOUBLE", [5.0, 0.5], ["5", "0.5"]),
        ("TEXT", ["5.0", "5"], [5.0, 6.0]),
        ("TEXT COLLATE NOCASE", ["Ann", "bob"], ["ANN", "BOB"]),
        ("BLOB", [b"a", "a"], [b"a", b"b"]),
        ("NUMERIC", ["5", "x"], ["5", "x"]),
        ("TEXT", ["\N{OHM SIGN}", "e\u0301"], ["\N{OHM SIGN}", "\u00e9"]),
        ("BOOLEAN", [1, 0], [True, False]),
    ],
)
def test_many_seeks_compare_as_bound_values_do(
    tmp_path: Path, declared: str, values: list[object], asked: list[object], key: str
) -> None:
    """The table's column alone decides how a key is compared, whatever the statement."""
    join = stored_keys(tmp_path, declared, values, key)
    rows = [(value, NOON) for value in asked]
    assert answer(join, rows, MANY) == answer(join, rows, ONE_BY_ONE)


def test_a_text_key_is_found_by_its_number(tmp_path: Path) -> None:
    """Where SQLite makes a text of a bound number, so do seeks of many."""
    join = stored_keys(tmp_path, "TEXT", ["5", "6"], ")")
    assert answer(join, [(6, NOON), (5, NOON), (7, NOON)], MANY) == [1.0, 0.0, None]


@pytest.mark.parametrize("plan", PLANS)
def test_columns_may_have_all_names_of_the_row_id(tmp_path: Path, plan: SeekPlan) -> None:
    """A table whose own columns are called rowid, oid and _rowid_ is sought like any other."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(
            "CREATE TABLE score (rowid TEXT, oid TIMESTAMP_US, _rowid_ DOUBLE)",
        )
        instant = int(NOON.timestamp() * 1e6)
        connection.execute("INSERT INTO score VALUES ('a', ?, 1)", (instant,))
        connection.execute("INSERT INTO score VALUES ('a', ?, 2)", (instant + 1,))
        connection.commit()
    columns = SeekColumns(("rowid",), "oid", None)
    join = score_join(tmp_path, columns=columns, features={"score": "_rowid_"})
    asked = [("a", NOON + MICROSECOND), ("b", NOON), ("a", NOON), ("a", NOON - MICROSECOND)]
    assert answer(join, asked, plan) == [2.0, None, 1.0, None]


@pytest.mark.parametrize("plan", PLANS)
def test_a_column_called_row_id_is_not_taken_for_one(tmp_path: Path, plan: SeekPlan) -> None:
    """Two rows with one value in a column `rowid` are still two rows."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(
            "CREATE TABLE score (user_id TEXT, rowid INT, event_timestamp TIMESTAMP_US, score REAL)"
        )
        instant = int(NOON.timestamp() * 1e6)
        rows = [("a", 1, instant, 1.0), ("b", 1, instant, 2.0)]
        connection.executemany("INSERT INTO score VALUES (?, ?, ?, ?)", rows)
        connection.commit()
    join = score_join(tmp_path, columns=SeekColumns(("user_id",), "event_timestamp", None))
    assert answer(join, [("b", NOON), ("a", NOON)], plan) == [2.0, 1.0]


@pytest.mark.parametrize("plan", PLANS)
def test_a_view_without_entities_is_sought_by_time_alone(tmp_path: Path, plan: SeekPlan) -> None:
    """Without keys the newest row of all counts."""
    history = [("a", NOON, NOON, 1.0), ("b", NOON + SECOND, NOON, 2.0)]
    write_scores(tmp_path, history, None)
    columns = SeekColumns((), "event_timestamp", "created_timestamp")
    join = score_join(tmp_path, columns=columns, entity_columns=())
    asked = [("x", NOON + SECOND), ("x", NOON - SECOND), ("x", NOON)]
    assert answer(join, asked, plan) == [2.0, None, 1.0]


def test_views_that_seek_alike_give_what_each_gives_alone(tmp_path: Path) -> None:
    """Views over one table share a seek only where the same row counts for both."""
    history = [("a", NOON - 2 * SECOND, NOON, 1.0), ("b", NOON, NOON + SECOND, 2.0)]
    write_scores(tmp_path, history)
    names = {"ever": None, "again": None, "short": SECOND}
    joins = [score_join(tmp_path, features={name: "score"}, ttl=ttl) for name, ttl in names.items()]
    joins.append(score_join(tmp_path, features={"seen": "score"}, only_created_by_then=True))
    frame = pd.DataFrame({"user_id": ["a", "b"], "event_timestamp": [NOON, NOON]})
    table = pa.concat_tables(joined(EntityRows.from_frame(frame), joins, 60, MANY))
    assert table.column_names[2:] == ["ever", "again", "short", "seen"]
    found = [table.column(name).to_pylist() for name in table.column_names[2:]]
    assert found == [[1.0, 2.0], [1.0, 2.0], [None, 2.0], [1.0, None]]


def test_slices_grow_with_what_fits() -> None:
    """The next slice holds as many rows as its bytes allow, and never fewer than the first."""
    plan = SeekPlan(first_slice_rows=10, most_slice_rows=100, slice_bytes=1000)
    sizes = [plan.next_slice_rows(10, weight) for weight in (0, 50, 200, 10_000)]
    assert sizes == [100, 100, 50, 10]
