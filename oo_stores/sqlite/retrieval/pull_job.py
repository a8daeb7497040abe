"""From Feast's request for a table's rows to a job that reads them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL

from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import reader
from oo_stores.sqlite.retrieval.pull import Pull, newest_rows
from oo_stores.sqlite.retrieval.retrieval_job import SQLiteRetrievalJob
from oo_stores.sqlite.retrieval.view_joins import batch_source
from oo_stores.sqlite.sql_text.job_sql import pull_sql
from oo_stores.sqlite.writing.saved_dataset import StoredResultSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from feast.data_source import DataSource
    from feast.repo_config import RepoConfig

    from oo_stores.sqlite.source import SQLiteSource
    from oo_stores.sqlite.tables.seek import SeekColumns


def pull_job(  # noqa: PLR0913, PLR0917  what Feast asks with
    config: RepoConfig,
    data_source: DataSource,
    columns: SeekColumns,
    features: Sequence[str],
    ends: tuple[datetime | None, datetime | None],
    read: Callable[[Pull, float], Iterator[pa.Table]],
) -> SQLiteRetrievalJob:
    """Return a job that reads rows of one table.

    Args:
        config: The repo's config.
        data_source: The table's source, or a push source over it.
        columns: Join keys and times, by raw names.
        features: Further columns, by raw names; none: all of the table.
        ends: First and last event time, both inclusive; None: no such end.
        read: Which of the rows to read.

    Raises:
        SourceError: The source is of another store.
        OfflineStoreError: The file or the table is not there or cannot be read.
    """
    source = batch_source(data_source, f"the pull of {data_source.name!r}")
    path = database_path(config, source.path)
    patience = store_config(config).busy_timeout_seconds
    with reader(path, busy_timeout_seconds=patience) as connection:
        schema = source.relation().declared(connection, path)

    def stored(name: str) -> str:
        return _stored(name, source, schema.columns)

    wanted = (*columns.keys, *features, *columns.indexed) if features else schema.columns
    is_result = isinstance(source, StoredResultSource)
    start, end = ends
    columns = columns.renamed(stored)
    pull = Pull(
        path=path,
        table=source.relation(columns.times),
        columns=columns,
        # A saved dataset comes back under the names it has; all else under those asked for.
        selected={stored(name) if is_result else name: stored(name) for name in wanted},
        start=start,
        end=end,
    )
    # Feast writes views without entities under a key of its own, and expects it as a column.
    keyless = not columns.keys and not is_result

    def slices() -> Iterator[pa.Table]:
        for part in read(pull, patience):
            yield _with_feasts_key(part) if keyless else part

    sql = partial(
        pull_sql,
        pull,
        patience,
        only_newest=read is newest_rows,
        constant=(DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL) if keyless else None,
    )
    return SQLiteRetrievalJob(config, slices, sql=sql)


def _with_feasts_key(table: pa.Table) -> pa.Table:
    keys = pa.array([DUMMY_ENTITY_VAL] * table.num_rows, pa.string())
    return table.append_column(DUMMY_ENTITY_ID, keys)


def _stored(name: str, source: SQLiteSource, columns: Mapping[str, str]) -> str:
    """Return what the table calls a column that Feast knows by its raw name.

    Feast takes every mapping for real, also one that names a column which the table lacks. And it
    asks a saved dataset for `event_timestamp`, whatever the column was called when it was saved.
    """
    if name in columns:
        return name
    if source.field_mapping.get(name) in columns:
        return source.field_mapping[name]
    instants = [
        column
        for column, declared in columns.items()
        if declared.startswith("TIMESTAMP") and not declared.endswith("LIST")
    ]
    is_lost = isinstance(source, StoredResultSource) and name == source.timestamp_field
    # `ResultTable` puts the rows' times before all else.
    return instants[0] if is_lost and instants else name
