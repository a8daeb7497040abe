"""What Redis answered, as the stored columns of a response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feast.protos.feast.serving.ServingService_pb2 import FieldStatus, GetOnlineFeaturesResponse
from feast.protos.feast.types.Value_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs

from oo_stores.redis.age import live_rows
from oo_stores.redis.decoding import micros_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oo_stores.redis.age import Instants
    from oo_stores.redis.hash_reads import Reply
    from oo_stores.redis.plan.model import StoredColumn, ViewPlan
    from oo_stores.redis.values import PlainValue

_NOTHING = -1
"""Where a row has no value: an index that picks the None at a list's end."""


@dataclass(slots=True)
class Replies:
    """What Redis answered for the distinct entities of one kind.

    Args:
        rows: One for each entity, at least one.
    """

    rows: Sequence[Reply]
    _columns: list[tuple[bytes | None, ...]] | None = None

    def column(self, position: int) -> tuple[bytes | None, ...]:
        """Return one field of all entities."""
        if self._columns is None:
            self._columns = list(zip(*self.rows, strict=True))
        return self._columns[position]


@dataclass(slots=True)  # not frozen: five of these are made for a request, at three times the cost
class StoredRows:
    """A view's rows of one response, never changed.

    Args:
        replies: Of the distinct entities, shared by the views of their kind.
        index: For each row the number of its entity.
        valid: For each row the number of its entity, or -1 if its values are too old or not
            there. One number if it is that of all rows.
        event_time: Position of the event time in a reply.
        tells_truth: Whether statuses are told; if not, all values are called present.
    """

    replies: Replies
    index: Sequence[int]
    valid: Sequence[int] | int
    event_time: int
    tells_truth: bool

    @classmethod
    def of(
        cls,
        view: ViewPlan,
        replies: Replies,
        index: Sequence[int],
        now: Instants | None,
    ) -> StoredRows:
        """Find out which rows hold.

        Args:
            view: The view's plan.
            replies: Of the view's entities.
            index: For each row its entity.
            now: The clock; None for stock semantics, where age does not count.
        """
        at, ttl = view.event_time, view.ttl_us
        rows = replies.rows
        if now is None:
            everyone: Sequence[int] | int = 0 if len(rows) == 1 else index
            return cls(replies, index, everyone, at, tells_truth=False)
        if isinstance(now, int):
            if len(rows) == 1:
                only = 0 if now <= _end_us(rows[0][at], ttl) else _NOTHING
                return cls(replies, index, only, at, tells_truth=True)
            times = replies.column(at)
            live = live_rows(times, now - ttl) if ttl else [time is not None for time in times]
            valid = index if all(live) else [n if live[n] else _NOTHING for n in index]
            return cls(replies, index, valid, at, tells_truth=True)
        ends = [_end_us(row[at], ttl) for row in rows]
        by_row = [
            n if instant <= ends[n] else _NOTHING for n, instant in zip(index, now, strict=True)
        ]
        return cls(replies, index, by_row, at, tells_truth=True)

    def shared(self) -> Reply | None:
        """Return the reply of all rows, without values if they do not hold; None if rows differ."""
        valid = self.valid
        if not isinstance(valid, int):
            if len(valid) > 1:
                return None
            (valid,) = valid
        only = self.replies.rows[0]
        return only if valid >= 0 else [None] * len(only)

    def values(self, column: StoredColumn) -> list[PlainValue]:
        """Return a column; rows of one entity share their values."""
        valid, at = self.valid, column.position
        if isinstance(valid, int):
            payload = self.replies.rows[0][at] if valid >= 0 else None
            return [column.decode(payload)] * len(self.index)
        decoded = column.decode_column(self.replies.column(at))
        if isinstance(valid, range):
            return decoded  # every row is an entity of its own, in their order, and holds
        decoded.append(None)
        return [decoded[n] for n in valid]

    def own_values(self, column: StoredColumn) -> list[PlainValue]:
        """Return a column; every row has a value of its own, to be changed at will."""
        if column.is_scalar or len(self.index) == 1:
            return self.values(column)
        return column.decode_column(self.payloads(column))

    def payloads(self, column: StoredColumn) -> list[bytes | None]:
        """Return a column as it is stored; None where a row has no value."""
        at = column.position
        rows = self.replies.rows
        return [rows[n][at] if n >= 0 else None for n in self._valid()]

    def vector(self, column: StoredColumn) -> GetOnlineFeaturesResponse.FeatureVector:
        """Return a column as Feast's message, with statuses and event times."""
        values = [Value.FromString(payload or b"") for payload in self.payloads(column)]
        return GetOnlineFeaturesResponse.FeatureVector(
            values=values,
            statuses=self._statuses(values),
            event_timestamps=self.event_times(),
        )

    def statuses(self, values: Iterable[bool]) -> list[FieldStatus.ValueType]:
        """Return a column's statuses, of which it is known where it has values."""
        rows = zip(self.index, self._valid(), values, strict=True)
        return [self._status(entity, valid, is_there=value) for entity, valid, value in rows]

    def event_times(self) -> list[Timestamp]:
        """Return the rows' event times, those of values that are too old as well."""
        rows, at = self.replies.rows, self.event_time
        return [Timestamp.FromString(rows[n][at] or b"") for n in self.index]

    def _statuses(self, values: Sequence[Value]) -> list[FieldStatus.ValueType]:
        if not self.tells_truth:
            return [FieldStatus.PRESENT] * len(values)
        return self.statuses(value.WhichOneof("val") is not None for value in values)

    def _status(self, entity: int, valid: int, *, is_there: bool) -> FieldStatus.ValueType:
        if self.replies.rows[entity][self.event_time] is None:
            return FieldStatus.NOT_FOUND
        if valid == _NOTHING:
            return FieldStatus.OUTSIDE_MAX_AGE
        return FieldStatus.PRESENT if is_there else FieldStatus.NULL_VALUE

    def _valid(self) -> Sequence[int]:
        return [self.valid] * len(self.index) if isinstance(self.valid, int) else self.valid


def _end_us(event_time: bytes | None, ttl_us: int) -> float:
    """Return the last microsecond at which a row holds."""
    if event_time is None:  # there is no row, and no age
        return _NEVER
    return micros_of(event_time) + ttl_us if ttl_us else _FOREVER


_NEVER, _FOREVER = float("-inf"), float("inf")
