"""What goes into a column comes out of it, in the Arrow type that the column declares."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sqlite_repo import DATABASE, NOON, project
from support.sqlite_types import WORDS, example

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite import SQLiteSource, types, write_table
from oo_stores.sqlite.types import COLUMN_TYPES, column_type, pack
from oo_stores.sqlite.values.codec import arrow_type

if TYPE_CHECKING:
    from pathlib import Path

ROWS = st.lists(
    st.fixed_dictionaries({word: example(word).values | st.none() for word in WORDS}),
    min_size=1,
    max_size=4,
)


def read_back(folder: Path) -> pa.Table:
    """Return all columns of the table `value`."""
    config = project(folder).config
    source = SQLiteSource(table="value", timestamp_field="at")
    store = get_offline_store_from_config(config.offline_store)
    return store.pull_all_from_table_or_query(config, source, ["n"], [], "at").to_arrow()


def with_keys(**columns: pa.Array) -> pa.Table:
    """Return a table with a key, a time and columns of values."""
    numbers = pa.array(range(len(next(iter(columns.values())))), pa.int64())
    at = pa.array([NOON] * len(numbers), pa.timestamp("us", tz="UTC"))
    return pa.table({"n": numbers, "at": at, **columns})


def plain(values: pa.Array | pa.ChunkedArray) -> str:
    """Return values as text, since NaN is no equal of NaN."""
    return repr(values.to_pylist())


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS)
def test_values_come_back_as_they_went_in(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Nulls, NaN, infinities, extremes and empty lists included, in every declared type."""
    for file in tmp_path.glob(f"{DATABASE}*"):
        file.unlink()
    columns = {
        f"c{number}": pa.array(
            [row[word] for row in rows], arrow_type(column_type(word)), from_pandas=False
        )
        for number, word in enumerate(WORDS)
    }
    write_table(tmp_path / DATABASE, "value", with_keys(**columns), ["n"])
    back = read_back(tmp_path)
    for name, column in columns.items():
        assert plain(back.column(name).cast(column.type)) == plain(column)


@pytest.mark.parametrize(
    ("column", "declared"),
    [
        (pa.array(["a"], pa.large_string()), "TEXT"),
        (pa.array(["a"]).dictionary_encode(), "TEXT"),
        (pa.array([None]), "TEXT"),
        (pa.array([1], pa.uint8()), "INT"),
        (pa.array([1], pa.uint32()), "BIGINT"),
        (pa.array(np.array([1.5], np.float16)), "FLOAT"),
        (pa.array([NOON], pa.timestamp("ns")), "TIMESTAMP_US"),
        (pa.array([NOON], pa.timestamp("ms", tz="Europe/Berlin")), "TIMESTAMP_MS"),
        (pa.array([NOON], pa.timestamp("s")), "TIMESTAMP_S"),
        (pa.array([NOON.date()]), "DATE_DAYS"),
        (pa.array([[NOON.date()]]), "TIMESTAMP_US_LIST"),
        (pa.array([b"ab"], pa.binary(2)), "BLOB"),
        (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), "BIGINT_LIST"),
        (pa.array(['{"a": 1}', None], pa.large_string()), "JSON_TEXT"),
        (pa.array([{"a": 1, "at": NOON}]), "STRUCT(a BIGINT, at TIMESTAMP_US)"),
        (pa.array([[1]], pa.large_list(pa.int64())), "BIGINT_LIST"),
    ],
)
def test_other_arrow_types_take_the_column_type_that_holds_them(
    tmp_path: Path, column: pa.Array, declared: str
) -> None:
    """A narrower or differently laid out type is stored in the nearest declared one."""
    write_table(tmp_path / DATABASE, "value", with_keys(value=column), ["n"])
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        columns = connection.execute("SELECT type FROM pragma_table_info('value')").fetchall()
    assert columns[-1] == (declared,)
    stored = read_back(tmp_path).column("value").combine_chunks()
    assert stored.to_pylist() == column.cast(stored.type).to_pylist()


def test_a_value_of_another_type_is_refused_when_read(tmp_path: Path) -> None:
    """SQLite lets anything into a column; a reader is told which column holds it."""
    write_table(tmp_path / DATABASE, "value", with_keys(value=pa.array([1.0])), ["n"])
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("UPDATE value SET value = 'fast'")
    with pytest.raises(ValueTypeError, match="'value', declared DOUBLE"):
        read_back(tmp_path)


def test_packed_lists_need_no_arrow(tmp_path: Path) -> None:
    """Whoever writes SQL packs lists with the standard library, little-endian."""
    write_table(
        tmp_path / DATABASE, "value", with_keys(value=pa.array([[]], pa.list_(pa.float64())))
    )
    packed = pack(types.DOUBLE_LIST, [1.0, -2.5])
    assert packed == np.array([1.0, -2.5], "<f8").tobytes()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("UPDATE value SET value = ?", (packed,))
    assert read_back(tmp_path).column("value").to_pylist() == [[1.0, -2.5]]


@pytest.mark.parametrize(
    ("word", "values", "why"),
    [
        (types.TEXT, [1.0], "TEXT is no packed list"),
        (types.INT_LIST, [2**31], "cannot be packed as INT_LIST"),
        (types.FLOAT_LIST, [1e300], "cannot be packed as FLOAT_LIST"),
        (types.DOUBLE_LIST, [None], "a null is stored as a JSON array"),
    ],
)
def test_what_no_packed_list_holds_is_refused(word: str, values: list[Any], why: str) -> None:
    """The message says which values, and what holds a null."""
    with pytest.raises(ValueTypeError, match=why):
        pack(word, values)


def test_every_constant_is_a_declared_type() -> None:
    """The vocabulary's constants name its words; those for sets are the lists' with `_SET`."""
    constants = {name for name in vars(types) if name.isupper() and not name.startswith("_")}
    constants -= {"COLUMN_TYPES", "TYPE_CHECKING"}
    assert {getattr(types, name) for name in constants} == constants
    assert constants == {word for word in COLUMN_TYPES if not word.endswith("_SET")}
