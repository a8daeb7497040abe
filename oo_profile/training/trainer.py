"""Training sets: entity rows and the features of a service as of each row's time.

Two readings of the past differ where signals came late: what is true of a moment by now
(corrected), and what serving could know at it (seen).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from oo_profile.storage.database import reading
from oo_profile.storage.offsets import offsets_at
from oo_profile.training.entity_file import replaced
from oo_profile.training.service_needs import NOW, OFFSET, TIME, USER
from oo_profile.training.unfinished import Unfinished, earlier, unfinished_from
from oo_transforms.clock import with_clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt
    from feast import FeatureStore

    from oo_profile.training.service_needs import ServiceNeeds
    from oo_profile.training.unfinished import Firsts

CHUNK = 10_000
"""Rows of one retrieval: arrays of a row are Python lists on their way through Feast."""


class Reading(StrEnum):
    """A way to read the past."""

    CORRECTED = "corrected"
    SEEN = "seen"

    @property
    def other(self) -> Reading:
        """The reading that this one is compared with."""
        return Reading.SEEN if self is Reading.CORRECTED else Reading.CORRECTED


@dataclass(frozen=True, slots=True)
class Filled:
    """How much of the request data was filled in.

    Attributes:
        now: Rows whose `now` was missing; it is the event time.
        offset: Rows whose `utc_offset_minutes` was missing.
        without_signal: Those of them whose user had no signal by then; their offset is 0.
    """

    now: int = 0
    offset: int = 0
    without_signal: int = 0


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A training set and how it came about.

    Attributes:
        table: The entity columns, then the features in the service's order.
        filled: What was filled in.
        differing: Rows in which the other reading has another value; None: not compared.
        compare_seconds: What the other reading took.
        unfinished: How much of what is true by now may lack signals that came late.
    """

    table: pa.Table
    filled: Filled
    differing: int | None
    compare_seconds: float
    unfinished: Unfinished


@dataclass(frozen=True, slots=True)
class Trainer:
    """Makes training sets.

    Attributes:
        store: Feast, with the definitions applied.
        database: The SQLite file, for users' local clocks.
        needs: The service.
        time_column: The column of event times in entity rows.
        on_rows: Told the number of rows after each retrieval.
        chunk: Rows of one retrieval.
    """

    store: FeatureStore
    database: Path
    needs: ServiceNeeds
    time_column: str = TIME
    on_rows: Callable[[int], object] = field(default=lambda _: None)
    chunk: int = CHUNK

    def make(self, table: pa.Table, reading_: Reading, *, compare: bool = True) -> TrainingSet:
        """Make the training set of entity rows; rows and columns keep their order and types.

        Signals that come while it is made may be in some rows and not in others; each row by
        itself is as the history was at one moment.

        Args:
            table: Entity rows.
            reading_: Which past is read.
            compare: Whether to read the other past too, and count the rows that differ.

        Raises:
            TrainingError: The rows lack something, or hold what the service cannot take.
            DatabaseError: SQLite refuses the file.
        """
        entities = self.needs.entities(table, self.time_column)
        is_true_read = compare or reading_ is Reading.CORRECTED
        before = self._unfinished(entities) if is_true_read else {}
        frame, filled = self._filled(entities, reading_)
        features = self._features(frame, reading_)
        began = time.perf_counter()
        differing = None
        if compare:
            other_frame, _ = self._filled(entities, reading_.other)
            differing = _differing(features, self._features(other_frame, reading_.other))
        compare_seconds = time.perf_counter() - began
        firsts = earlier(before, self._unfinished(entities)) if is_true_read else {}
        return TrainingSet(
            table=self._joined(table, frame, filled, features),
            filled=filled,
            differing=differing,
            compare_seconds=compare_seconds,
            unfinished=Unfinished.of(firsts, entities[USER].tolist(), _times_us(entities)),
        )

    def _unfinished(self, entities: pd.DataFrame) -> Firsts:
        return unfinished_from(self.database, set(entities[USER]), self.needs.views)

    def _filled(self, entities: pd.DataFrame, reading_: Reading) -> tuple[pd.DataFrame, Filled]:
        if not {NOW, OFFSET} & self.needs.request.keys():
            return entities, Filled()
        now_missing, offset_missing = _missing(entities, NOW), _missing(entities, OFFSET)
        rows = np.flatnonzero(offset_missing)
        times_us = _times_us(entities)
        found: list[int | None] = []
        if len(rows):
            users = entities[USER].to_numpy()[rows].tolist()
            with reading(self.database) as connection:
                as_seen = reading_ is Reading.SEEN
                found = offsets_at(connection, users, times_us[rows].tolist(), as_seen=as_seen)
        offsets = np.zeros(len(entities), dtype=np.int64)
        offsets[rows] = [offset or 0 for offset in found]
        filled = Filled(int(now_missing.sum()), len(rows), found.count(None))
        return with_clock(entities, pd.Series(offsets, index=entities.index)), filled

    def _features(self, frame: pd.DataFrame, reading_: Reading) -> pa.Table:
        parts = [self.needs.empty()]
        for start in range(0, len(frame), self.chunk):
            part = frame.iloc[start : start + self.chunk]
            parts.append(self._retrieved(part, reading_))
            self.on_rows(len(part))
        return pa.concat_tables(parts)

    def _retrieved(self, frame: pd.DataFrame, reading_: Reading) -> pa.Table:
        job = self.store.get_historical_features(
            frame,
            self.needs.service,
            filter_by_created_timestamp=reading_ is Reading.SEEN,
        )
        return job.to_arrow().select(list(self.needs.features)).cast(self.needs.empty().schema)

    def _joined(
        self, table: pa.Table, frame: pd.DataFrame, filled: Filled, features: pa.Table
    ) -> pa.Table:
        counts = {NOW: filled.now, OFFSET: filled.offset}
        for name, count in counts.items():
            # A column without gaps stays as it is, with its type.
            if name in self.needs.request and (count or name not in table.column_names):
                table = replaced(table, name, pa.array(frame[name]))
        for name in features.column_names:
            table = table.append_column(name, features.column(name))
        return table


def _times_us(entities: pd.DataFrame) -> npt.NDArray[np.int64]:
    times_us: npt.NDArray[np.int64] = entities[TIME].dt.as_unit("us").astype("int64").to_numpy()
    return times_us


def _missing(entities: pd.DataFrame, name: str) -> pd.Series[bool]:
    if name in entities.columns:
        return entities[name].isna()
    return pd.Series(True, index=entities.index, dtype=bool)


def _differing(one: pa.Table, other: pa.Table) -> int:
    """Count the rows in which any value differs; two that are missing are equal."""
    differs = np.zeros(one.num_rows, dtype=bool)
    for name in one.column_names:
        a, b = one.column(name), other.column(name)
        if pa.types.is_floating(a.type):
            x, y = a.to_numpy(), b.to_numpy()
            differs |= (x != y) & ~(np.isnan(x) & np.isnan(y))
        else:
            pairs = zip(a.to_pylist(), b.to_pylist(), strict=True)
            differs |= np.fromiter((x != y for x, y in pairs), dtype=bool, count=len(a))
    return int(differs.sum())
