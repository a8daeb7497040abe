"""From Feast's feature views and references to the joins they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from feast.errors import FeastEntityDFMissingColumnsError
from feast.feature_view import DUMMY_ENTITY_ID
from feast.utils import _parse_feature_ref

from oo_stores.errors import SourceError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import reader
from oo_stores.sqlite.retrieval.point_in_time import ViewJoin
from oo_stores.sqlite.source import SQLiteSource, stored_name
from oo_stores.sqlite.tables.seek import SeekColumns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from feast import FeatureView
    from feast.data_source import DataSource
    from feast.repo_config import RepoConfig


def view_joins(  # noqa: PLR0913  what a retrieval is made of
    config: RepoConfig,
    views: Sequence[FeatureView],
    feature_refs: Sequence[str],
    entity_columns: Iterable[str],
    *,
    full_feature_names: bool,
    only_created_by_then: bool,
) -> list[ViewJoin]:
    """Return one join for each feature view, in the order of the views.

    Args:
        config: The repo's config.
        views: The views of the references, in the projection asked for.
        feature_refs: `view:feature`; those of other views (on-demand ones) are left out.
        entity_columns: The entity rows' columns.
        full_feature_names: Whether result columns are called `view__feature`.
        only_created_by_then: Whether only rows created by the entity's time count.

    Raises:
        FeastEntityDFMissingColumnsError: The entity rows lack a join key.
        SourceError: A view's source is of another store, or a name stands for two columns.
        OfflineStoreError: A file or table is not there or cannot be read.
    """
    known = set(entity_columns)
    joins = []
    for view in views:
        keys = list(_join_keys(view))
        wanted = {name for name, _ in keys}
        if missing := wanted - known:
            raise FeastEntityDFMissingColumnsError(wanted, missing)  # type: ignore[no-untyped-call]
        names = dict(_result_names(view, feature_refs, full_feature_names=full_feature_names))
        _refuse_taken(view, names, known)
        known |= set(names)
        joins.append(_view_join(config, view, keys, names, as_seen=only_created_by_then))
    return joins


def join_key_names(views: Iterable[FeatureView]) -> list[str]:
    """Return the names of all join keys, each once, as entity rows call them."""
    return list(dict.fromkeys(name for view in views for name, _ in _join_keys(view)))


def batch_source(source: DataSource | None, wanted_by: str) -> SQLiteSource:
    """Return the table behind a source; a push source's is its batch source.

    Raises:
        SourceError: It is not a SQLiteSource.
    """
    inner = getattr(source, "batch_source", None) or source
    if _is_ours(inner):
        return inner
    raise SourceError(
        f"{wanted_by} reads a {type(inner).__name__}, which the SQLite offline store cannot read; "
        f"give it a SQLiteSource, or use that source's own offline store"
    )


def _is_ours(source: DataSource | None) -> TypeGuard[SQLiteSource]:
    return isinstance(source, SQLiteSource)


def _used_name(view: FeatureView) -> str:
    return str(view.projection.name_to_use())  # type: ignore[no-untyped-call]


def _join_keys(view: FeatureView) -> Iterator[tuple[str, str]]:
    """Yield the entity rows' name of each join key, and the view's own."""
    for column in view.entity_columns:
        if column.name != DUMMY_ENTITY_ID:
            yield view.projection.join_key_map.get(column.name, column.name), column.name


def _result_names(
    view: FeatureView, feature_refs: Sequence[str], *, full_feature_names: bool
) -> Iterator[tuple[str, str]]:
    """Yield the result's name of each feature asked of the view, and the view's own."""
    prefix = view.projection.name_alias or view.projection.name
    for reference in feature_refs:
        name, version, feature = _parse_feature_ref(reference)
        tagged = name if version is None else f"{name}@v{version}"
        if tagged == _used_name(view):
            yield (f"{prefix}__{feature}" if full_feature_names else feature), feature


def _refuse_taken(view: FeatureView, names: Iterable[str], taken: set[str]) -> None:
    if clash := sorted(taken.intersection(names)):
        raise SourceError(
            f"features of {_used_name(view)!r} would stand in columns that are there "
            f"already: {', '.join(clash)}; rename the entity rows' columns, or ask with "
            f"full_feature_names=True"
        )


def _view_join(
    config: RepoConfig,
    view: FeatureView,
    keys: Sequence[tuple[str, str]],
    names: dict[str, str],
    *,
    as_seen: bool,
) -> ViewJoin:
    source = batch_source(view.batch_source, f"feature view {view.name!r}")
    path = database_path(config, source.path)
    with reader(path, busy_timeout_seconds=store_config(config).busy_timeout_seconds) as connection:
        table_columns = source.relation().declared(connection, path).columns

    def raw(name: str) -> str:
        return stored_name(name, source.field_mapping, table_columns)

    columns = SeekColumns(
        tuple(key for _, key in keys),
        source.timestamp_field,
        source.created_timestamp_column or None,
    ).renamed(raw)
    return ViewJoin(
        path=path,
        table=source.relation(columns.times),
        columns=columns,
        entity_columns=tuple(name for name, _ in keys),
        features={name: raw(feature) for name, feature in names.items()},
        ttl=view.ttl,
        only_created_by_then=as_seen,
    )
