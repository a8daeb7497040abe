"""A result on its way into a table: kept in a temporary file, so that memory does not hold it."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from oo_stores.errors import SourceError
from oo_stores.sqlite.types import COLUMN_TYPES, TIMESTAMP_NS
from oo_stores.sqlite.values.codec import column_type_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oo_stores.sqlite.values.column_type import ColumnType


@dataclass(frozen=True, slots=True)
class Spool:
    """Slices in a temporary file.

    Attributes:
        file: The file: one of Arrow's streams for each slice, since their types may differ.
        kinds: For each column the kind that holds all of its values.
    """

    file: IO[bytes]
    kinds: dict[str, ColumnType]

    def parts(self) -> Iterator[pa.Table]:
        """Yield the slices again, in their order; any number of times."""
        end = self.file.seek(0, 2)
        self.file.seek(0)
        while self.file.tell() < end:
            with pa.ipc.open_stream(self.file) as stream:
                yield stream.read_all()


@contextmanager
def spooled(slices: Iterable[pa.Table]) -> Iterator[Spool]:
    """Keep slices, at least one, until the end of the block.

    All have the same columns. Where the types of a column differ, because they were told from
    values, the one that holds them all counts: a null has any, a whole number may be a float.
    """
    with tempfile.TemporaryFile(prefix="oo-stores-") as file:
        yield Spool(file, _spool(slices, file))


def _spool(slices: Iterable[pa.Table], file: IO[bytes]) -> dict[str, ColumnType]:
    schema = pa.schema([])
    told: defaultdict[str, set[ColumnType]] = defaultdict(set)
    for part in slices:
        with pa.ipc.new_stream(file, part.schema) as stream:
            stream.write_table(part)
        schema = pa.unify_schemas([schema, part.schema], promote_options="permissive")
        for name, kind in kinds_of(part).items():
            if part.column(name).null_count < part.num_rows:
                told[name].add(kind)
    declared = kinds_of(schema.empty_table())
    return {name: _whole(kind, told[name]) for name, kind in declared.items()}


def _whole(declared: ColumnType, told: set[ColumnType]) -> ColumnType:
    """Return the kind of a column whose type is declared so, and whose slices' values are these.

    Values say what the type does not: that text is JSON, that nanoseconds are needed. Where one
    slice needs nanoseconds, all have them.
    """
    if len(told) == 1:
        return next(iter(told))
    nanoseconds = COLUMN_TYPES[TIMESTAMP_NS]
    return nanoseconds if nanoseconds in told else declared


def kinds_of(data: pa.Table) -> dict[str, ColumnType]:
    """Return the kind of column that holds each column of a table.

    Raises:
        SourceError: Two columns have one name for SQLite, in which ASCII's case does not matter.
        ValueTypeError: No declared type holds a column.
    """
    known: dict[bytes, str] = {}
    for name in data.column_names:
        folded = name.encode().lower()
        if folded in known:
            raise SourceError(
                f"columns {known[folded]!r} and {name!r} are one column to SQLite, which does not "
                f"tell case; rename one of them"
            )
        known[folded] = name
    return {name: column_type_for(data.column(name), name) for name in data.column_names}
