"""When in the week a user is active, in local time: weekday by hour, faded as the state fades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.reports.additions import Additions
from oo_profile.storage import signal_log
from oo_transforms.clock import HOURS, WEEKDAYS
from oo_transforms.decayed import decay
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.reports.profile_report import ProfileReport
    from oo_transforms.arrays import Floats
    from oo_transforms.state_view import StateView

TOLERANCE = 1e-9
"""Sums of rows and columns are the state's arrays within this."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The decayed weight of a user's signals by weekday and hour.

    Attributes:
        view: The state view.
        cells: [7][24], Monday first.
        largest_deviation: Of a row's or column's sum from the state's array.
    """

    view: str
    cells: tuple[tuple[float, ...], ...]
    largest_deviation: float

    @property
    def agrees(self) -> bool:
        """Whether the sums are what the state holds."""
        return self.largest_deviation <= TOLERANCE


def heat_maps(connection: sqlite3.Connection, report: ProfileReport) -> list[HeatMap]:
    """Make a map for each state view that counts by hour and by weekday.

    Args:
        connection: The read transaction that the profile was read in.
        report: The profile.
    """
    views = [view for view in STATE_VIEWS if len(_columns(view)) == len(("hour", "weekday"))]
    return [_heat_map(connection, report, view) for view in views]


def _columns(view: StateView) -> dict[int, str]:
    return {p.length: view.column(p.name) for p in view.sums if p.length in {HOURS, WEEKDAYS}}


def _heat_map(connection: sqlite3.Connection, report: ProfileReport, view: StateView) -> HeatMap:
    cells = np.zeros((WEEKDAYS, HOURS))
    columns, additions = _columns(view), Additions(view)
    for signal, event_us, _received_us in signal_log.signals_of(connection, report.user_id):
        added = {part.column: part for part in additions.of(signal, event_us)}
        hour, weekday = added.get(columns[HOURS]), added.get(columns[WEEKDAYS])
        if hour is not None and weekday is not None and event_us <= report.now_us:
            left = decay(report.now_us - event_us, view.half_life_us)
            cells[weekday.element, hour.element] += hour.amount * left  # type: ignore[index]  # both are indices
    held = _held(report, view, columns)
    apart = [cells.sum(axis=0) - held[HOURS], cells.sum(axis=1) - held[WEEKDAYS]]
    largest = max(float(np.abs(part).max()) for part in apart)
    return HeatMap(view.name, tuple(map(tuple, cells.tolist())), largest)


def _held(report: ProfileReport, view: StateView, columns: dict[int, str]) -> dict[int, Floats]:
    version = report.states.get(view.name)
    if version is None:
        return {length: np.zeros(length) for length in columns}
    cells = dict(zip((field.name for field in view.fields()), version.cells, strict=True))
    left = decay(report.now_us - version.event_time_us, view.half_life_us)
    return {length: np.asarray(cells[name]) * left for length, name in columns.items()}
