"""What a check finds, and what is probably behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Cause(StrEnum):
    """What is probably behind a finding; the value is its anchor in the manual."""

    BUILDER_STOPPED = "builder-stopped"
    BUILDER_BEHIND = "builder-behind"
    ONLINE_LOST = "online-lost"
    ONLINE_DIFFERS = "online-differs"
    ALL_STOPPED = "all-stopped"
    SOURCE_STOPPED = "source-stopped"
    SOURCE_PARTLY_STOPPED = "source-partly-stopped"
    SURGE = "surge"
    FLOOD = "flood"
    REJECTED = "rejected"
    FIELD_RENAMED = "field-renamed"
    CLOCK_AHEAD = "clock-ahead"
    DELAYED = "delayed"
    DUPLICATES = "duplicates"
    OFFSETS_LOST = "offsets-lost"
    IDS_CHANGED = "ids-changed"
    UNIT_CHANGED = "unit-changed"
    CONSTANT = "constant"
    VALUES_SHIFTED = "values-shifted"
    VALUES_MISSING = "values-missing"
    NAME_RENAMED = "name-renamed"
    NAME_NEW = "name-new"
    NAME_VANISHED = "name-vanished"
    STALE = "stale"
    OUT_OF_RANGE = "out-of-range"
    FEATURE_SHIFTED = "feature-shifted"


_FAMILIES: Final[Mapping[Cause, str]] = {
    **dict.fromkeys((Cause.UNIT_CHANGED, Cause.CONSTANT, Cause.VALUES_SHIFTED), "values"),
    **dict.fromkeys((Cause.NAME_RENAMED, Cause.NAME_NEW, Cause.NAME_VANISHED), "names"),
    **dict.fromkeys((Cause.REJECTED, Cause.FIELD_RENAMED), "rejected"),
}
"""Causes that one and the same finding may turn out to have, as more of it is seen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        cause: What is probably behind it.
        about: What it is found in: a source, a subject, a field, a view; part of its identity.
        what: A sentence: what, by how much. No part of a finding holds a user id.
        severity: How soon somebody should look.
        source: The source that it concerns; empty: none in particular.
        subjects: The subjects that it concerns.
        users: How many users are affected; None: not known.
    """

    cause: Cause
    about: str
    what: str
    severity: Severity = Severity.WARNING
    source: str = ""
    subjects: tuple[str, ...] = ()
    users: int | None = None

    @property
    def key(self) -> str:
        """What tells it from others: the same thing found again has the same key."""
        return f"{_FAMILIES.get(self.cause, self.cause)}:{self.about}"
