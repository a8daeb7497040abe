"""One request: its keys, its reads, and its response from what Redis answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oo_stores.redis.plan.computed import compute
from oo_stores.redis.plan.request import EntityColumn, UncoveredRequestError, entity_column
from oo_stores.redis.plan.stored import Replies, StoredRows
from oo_stores.redis.plan.withheld import withhold
from oo_stores.redis.response import PlannedResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from oo_stores.redis.age import Instants
    from oo_stores.redis.hash_reads import HashRead, Reply
    from oo_stores.redis.plan.computed import Columns, Computed
    from oo_stores.redis.plan.model import EntityPlan, ReadPlan
    from oo_stores.redis.plan.request import Cast, RequestColumns
    from oo_stores.redis.values import PlainValue


@dataclass(slots=True)  # not frozen: one is made for each request
class Reading:
    """A request on its way: `reads` go to Redis, and `response` takes the replies.

    Args:
        plan: How its features are read.
        count: Number of its rows.
        entities: Columns of join keys.
        data: Request data as it came, each column with its cast.
        reads: What is asked of Redis, in the order of the plan's entities.
        indexes: For each of the plan's entities: each row's number among its distinct ones.
    """

    plan: ReadPlan
    count: int
    entities: dict[str, EntityColumn]
    data: list[tuple[str, Cast, Sequence[Any]]]
    reads: list[HashRead]
    indexes: list[Sequence[int]]
    _request: Columns | None = None
    _ahead: list[dict[str, Computed] | None] = field(default_factory=list)
    _failure: Exception | None = None

    @classmethod
    def of(cls, plan: ReadPlan, columns: RequestColumns) -> Reading:
        """Work out what a request reads.

        Raises:
            UncoveredRequestError: The plan does not cover it.
        """
        known = plan.request(tuple(columns))
        if known is None:
            raise UncoveredRequestError
        entities = {name: entity_column(columns[name], key) for name, key in known.keys}
        data = [(name, cast, columns[name]) for name, cast in known.data]
        count = len(next(iter(columns.values())))
        reads: list[HashRead] = []
        indexes: list[Sequence[int]] = []
        for entity in plan.entities:
            keys, index = _keys(entity, [entities[name] for name in entity.columns], count)
            reads += [(key, entity.fields) for key in keys]
            indexes.append(index)
        return cls(plan, count, entities, data, reads, indexes)

    def prepare(self) -> None:
        """Do what needs no reply, while Redis looks for them; a second time it does nothing.

        Request data is cast, and functions that take nothing stored are called. What goes wrong
        is raised by `response`: here a reply is on its way, which must be read first.
        """
        if self._request is not None or self._failure is not None:
            return
        try:
            # Join keys are copied: functions share their inputs, and the response shows its own.
            keys = {name: list(column.values) for name, column in self.entities.items()}
            request = {**keys, **{name: cast(name, column) for name, cast, column in self.data}}
            self._ahead = [
                None if call.inputs else compute(call, request, (), self.count)
                for call in self.plan.on_demand
            ]
            self._request = request
        except Exception as error:  # noqa: BLE001 - raised by `response`
            self._failure = error

    def response(self, replies: Sequence[Reply], now: Instants | None) -> PlannedResponse:
        """Return the response.

        Args:
            replies: To `reads`.
            now: The clock; None for stock semantics.

        Raises:
            RequestDataError: A value is not of its request source's type.
            Exception: Whatever an on-demand function raises.
        """
        of_entity = self._by_entity(replies)
        views = [
            StoredRows.of(view, of_entity[view.entity], self.indexes[view.entity], now)
            for view in self.plan.views
        ]
        return PlannedResponse(self.plan, self.count, self.entities, views, self._computed(views))

    def _by_entity(self, replies: Sequence[Reply]) -> list[Replies]:
        parts, start = [], 0
        for index in self.indexes:
            end = start + max(index) + 1
            parts.append(Replies(replies[start:end]))
            start = end
        return parts

    def _computed(self, views: Sequence[StoredRows]) -> list[dict[str, Computed]]:
        if not self.plan.on_demand:
            return []
        self.prepare()
        if self._failure is not None:
            raise self._failure
        stored, request = self._stored(views), self._request or {}
        computed = [
            compute(call, request, stored, self.count) if done is None else done
            for call, done in zip(self.plan.on_demand, self._ahead, strict=True)
        ]
        if self.plan.withholds:
            for call, columns in zip(self.plan.on_demand, computed, strict=True):
                if call.withheld is not None:
                    withhold(call.withheld, columns, stored, views)
        return computed

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
    if len(keys) == 1:
        return keys, [0] * count
    return keys, range(count) if len(keys) == count else [distinct[row] for row in rows]


def _encoder_of_many(columns: Sequence[EntityColumn]) -> Callable[[Any], bytes]:
    encoders = [column.encode for column in columns]

    def encode(identities: Sequence[Any]) -> bytes:
        parts = zip(encoders, identities, strict=True)
        return b"".join([encode_one(identity) for encode_one, identity in parts])

    return encode
