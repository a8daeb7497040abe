"""The rows of a retrieval without entity rows: who has a value in a range of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from feast.utils import compute_non_entity_date_range

from oo_stores.errors import SourceError
from oo_stores.sqlite.retrieval.entity_rows import DEFAULT_TIME_COLUMN, EntityRows
from oo_stores.sqlite.retrieval.pull import Pull, newest_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from feast import FeatureView

    from oo_stores.sqlite.retrieval.point_in_time import ViewJoin

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_A_MOMENT: Final = timedelta(minutes=1)


def _now() -> datetime:
    return datetime.now(UTC)


def date_range(
    views: Sequence[FeatureView],
    start: datetime | None,
    end: datetime | None,
    now: Callable[[], datetime] = _now,
) -> tuple[datetime, datetime]:
    """Return the range of time that is asked for, both ends inclusive and aware.

    A missing end is now, a missing start the end less the longest TTL of the views, or less 30 days
    if they have none: Feast's own rule. Naive ends are UTC, but for a naive end that is now by the
    local clock: that is what Feast gives for a missing one.

    Raises:
        SourceError: The start is later than the end.
    """
    if end is not None and end.tzinfo is None:
        here = now().astimezone().replace(tzinfo=None)
        end = now() if abs(here - end) < _A_MOMENT else end
    first, last = compute_non_entity_date_range(list(views), start, end)
    if first > last:
        raise SourceError(f"start_date {first} is later than end_date {last}; exchange them")
    return first, last


def rows_of_range(
    joins: Sequence[ViewJoin], ends: tuple[datetime, datetime], busy_timeout_seconds: float
) -> EntityRows:
    """Return one row for each entity that has a value in a range, ordered by its join keys.

    A row's time, `event_timestamp`, is that of the entity's newest value in the range, over all of
    the views that have its join keys; if only values created by the row's time count, it is the
    created time where that is later, and at most the end. A view with other join keys adds rows of
    its own, with nulls for the keys that it lacks. Views without entities add none, but if there
    are no others the newest value's time is the one row.

    Args:
        joins: The views.
        ends: First and last event time, both inclusive and aware.
        busy_timeout_seconds: How long to wait for a writer.

    Raises:
        SourceError: Views hold values of different types for one join key.
        OfflineStoreError: A file, table or column is not there or cannot be read.
    """
    keyed = [join for join in joins if join.entity_columns] or joins
    keys = list(dict.fromkeys(key for join in keyed for key in join.entity_columns))
    parts = [part for join in keyed for part in _newest(join, ends, busy_timeout_seconds)]
    try:
        rows = pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowTypeError as error:
        raise SourceError(
            f"the views have no common type for their join keys {', '.join(keys)}: {error}; ask "
            f"for them one by one, or give entity rows"
        ) from error
    if keys:
        grouped = rows.group_by(keys).aggregate([(DEFAULT_TIME_COLUMN, "max")])
        rows = grouped.rename_columns([*grouped.column_names[:-1], DEFAULT_TIME_COLUMN])
        rows = rows.select([*keys, DEFAULT_TIME_COLUMN])
        rows = rows.sort_by([(key, "ascending") for key in keys])
    return EntityRows(rows, DEFAULT_TIME_COLUMN)


def _newest(
    join: ViewJoin, ends: tuple[datetime, datetime], busy_timeout_seconds: float
) -> Iterator[pa.Table]:
    """Yield a view's join keys, each with the time of its row."""
    keys = dict(zip(join.entity_columns, join.columns.keys, strict=True))
    times = {f"{DEFAULT_TIME_COLUMN} {number}": c for number, c in enumerate(join.columns.times)}
    pull = Pull(join.path, join.table, join.columns, {**keys, **times}, *ends)
    for part in newest_rows(pull, busy_timeout_seconds):
        instants = [part.column(name).cast(_INSTANT, safe=False) for name in times]
        time = _seen_by(instants, ends[1]) if join.only_created_by_then else instants[0]
        yield part.select(list(keys)).append_column(DEFAULT_TIME_COLUMN, time)


def _seen_by(instants: Sequence[pa.ChunkedArray], end: datetime) -> pa.ChunkedArray:
    """Return the later of event and created time, at most the end."""
    numbers = (instant.cast(pa.int64()) for instant in instants)
    last = pa.scalar(end, _INSTANT).cast(pa.int64())
    return pc.min_element_wise(pc.max_element_wise(*numbers), last).cast(_INSTANT)
