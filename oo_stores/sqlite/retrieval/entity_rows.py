"""The rows for which historical features are asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from feast.errors import EntityTimestampInferenceException

from oo_stores.errors import SourceError

DEFAULT_TIME_COLUMN = "event_timestamp"
_FINER: Final = re.compile(r"[.,]\d{7}")


@dataclass(frozen=True, slots=True)
class EntityRows:
    """Entity rows in their order.

    Attributes:
        table: All columns of the frame; the column of times as aware timestamps in UTC.
        time_column: Its name.
    """

    table: pa.Table
    time_column: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> EntityRows:
        """Take entity rows from a DataFrame, which is left as it is.

        The column of times is `event_timestamp`, else the only column of datetimes; its values may
        be aware in any zones, naive (UTC) or ISO 8601 text. The index does not matter.

        Raises:
            EntityTimestampInferenceException: It is not clear which column holds the times.
            SourceError: Times cannot be read, or a column has no Arrow type.
        """
        time_column = _time_column(frame)
        plain = frame.reset_index(drop=True)
        try:
            plain[time_column] = _instants(plain[time_column])
            table = pa.Table.from_pandas(plain, preserve_index=False)
        except (ValueError, TypeError, pa.ArrowInvalid) as error:
            raise SourceError(
                f"the entity DataFrame cannot be read: {error}; a column holds one type, and "
                f"{time_column!r} datetimes or ISO 8601 text"
            ) from error
        return cls(table.replace_schema_metadata(None), time_column)

    @property
    def times(self) -> pa.Array:
        """The rows' times."""
        return self.table.column(self.time_column).combine_chunks()

    def slice(self, start: int, rows: int) -> EntityRows:
        """Return some of the rows."""
        return EntityRows(self.table.slice(start, rows), self.time_column)

    def time_range(self) -> tuple[datetime, datetime] | None:
        """Return the earliest and the latest time, None if there is none."""
        ends = pc.min_max(self.table.column(self.time_column)).as_py()
        if ends["min"] is None:
            return None
        # In nanoseconds Arrow gives pandas' kind of datetime, which Feast takes as well.
        return ends["min"], ends["max"]


def _time_column(frame: pd.DataFrame) -> str:
    if DEFAULT_TIME_COLUMN in frame.columns:
        return DEFAULT_TIME_COLUMN
    datetimes = [
        name for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name])
    ] or [name for name in frame.columns if _holds_datetimes(frame[name])]
    if len(datetimes) != 1:
        raise EntityTimestampInferenceException(DEFAULT_TIME_COLUMN)
    return str(datetimes[0])


def _holds_datetimes(column: pd.Series) -> bool:
    values = column.dropna()
    return (
        column.dtype == object
        and not values.empty
        and all(isinstance(value, datetime) for value in values)
    )


def _instants(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) and not column.isna().all():
        # pandas would take them for nanoseconds, in silence.
        raise TypeError(f"column {column.name!r} holds numbers, not times")
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.to_datetime(column, utc=True)
    # One by one: pandas 2.3 gives a text without offset that of one before it in the column.
    return pd.to_datetime(column.map(_instant), utc=True)


def _instant(value: object) -> object:
    if not isinstance(value, str):
        return value
    instant = datetime.fromisoformat(value)
    if _FINER.search(value):
        # Python's datetimes would cut the nanoseconds off.
        instant = pd.Timestamp(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
