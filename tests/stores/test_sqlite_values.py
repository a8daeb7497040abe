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

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite import SQLiteSource, types, write_table
from oo_stores.sqlite.types import COLUMN_TYPES, column_type, pack

if TYPE_CHECKING:
    from pathlib import Path

INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
# SQLite keeps no sign of zero; adding zero drops it here.
FLOAT32 = st.floats(width=32).map(lambda number: number + 0.0)
FLOAT64 = st.floats().map(lambda number: number + 0.0)
EACH: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "TEXT": (pa.string(), TEXT),
    "DOUBLE": (pa.float64(), FLOAT64),
    "FLOAT": (pa.float32(), FLOAT32),
    "BIGINT": (pa.int64(), INT64),
    "INT": (pa.int32(), INT32),
    "BOOLEAN": (pa.bool_(), st.booleans()),
    "BLOB": (pa.binary(), st.binary(max_size=9)),
    "TIMESTAMP_US": (pa.timestamp("us", tz="UTC"), INT32),
    "TIMESTAMP_NS": (pa.timestamp("ns", tz="UTC"), INT32.map(lambda n: n * 1000 + 1)),
    "DOUBLE_LIST": (pa.list_(pa.float64()), st.lists(st.floats() | st.none(), max_size=3)),
    "FLOAT_LIST": (pa.list_(pa.float32()), st.lists(FLOAT32, max_size=3)),
    "BIGINT_LIST": (pa.list_(pa.int64()), st.lists(INT64 | st.none(), max_size=3)),
    "INT_LIST": (pa.list_(pa.int32()), st.lists(INT32, max_size=3)),
    "BOOLEAN_LIST": (pa.list_(pa.bool_()), st.lists(st.booleans() | st.none(), max_size=3)),
    "TIMESTAMP_US_LIST": (pa.list_(pa.timestamp("us", tz="UTC")), st.lists(INT32, max_size=3)),
    "TEXT_LIST": (pa.list_(pa.string()), st.lists(TEXT | st.none(), max_size=3)),
}

ROWS = st.lists(
    st.fixed_dictionaries({name: values | st.none() for name, (_, values) in EACH.items()}),
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
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_values_come_back_as_they_went_in(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Nulls, NaN, infinities, extremes and empty lists included, in every declared type."""
    for file in tmp_path.glob(f"{DATABASE}*"):
        file.unlink()
    columns = {
        name: pa.array([row[name] for row in rows], kind, from_pandas=False)
        for name, (kind, _) in EACH.items()
    }
    write_table(tmp_path / DATABASE, "value", with_keys(**columns), ["n"])
    back = read_back(tmp_path)
    for name, column in columns.items():
        assert plain(back.column(name).cast(column.type)) == plain(column)
        assert back.schema.field(name).type == column.type or column.null_count == len(rows)


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
        (pa.array([NOON], pa.timestamp("ms", tz="Europe/Berlin")), "TIMESTAMP_US"),
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


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("integer", "BIGINT"),
        ("VARCHAR(20)", "TEXT"),
        ("double precision", "DOUBLE"),
        ("real", "DOUBLE"),
        ("bool", "BOOLEAN"),
        ("unsigned big int", "BIGINT"),
        ("decimal numeric", "DOUBLE"),
        ("double_list", "DOUBLE_LIST"),
    ],
)
def test_tables_of_others_are_understood(declared: str, name: str) -> None:
    """Other words for a type count by SQLite's own rules."""
    assert column_type(declared).name == name


@pytest.mark.parametrize("declared", ["DATETIME", "timestamp", "date", ""])
def test_words_that_do_not_say_how_are_refused(declared: str) -> None:
    """A date or time of unknown form is never guessed at; the message lists what is allowed."""
    with pytest.raises(ValueTypeError, match=r"does not say how.*TIMESTAMP_US"):
        column_type(declared)


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
    with pytest.raises(ValueTypeError, match="TEXT is no packed list"):
        pack(types.TEXT, [1.0])


def test_every_declared_type_has_a_word_of_its_own() -> None:
    """The vocabulary's constants are its keys."""
    words = {name for name in vars(types) if name.isupper() and not name.startswith("_")}
    assert words - {"COLUMN_TYPES", "TYPE_CHECKING"} == set(COLUMN_TYPES)
