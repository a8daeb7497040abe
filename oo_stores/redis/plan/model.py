"""A read plan: all of a request that depends on the registry and the requested features alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from feast.value_type import ValueType

from oo_stores.redis.keys import value_encoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from feast import OnDemandFeatureView, RepoConfig

    from oo_stores.redis.column_decoding import ColumnDecoder
    from oo_stores.redis.decoding import Decoder
    from oo_stores.redis.hash_reads import HashFields
    from oo_stores.redis.plan.request import Cast
    from oo_stores.redis.plan.withheld import WithheldPlan

_PLAIN: dict[ValueType, type] = {
    ValueType.DOUBLE: float,
    ValueType.INT64: int,
    ValueType.STRING: str,
    ValueType.BOOL: bool,
}

REQUESTED_OUTPUTS_TAG = "requested_outputs"
"""Tag of an on-demand view whose function takes the names of the outputs that are asked for.

Its value is the name of the input that brings them.
"""


@dataclass(frozen=True, slots=True)
class EntityPlan:
    """The Redis hashes of one kind of entity, each read once for all its views.

    Args:
        columns: The request's columns that hold the join keys, in the order of the key; none
            for views without entities.
        prefix: What stands before the values in a key.
        suffix: What stands after them.
        fields: What is read of each hash.
    """

    columns: tuple[str, ...]
    prefix: bytes
    suffix: bytes
    fields: HashFields


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """A view's part in the hashes of its entities.

    Args:
        entity: Number of its `EntityPlan`.
        event_time: Position of its event time in a reply.
        ttl_us: Age at which its values end, in microseconds; 0: never.
        shown_name: Its name in the response's metadata.
        version: Its version there.
    """

    entity: int
    event_time: int
    ttl_us: int
    shown_name: str
    version: int


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A stored feature.

    Args:
        name: In the response, or in an on-demand function's input.
        view: Number of its `ViewPlan`.
        position: In a reply.
        decode: From what is stored to a Python value.
        decode_column: The same for a column.
        is_scalar: Whether rows may share a value.
    """

    name: str
    view: int
    position: int
    decode: Decoder
    decode_column: ColumnDecoder
    is_scalar: bool


@dataclass(frozen=True, slots=True)
class ComputedColumn:
    """A feature of an on-demand view.

    Args:
        name: In the response.
        source: Number of its `OnDemandPlan`.
    """

    name: str
    source: int


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """A requested output of an on-demand function.

    Args:
        feature: Its name in what the function returns.
        value_type: What its values become.
        plain: Python's own values of that type, which may stay as they are; None if it has none.
    """

    feature: str
    value_type: ValueType
    plain: type | None

    @classmethod
    def of(cls, feature: str, value_type: ValueType) -> OutputPlan:
        """Look up Python's own type."""
        return cls(feature, value_type, _PLAIN.get(value_type))


@dataclass(frozen=True, slots=True)
class OnDemandPlan:
    """A call of an on-demand function.

    Args:
        view: The view.
        function: Its function, of columns or, if the view is a singleton, of single values.
        inputs: Its source features: the column's name, the other one that a function may use
            beside it (short and full, or full and short), and its number among the read plan's
            inputs.
        outputs: For each column of the response what it is of the function's answer.
        requested: What the function is told of them, for one whose view is tagged
            `REQUESTED_OUTPUTS_TAG`: the input's name, and its own names of the outputs, in the
            order of the view's schema.
        full_names: As requested.
        withheld: The outputs that are null where there is nothing behind them; None: no output is.
    """

    view: OnDemandFeatureView
    function: Callable[[Any], Mapping[str, Any]]
    inputs: tuple[tuple[str, str, int], ...]
    outputs: Mapping[str, OutputPlan]
    requested: tuple[str, tuple[str, ...]] | None
    full_names: bool
    withheld: WithheldPlan | None


@dataclass(frozen=True, slots=True)
class JoinKeyPlan:
    """How values of a join key are read.

    Args:
        value_type: Declared; UNKNOWN lets Feast infer it.
        version: Of the key serialization.
        encode: From a value to its part of a Redis key; None for a type that Feast encodes.
    """

    value_type: ValueType
    version: int
    encode: Callable[[Any], bytes] | None

    @classmethod
    def of(cls, value_type: ValueType, version: int) -> JoinKeyPlan:
        """Look up what encodes a type."""
        return cls(value_type, version, value_encoder(value_type, version))


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """What a request's columns are, for requests that bring the same ones.

    Args:
        keys: Join keys to be shown, in the request's order, with how their values are read.
        data: Request data.
    """

    keys: tuple[tuple[str, JoinKeyPlan], ...]
    data: tuple[tuple[str, Cast], ...]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How to answer requests of some features.

    Args:
        config: That of the store when the plan was made.
        key_version: Of the key serialization.
        entities: What is read.
        views: Feast's order.
        columns: The response's features, in the order of the service or of the references.
        cells: Of its stored features name, view, position and decoder, as what reads one row
            wants them.
        inputs: Stored features that functions take, each once.
        on_demand: Functions to be called.
        casts: What a request has to bring, by name.
        key_types: Types of all columns that may hold join keys.
        join_keys: Names of columns that are join keys.
        entity_names: Names of entities, which Feast still takes for join keys.
        version_metadata: Whether the response tells the views' versions.
        has_ttl: Whether any value can be too old.
        withholds: Whether an output of any function may be withheld.
        requests: What is known of requests, by the names of their columns.
    """

    config: RepoConfig
    key_version: int
    entities: tuple[EntityPlan, ...]
    views: tuple[ViewPlan, ...]
    columns: tuple[StoredColumn | ComputedColumn, ...]
    cells: tuple[tuple[str, int, int, Decoder], ...]
    inputs: tuple[StoredColumn, ...]
    on_demand: tuple[OnDemandPlan, ...]
    casts: Mapping[str, Cast]
    key_types: Mapping[str, ValueType]
    join_keys: frozenset[str]
    entity_names: frozenset[str]
    version_metadata: bool
    has_ttl: bool
    withholds: bool
    requests: dict[tuple[str, ...], RequestPlan | None] = field(default_factory=dict)

    def request(self, names: tuple[str, ...]) -> RequestPlan | None:
        """Return what a request's columns are; None if the plan does not cover them."""
        if names not in self.requests:
            if len(self.requests) >= _SHAPES_KEPT:
                self.requests.clear()
            self.requests[names] = self._request(names)
        return self.requests[names]

    def _request(self, names: tuple[str, ...]) -> RequestPlan | None:
        needed = {column for entity in self.entities for column in entity.columns}
        if not needed | self.casts.keys() <= set(names):
            return None
        rest = [name for name in names if name not in self.casts]
        if any(name in self.entity_names and name not in self.join_keys for name in rest):
            return None
        return RequestPlan(
            keys=tuple((n, self._key(n)) for n in rest if n in self.join_keys),
            data=tuple((name, self.casts[name]) for name in names if name in self.casts),
        )

    def _key(self, name: str) -> JoinKeyPlan:
        return JoinKeyPlan.of(self.key_types[name], self.key_version)


_SHAPES_KEPT = 256
"""Kinds of requests differ in the columns that a caller leaves out or adds: a few for each plan."""
