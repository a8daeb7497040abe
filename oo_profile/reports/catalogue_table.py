"""The catalogue as a person reads it in a terminal."""

from __future__ import annotations

from itertools import groupby, zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from oo_profile.reports.text_table import GAP, aligned, natural_widths
from oo_profile.reports.words import duration_text
from oo_transforms.signals import SUBJECT_PREFIX, SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oo_profile.reports.catalogue import Entry

MIN_WIDTH = 100
"""Narrower than this there is no room for descriptions; the terminal then breaks the lines."""

HEADERS = ("name", "dtype", "source", "TTL", "invalidated by", "description")
_LEAST_DESCRIPTION = 20


def catalogue_table(entries: Sequence[Entry], width: int) -> str:
    """Write entries as one table, a heading line for each transform or state view.

    Args:
        entries: What to show, in order.
        width: Characters of a line; at least `MIN_WIDTH` are used.
    """
    sections = [(key, list(part)) for key, part in groupby(entries, key=_heading)]
    rows = [[_cells(entry) for entry in part] for _, part in sections]
    widths = _widths([row for part in rows for row in part], max(width, MIN_WIDTH))
    lines = aligned([HEADERS, ["-" * size for size in widths]], widths)
    for (heading, _), part in zip(sections, rows, strict=True):
        lines += ["", *wrap(heading, len(lines[1])), *aligned(part, widths)]
    return "\n".join(lines)


def short_subjects(subjects: Iterable[str]) -> str:
    """Write subjects without what they have in common.

    >>> short_subjects(["signals.app.session", "signals.tip.feedback", "signals.tip.shown"])
    'app.session, tip.*'
    """
    given = sorted(subjects)
    shown = []
    for family, members in groupby(given, key=_family):
        part = list(members)
        whole = [subject for subject in SUBJECTS if _family(subject) == family]
        shown += [f"{family}*"] if len(part) > 1 and part == whole else part
    return ", ".join(subject.removeprefix(SUBJECT_PREFIX) for subject in shown)


def _heading(entry: Entry) -> str:
    if entry.transform is not None:
        return f"transform {entry.transform}: {entry.group_description}"
    half_life = entry.views[0].half_life
    fades = f"half-life {duration_text(half_life)}" if half_life else "nothing decays"
    return f"state {entry.group} ({fades}): {entry.group_description}"


def _cells(entry: Entry) -> list[str]:
    ttls = dict.fromkeys(duration_text(v.ttl) if v.ttl else "none" for v in entry.views)
    return [
        entry.name,
        entry.dtype,
        ", ".join(entry.sources),
        ", ".join(ttls) or "none",
        short_subjects(entry.invalidated_by) or "the request",
        entry.description,
    ]


def _family(subject: str) -> str:
    return subject[: subject.rindex(".") + 1]


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Give every column what it needs and the description the rest; lists may be broken."""
    broken = (line for row in rows for line in zip_longest(*map(_parts, row), fillvalue=""))
    widths = natural_widths([HEADERS, *broken])
    rest = width - sum(widths[:-1]) - GAP * (len(widths) - 1)
    return [*widths[:-1], max(rest, _LEAST_DESCRIPTION)]


def _parts(cell: str) -> list[str]:
    *parts, last = cell.split(", ")
    return [*(f"{part}," for part in parts), last]
