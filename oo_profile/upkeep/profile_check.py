"""The `profile` table compared with what the signals say, each row at its own moment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.building.profile_features import Subject
from oo_profile.deviation import DIFFERENCES, deviation
from oo_profile.upkeep.findings import Difference
from oo_transforms.clock import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oo_profile.building.profile_features import ProfileFeatures
    from oo_profile.upkeep.findings import Findings
    from oo_transforms.history import Version

ProfileRow: TypeAlias = tuple[str, object, int]
"""Feature, value and `updated_at`, microseconds."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows are checked.

    Attributes:
        user_id: The user.
        states: The newest version of each view, as the signals say; empty: he has no state.
        utc_offset_minutes: That of his signal with the newest (event time, event id).
    """

    user_id: str
    states: Mapping[str, Version]
    utc_offset_minutes: int


class ProfileCheck:
    """Compares users' rows.

    Args:
        features: Computes what they should be.
        findings: Is told.
    """

    def __init__(self, features: ProfileFeatures, findings: Findings) -> None:
        self._features = features
        self._findings = findings

    def check(self, profiles: Iterable[tuple[Owner, Sequence[ProfileRow]]]) -> None:
        """Compare users' rows, none of which may be due."""
        moments = [moment for owner, rows in profiles for moment in _moments(owner, rows)]
        known = [moment for moment in moments if moment.owner.states]
        computed = self._features.compute_many([moment.subject() for moment in known])
        expected = {
            id(moment): profile.kept() for moment, profile in zip(known, computed, strict=True)
        }
        for moment in moments:
            self._check_moment(moment, expected.get(id(moment), {}))

    def _check_moment(self, moment: _Moment, expected: Mapping[str, object]) -> None:
        owner, updated_us, found = moment.owner, moment.updated_us, moment.found
        at = from_micros(updated_us).isoformat()

        def tell(feature: str, kind: str) -> None:
            self._findings.tell(
                Difference(
                    "profile",
                    "",
                    feature,
                    owner.user_id,
                    at,
                    kind,  # type: ignore[arg-type]
                    found.get(feature),
                    expected.get(feature),
                )
            )

        for feature, value in found.items():
            if feature not in expected:
                tell(feature, "extra")
                continue
            apart = deviation(value, expected[feature], DIFFERENCES.get(feature, 0.0))
            if self._findings.compare("profile", "", feature, [apart]):
                tell(feature, "mismatched")
        # All rows of a user are written together, at one moment.
        for feature in sorted(expected.keys() - found.keys()) if moment.is_latest else ():
            tell(feature, "missing")


@dataclass(frozen=True, slots=True)
class _Moment:
    owner: Owner
    updated_us: int
    found: dict[str, object]
    is_latest: bool

    def subject(self) -> Subject:
        owner = self.owner
        return Subject(owner.user_id, owner.states, self.updated_us, owner.utc_offset_minutes)


def _moments(owner: Owner, rows: Sequence[ProfileRow]) -> list[_Moment]:
    by_moment: dict[int, dict[str, object]] = defaultdict(dict)
    for feature, value, updated_us in rows:
        by_moment[updated_us][feature] = value
    if owner.states and not rows:
        # At any moment something is missing; at this one nothing has expired.
        by_moment[max(version.event_time_us for version in owner.states.values())] = {}
    latest = max(by_moment, default=0)
    return [_Moment(owner, at, found, at == latest) for at, found in by_moment.items()]
