"""From Feast's own resolution of a request to a read plan.

What the features of a request are, which views they come from and whether these may be served is
asked of Feast itself, so that refusals are Feast's. From its answer everything else is worked out
here, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from feast import FeatureService, FeatureView, OnDemandFeatureView
from feast import utils as feast_utils
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_NAME, DUMMY_ENTITY_VAL
from feast.infra.key_encoding_utils import serialize_entity_key_prefix
from feast.transformation.pandas_transformation import PandasTransformation
from feast.transformation.python_transformation import PythonTransformation
from feast.value_type import ValueType

from oo_stores.redis import rows
from oo_stores.redis.age import ttl_us
from oo_stores.redis.column_decoding import column_decoder_for
from oo_stores.redis.decoding import decoder_for, is_scalar
from oo_stores.redis.hash_reads import HashFields
from oo_stores.redis.keys import sized
from oo_stores.redis.plan.model import (
    REQUESTED_OUTPUTS_TAG,
    ComputedColumn,
    EntityPlan,
    OnDemandPlan,
    OutputPlan,
    ReadPlan,
    StoredColumn,
    ViewPlan,
)
from oo_stores.redis.plan.request import cast_for
from oo_stores.redis.plan.withheld import WithheldPlan
from oo_stores.redis.versions import restore_versions
from oo_stores.withholding import withholding

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from feast import RepoConfig
    from feast.feature_view_projection import FeatureViewProjection
    from feast.infra.registry.base_registry import BaseRegistry

FIRST_KEY_VERSION_COVERED = 3
"""Before it Feast warns at each key that it makes."""

_DUMMY_VALUE = sized(ValueType.STRING.value, DUMMY_ENTITY_VAL.encode())


@dataclass(slots=True)  # not frozen: one is made for each request
class Asked:
    """What a plan is for, never changed.

    Args:
        features: References, or a service.
        project: Of the features.
        full_names: `full_feature_names`.
        version_metadata: `include_feature_view_version_metadata`.
    """

    features: list[str] | FeatureService
    project: str
    full_names: bool
    version_metadata: bool


def read_plan(asked: Asked, config: RepoConfig, registry: BaseRegistry) -> ReadPlan | None:
    """Work out how to answer requests of some features.

    Returns:
        The plan; None if only Feast's own path answers them right: precomputed services,
        on-demand views with aggregations, with Substrait, or written to the store.

    Raises:
        Exception: Whatever Feast raises where features cannot be served.
    """
    (
        references,
        on_demand_views,
        entity_names,
        key_types,
        join_keys,
        grouped,
        _,
        request_names,
        _,
    ) = feast_utils._get_online_request_context(  # noqa: SLF001  Feast's only resolution
        registry, asked.project, asked.features, asked.full_names
    )
    restore_versions([view for view, _ in grouped], config, registry, asked.project)
    if not _is_covered(asked, config, on_demand_views, [view for view, _ in grouped]):
        return None
    layout = _Layout(config, asked.full_names, entity_names)
    for view, features in grouped:
        layout.add(view, features)
    on_demand = _OnDemand(asked.full_names, layout, on_demand_views)
    columns = [layout.column(r) or on_demand.column(r) for r in map(_Reference.of, references)]
    casts = {name: cast for view in on_demand_views for name, cast in _casts(view).items()}
    if len({column.name for column in columns} | set(join_keys) | casts.keys()) < (
        len(columns) + len(join_keys) + len(casts)
    ):
        return None  # a name that stands for two columns: Feast's answer is the reference
    if casts.keys() != set(request_names):
        return None
    views = tuple(layout.views.values())
    calls = on_demand.plans()
    return ReadPlan(
        config=config,
        key_version=config.entity_key_serialization_version,
        entities=layout.entities(),
        views=views,
        columns=tuple(columns),
        cells=tuple(
            (column.name, column.view, column.position, column.decode)
            for column in columns
            if isinstance(column, StoredColumn)
        ),
        inputs=tuple(on_demand.inputs),
        on_demand=calls,
        casts=casts,
        key_types={name: key_types.get(name, ValueType.UNKNOWN) for name in join_keys},
        join_keys=frozenset(join_keys),
        entity_names=frozenset(entity_names),
        version_metadata=asked.version_metadata,
        has_ttl=any(view.ttl_us for view in views),
        withholds=any(call.withheld for call in calls),
    )


def used_name(view: FeatureView | OnDemandFeatureView) -> str:
    """Return the name that references use for a view: its alias, and its version if pinned."""
    name: str = view.projection.name_to_use()  # type: ignore[no-untyped-call]
    return name


def _is_covered(
    asked: Asked,
    config: RepoConfig,
    on_demand_views: Sequence[OnDemandFeatureView],
    views: Sequence[object],
) -> bool:
    if config.entity_key_serialization_version < FIRST_KEY_VERSION_COVERED:
        return False
    precomputed = isinstance(asked.features, FeatureService) and asked.features.precompute_online
    if precomputed and not on_demand_views:
        return False
    if not all(isinstance(view, FeatureView) for view in views):
        return False
    return all(_is_function(view) for view in on_demand_views)


def _is_function(view: OnDemandFeatureView) -> bool:
    kinds = {"python": PythonTransformation, "pandas": PandasTransformation}
    kind = kinds.get(view.mode)
    return (
        kind is not None
        and isinstance(view.feature_transformation, kind)
        and not view.write_to_online_store
        and not view.aggregations
        and not (view.mode == "pandas" and _has_shared_names(view))
    )


def _has_shared_names(view: OnDemandFeatureView) -> bool:
    """Tell whether two sources have a feature of one name, of which a frame holds one only."""
    projections = view.source_feature_view_projections.values()
    names = [feature.name for projection in projections for feature in projection.features]
    return len(set(names)) < len(names)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A requested feature: the view's name as used, and the feature's."""

    view: str
    feature: str

    @classmethod
    def of(cls, text: str) -> _Reference:
        view, version, feature = feast_utils._parse_feature_ref(text)  # noqa: SLF001  Feast's only parser
        return cls(view if version is None else f"{view}@v{version}", feature)


@dataclass(slots=True)
class _Layout:
    """Where the stored features of a request lie."""

    config: RepoConfig
    full_names: bool
    entity_names: Mapping[str, str]
    fields: dict[tuple[tuple[str, str], ...], list[bytes]] = field(default_factory=dict)
    views: dict[str, ViewPlan] = field(default_factory=dict)
    stored: dict[_Reference, StoredColumn] = field(default_factory=dict)

    def add(self, view: FeatureView, features: Sequence[str]) -> None:
        """Add a view and what is read of it."""
        used = used_name(view)
        stored_name = rows.stored_name(view, self.config)
        keys = self._keys(view)
        fields = self.fields.setdefault(keys, [])
        number = len(self.views)
        types = {f.name: f.dtype.to_value_type() for f in view.features}
        for feature in features:
            value_type = types.get(feature, ValueType.UNKNOWN)
            self.stored[_Reference(used, feature)] = StoredColumn(
                name=f"{used}__{feature}" if self.full_names else feature,
                view=number,
                position=len(fields),
                decode=decoder_for(value_type),
                decode_column=column_decoder_for(value_type),
                is_scalar=is_scalar(value_type),
            )
            fields.append(rows.feature_field(stored_name, feature))
        self.views[used] = ViewPlan(
            entity=list(self.fields).index(keys),
            event_time=len(fields),
            ttl_us=ttl_us(view.ttl),
            shown_name=view.projection.name_alias or view.projection.name,
            version=getattr(view, "current_version_number", 0) or 0,
        )
        fields.append(rows.event_time_field(stored_name))

    def column(self, reference: _Reference) -> StoredColumn | None:
        """Return a stored feature; None if it is none."""
        return self.stored.get(reference)

    def entities(self) -> tuple[EntityPlan, ...]:
        """Return what is read, one plan for each kind of entity."""
        version = self.config.entity_key_serialization_version
        suffix = self.config.project.encode()
        plans = []
        for keys, fields in self.fields.items():
            prefix = serialize_entity_key_prefix([name for name, _ in keys], version)
            columns = tuple(column for _, column in keys)
            if columns == (DUMMY_ENTITY_ID,):
                prefix, columns = prefix + _DUMMY_VALUE, ()
            plans.append(EntityPlan(columns, prefix, suffix, HashFields.of(fields)))
        return tuple(plans)

    def _keys(self, view: FeatureView) -> tuple[tuple[str, str], ...]:
        """Return a view's join keys in the order of a Redis key, each with its column."""
        if view.entities == [DUMMY_ENTITY_NAME]:
            return ((DUMMY_ENTITY_ID, DUMMY_ENTITY_ID),)
        renamed = view.projection.join_key_map
        names = sorted(self.entity_names[entity] for entity in view.entities)
        return tuple((name, renamed.get(name, name)) for name in names)


@dataclass(slots=True)
class _OnDemand:
    """The on-demand functions of a request."""

    full_names: bool
    layout: _Layout
    requested: Sequence[OnDemandFeatureView]
    outputs: dict[str, dict[str, OutputPlan]] = field(default_factory=dict)
    inputs: dict[StoredColumn, int] = field(default_factory=dict)

    def column(self, reference: _Reference) -> ComputedColumn:
        """Return a computed feature, and have it computed."""
        view = self._views()[reference.view]
        shown = f"{used_name(view)}__{reference.feature}"
        name = shown if self.full_names else reference.feature
        outputs = self.outputs.setdefault(reference.view, {})
        outputs[name] = _output(view, reference.feature, name)
        return ComputedColumn(name, list(self.outputs).index(reference.view))

    def plans(self) -> tuple[OnDemandPlan, ...]:
        """Return the calls, one for each view of which a feature is requested."""
        return tuple(self._plan(self._views()[name], o) for name, o in self.outputs.items())

    def _views(self) -> dict[str, OnDemandFeatureView]:
        return {used_name(view): view for view in self.requested}

    def _plan(self, view: OnDemandFeatureView, outputs: Mapping[str, OutputPlan]) -> OnDemandPlan:
        inputs = []
        for source in view.source_feature_view_projections.values():
            for feature in source.features:
                column = self.layout.stored[_Reference(source.name, feature.name)]
                other = _other_name(source, feature.name, column.name)
                number = self.inputs.setdefault(column, len(self.inputs))
                inputs.append((column.name, other, number))
        transformation: Any = view.feature_transformation  # a function's, as `_is_function` saw
        return OnDemandPlan(
            view=view,
            function=transformation.udf,
            inputs=tuple(inputs),
            outputs=outputs,
            requested=_requested(view, {output.feature for output in outputs.values()}),
            full_names=self.full_names,
            withheld=self._withheld(view, outputs),
        )

    def _withheld(
        self, view: OnDemandFeatureView, outputs: Mapping[str, OutputPlan]
    ) -> WithheldPlan | None:
        """Return what is null where nothing is behind it, if any of it is requested."""
        declared = withholding(view)
        if declared is None:
            return None
        # A frame's outputs are known by the names in the response.
        short = {f"{used_name(view)}__{name}": name for name in declared.outputs}
        shown = [name for name in outputs if short.get(name, name) in declared.outputs]
        sources = [
            tuple(self.layout.stored[_Reference(source, name)] for name in names)
            for source, names in declared.sources.items()
        ]
        return WithheldPlan.of(shown, sources, self.inputs) if shown else None


def _other_name(source: FeatureViewProjection, feature: str, name: str) -> str:
    """Return the second name of a function's input: Feast gives both, short and full."""
    return f"{source.name}__{feature}" if name == feature else feature


def _output(view: OnDemandFeatureView, feature: str, name: str) -> OutputPlan:
    """Return what a function calls a feature, and the type that its values become.

    Python functions use short names. Frames are renamed by Feast before they are looked at, and
    under a full name Feast finds no declared type and infers one.
    """
    types = {f.name: f.dtype.to_value_type() for f in view.schema}
    if view.mode == "pandas":
        return OutputPlan.of(name, types.get(name, ValueType.UNKNOWN))
    return OutputPlan.of(feature, types.get(feature, ValueType.UNKNOWN))


def _requested(
    view: OnDemandFeatureView, outputs: Collection[str]
) -> tuple[str, tuple[str, ...]] | None:
    """Return what a function of columns is told of the outputs asked for, if it wants to know."""
    key = view.tags.get(REQUESTED_OUTPUTS_TAG)
    if not key or view.mode != "python" or view.singleton:
        return None
    return key, tuple(feature.name for feature in view.features if feature.name in outputs)


def _casts(view: OnDemandFeatureView) -> dict[str, Any]:
    schema = view.get_request_data_schema()
    return {name: cast_for(value_type) for name, value_type in schema.items()}
