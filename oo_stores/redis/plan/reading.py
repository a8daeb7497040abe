"""One request: its keys, its reads, and its response from what Redis answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oo_stores.redis.plan.computed import compute
from oo_stores.redis.plan.request import EntityColumn, UncoveredRequestError, entity_column
from oo_stores.redis.plan.stored import StoredRows
from oo_stores.redis.response import PlannedResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from oo_stores.redis.age import Instants
    from oo_stores.redis.hash_reads import HashRead, Reply
    from oo_stores.redis.plan.computed import Columns, Computed
    from oo_stores.redis.plan.model import EntityPlan, ReadPlan
    from oo_stores.redis.plan.request import RequestColumns
    from oo_stores.redis.values import PlainValue


@dataclass(slots=True)  # not frozen: one is made for each request
class Reading:
    """A request on its way: `reads` go to Redis, and `response` takes the replies.

    Args:
        plan: How its features are read.
        count: Number of its rows.
        entities: Columns of join keys.
        data: Request data, cast.
        reads: What is asked of Redis, in the order of the plan's entities.
        indexes: For each of the plan's entities: each row's number among its distinct ones.
    """

    plan: ReadPlan
    count: int
    entities: dict[str, EntityColumn]
    data: Columns
    reads: list[HashRead]
    indexes: list[Sequence[int]]

    @classmethod
    def of(cls, plan: ReadPlan, columns: RequestColumns) -> Reading:
        """Work out what a request reads.

        Raises:
            UncoveredRequestError: The plan does not cover it.
            RequestDataError: A value is not of its request source's type.
        """
        known = plan.request(tuple(columns))
        if known is None:
            raise UncoveredRequestError
        entities = {name: entity_column(columns[name], key) for name, key in known.keys}
        data = {name: cast(name, columns[name]) for name, cast in known.data}
        count = len(next(iter(columns.values())))
        reads: list[HashRead] = []
        indexes: list[Sequence[int]] = []
        for entity in plan.entities:
            keys, index = _keys(entity, [entities[name] for name in entity.columns], count)
            reads += [(key, entity.fields) for key in keys]
            indexes.append(index)
        return cls(plan, count, entities, data, reads, indexes)

    def response(self, replies: Sequence[Reply], now: Instants | None) -> PlannedResponse:
        """Return the response.

        Args:
            replies: To `reads`.
            now: The clock; None for stock semantics.

        Raises:
            Exception: Whatever an on-demand function raises.
        """
        of_entity = self._by_entity(replies)
        views = [
            StoredRows.of(view, of_entity[view.entity], self.indexes[view.entity], now)
            for view in self.plan.views
        ]
        return PlannedResponse(self.plan, self.count, self.entities, views, self._computed(views))

    def _by_entity(self, replies: Sequence[Reply]) -> list[Sequence[Reply]]:
        parts, start = [], 0
        for index in self.indexes:
            end = start + max(index) + 1
            parts.append(replies[start:end])
            start = end
        return parts

    def _computed(self, views: Sequence[StoredRows]) -> list[dict[str, Computed]]:
        if not self.plan.on_demand:
            return []
        # Join keys are copied: functions share their inputs, and the response shows its own.
        request = {**{n: list(c.values) for n, c in self.entities.items()}, **self.data}
        stored = self._stored(views)
        return [compute(call, request, stored, self.count) for call in self.plan.on_demand]

    def _stored(self, views: Sequence[StoredRows]) -> list[list[PlainValue]]:
        """Return the stored columns that functions take."""
        replies: list[Any] = [rows.shared() for rows in views]
        if None in replies:
            return [views[c.view].values(c) for c in self.plan.inputs]
        # Candidates of one user: nearly all requests that compute anything.
        count = self.count
        return [[c.decode(replies[c.view][c.position])] * count for c in self.plan.inputs]


def _keys(
    entity: EntityPlan, columns: Sequence[EntityColumn], count: int
) -> tuple[list[bytes], Sequence[int]]:
    """Return the Redis keys of the distinct entities, and each row's number among them."""
    if not columns:
        return [entity.prefix + entity.suffix], [0] * count
    rows: Sequence[Hashable]
    if len(columns) == 1:
        (column,) = columns
        rows, encode = column.identities, column.encode
    else:
        rows = list(zip(*(column.identities for column in columns), strict=True))
        encode = _encoder_of_many(columns)
    distinct = {identity: number for number, identity in enumerate(dict.fromkeys(rows))}
    keys = [b"%b%b%b" % (entity.prefix, encode(i), entity.suffix) for i in distinct]
    return keys, [0] * count if len(keys) == 1 else [distinct[identity] for identity in rows]


def _encoder_of_many(columns: Sequence[EntityColumn]) -> Callable[[Any], bytes]:
    encoders = [column.encode for column in columns]

    def encode(identities: Sequence[Any]) -> bytes:
        parts = zip(encoders, identities, strict=True)
        return b"".join([encode_one(identity) for encode_one, identity in parts])

    return encode
