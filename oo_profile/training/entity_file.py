"""Entity rows in a file, and the training set made of them: CSV or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from oo_profile.errors import TrainingError
from oo_profile.reports.words import counted, parse_instant
from oo_profile.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CSV_SUFFIXES = (".csv", ".csv.gz")
PARQUET_SUFFIXES = (".parquet",)
INSTANT = pa.timestamp("us", tz="UTC")


def check_suffix(path: Path) -> None:
    """Refuse a file of a kind that is not known.

    Raises:
        TrainingError: Its name ends neither as a CSV's nor as a Parquet file's.
    """
    if not path.name.endswith(CSV_SUFFIXES + PARQUET_SUFFIXES):
        kinds = ", ".join(CSV_SUFFIXES + PARQUET_SUFFIXES)
        raise TrainingError(f"{path} is of no kind that is known: its name must end in {kinds}")


def read_entities(path: Path, time_column: str, text_columns: Iterable[str]) -> pa.Table:
    """Read a file of entity rows, all columns as they are.

    Args:
        path: CSV or Parquet.
        time_column: The column of event times, which a CSV holds as ISO 8601; naive: UTC.
        text_columns: Columns of a CSV that are text, whatever they look like.

    Returns:
        The rows in order. A CSV's event times are instants in UTC.

    Raises:
        TrainingError: The file cannot be read, or has two columns of one name.
    """
    check_suffix(path)
    try:
        if path.name.endswith(PARQUET_SUFFIXES):
            table = pa.parquet.read_table(path)
        else:
            texts = dict.fromkeys((*text_columns, time_column), pa.string())
            options = pa.csv.ConvertOptions(column_types=texts)
            table = pa.csv.read_csv(path, convert_options=options)
    except (OSError, pa.ArrowException) as error:
        raise TrainingError(f"cannot read {path}: {error}") from error
    names = table.column_names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TrainingError(f"{path} has more than one column {', '.join(twice)}: leave one")
    if path.name.endswith(CSV_SUFFIXES) and time_column in names:
        return replaced(table, time_column, event_times(table.column(time_column), time_column))
    return table


def event_times(column: pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
    """Read event times as instants in UTC, microseconds; naive ones are UTC.

    Raises:
        TrainingError: A value is missing, or is no instant.
    """
    kind = column.type
    try:
        if is_text(kind):
            # Not by pandas, which gives a naive text the offset of the one before it.
            parsed = [text and parse_instant(text) for text in column.to_pylist()]
            times = pa.array([instant or None for instant in parsed], type=INSTANT)
        elif pa.types.is_timestamp(kind) and kind.tz:
            times = column.cast(INSTANT, safe=False)  # finer than microseconds is cut off
        elif pa.types.is_temporal(kind) or pa.types.is_null(kind):
            naive = column.cast(pa.timestamp("us"), safe=False)
            times = pc.assume_timezone(naive, "UTC")
        else:
            raise ValueError(f"it holds {kind}")  # noqa: TRY301 - answered like other values
    except (ValueError, pa.ArrowException) as error:
        raise TrainingError(
            f"column {name} holds no event times: {error}. Write them in ISO 8601, like "
            "2026-03-01T12:00+01:00 (without an offset they are UTC), or as timestamps of Parquet"
        ) from error
    refuse_nulls(times, name, "an event time")
    return times


def is_text(kind: pa.DataType) -> bool:
    """Say whether a column of this type holds text."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def refuse_nulls(column: pa.Array | pa.ChunkedArray, name: str, wanted: str) -> None:
    """Refuse a column with missing values.

    Raises:
        TrainingError: It says how many there are and where the first one is.
    """
    missing = pc.is_null(column, nan_is_null=True)
    if count := pc.sum(missing).as_py():
        first = missing.index(True).as_py() + 1
        raise TrainingError(
            f"column {name} is empty in {counted(count, 'row')}, the first is row {first:,}: "
            f"every row needs {wanted}"
        )


def replaced(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Return a table with a column in place of the one of that name, or else behind the others."""
    if name not in table.column_names:
        return table.append_column(name, column)
    return table.set_column(table.column_names.index(name), name, column)


def write_rows(path: Path, table: pa.Table) -> None:
    """Write a table; the file is there when it is complete.

    Raises:
        TrainingError: The name is of no kind that is known.
        SignalFileError: The file cannot be written.
    """
    check_suffix(path)
    with whole_file(path) as file:
        if path.name.endswith(PARQUET_SUFFIXES):
            pa.parquet.write_table(table, file)
            return
        # Without the metadata that would make an index of a column, which a CSV has not.
        plain = table.replace_schema_metadata(None)
        frame = plain.to_pandas(types_mapper=_WITH_NULLS.get)
        frame.to_csv(file, index=False)


_WITH_NULLS = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
"""A missing integer must not make decimals of the others."""
