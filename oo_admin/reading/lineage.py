"""Where a feature comes from and who uses it, laid out as a picture from left to right."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.reports.catalogue import Entry

BOX = (188, 28)
GAP = (56, 10)
HEADINGS = ("signals", "state view", "on-demand view", "feature", "services")
_TOP = 26


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in the picture.

    Attributes:
        label: What it is.
        x: The left of it.
        y: The top of it.
    """

    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the right side of a box to the left side of another.

    Attributes:
        x1: Where it begins, from the left.
        y1: Where it begins, from the top.
        x2: Where it ends, from the left.
        y2: Where it ends, from the top.
    """

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """A picture.

    Attributes:
        width: Of all of it.
        height: Of all of it.
        headings: Of the columns.
        boxes: What there is.
        arrows: What leads to what.
    """

    width: int
    height: int
    headings: tuple[Box, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def lineage(entry: Entry, services: Sequence[str]) -> Lineage:
    """Lay out a feature's way, from the signals' subjects to the services.

    Args:
        entry: The feature, or a column of a state view.
        services: The services that have it.
    """
    subjects = list(entry.invalidated_by) or ["the request"]
    columns = [
        [subject.removeprefix("signals.") for subject in subjects],
        [view.name for view in entry.views],
        [] if entry.transform is None else [entry.transform],
        [entry.name],
        list(services),
    ]
    kept = [(HEADINGS[at], column) for at, column in enumerate(columns) if column]
    rows = max(len(column) for _, column in kept)
    height = _TOP + rows * (BOX[1] + GAP[1])
    placed = [_column(at, column, rows) for at, (_, column) in enumerate(kept)]
    arrows = [
        Arrow(one.x + BOX[0], one.y + BOX[1] // 2, other.x, other.y + BOX[1] // 2)
        for before, behind in itertools.pairwise(placed)
        for one in before
        for other in behind
        if _leads(entry, one.label, other.label)
    ]
    return Lineage(
        width=len(kept) * (BOX[0] + GAP[0]) - GAP[0],
        height=height,
        headings=tuple(Box(title, _left(at), _TOP - 10) for at, (title, _) in enumerate(kept)),
        boxes=tuple(box for column in placed for box in column),
        arrows=tuple(arrows),
    )


def _left(column: int) -> int:
    return column * (BOX[0] + GAP[0])


def _column(at: int, labels: Sequence[str], rows: int) -> list[Box]:
    step = BOX[1] + GAP[1]
    first = _TOP + (rows - len(labels)) * step // 2
    return [Box(label, _left(at), first + row * step) for row, label in enumerate(labels)]


def _leads(entry: Entry, one: str, other: str) -> bool:
    """Say whether an arrow is drawn: a subject leads to the views that it changes alone."""
    for view in entry.views:
        if view.name == other:
            return f"signals.{one}" in view.invalidated_by
    return True
