"""Verify what serving saw: every logged decision against history as it was seen."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from oo_profile.errors import DatabaseError
from oo_profile.storage import signal_log
from oo_profile.storage.database import reading
from oo_profile.upkeep.sampling import sample, users_anywhere
from oo_profile.upkeep.served_check import CLOCK_FEATURES, check_served
from oo_transforms.filling import fillable
from oo_transforms.policies import POLICIES
from oo_transforms.signals import TipShown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oo_profile.upkeep.served_check import Checked

USERS_A_LOOK = 50


@dataclass(slots=True)
class ServedVerification:
    """What was found of logged decisions.

    Attributes:
        users: Users looked at.
        decisions: Decisions found.
        agreeing: Decisions that agree.
        lags_us: How far serving was behind, at least, at each of them that logged anything from
            state; microseconds.
        differing: Decisions that do not agree.
        not_compared: Decisions that could not be compared, by the reason.
        largest: The largest deviation of each feature that was compared.
    """

    users: int = 0
    decisions: int = 0
    agreeing: int = 0
    lags_us: list[int] = field(default_factory=list)
    differing: int = 0
    not_compared: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing differs of what was compared."""
        return not self.differing

    def add(self, checked: Checked) -> None:
        """Count a decision."""
        self.decisions += 1
        if checked.why_not:
            self.not_compared[checked.why_not] += 1
        self.agreeing += checked.agrees
        self.differing += bool(checked.difference)
        if checked.lag_us is not None:
            self.lags_us.append(checked.lag_us)
        for name, far in (checked.apart or {}).items():
            self.largest[name] = max(self.largest.get(name, 0.0), far)

    def lag_seconds(self, share: float) -> float:
        """Return the lag that this share of the decisions that agree does not exceed."""
        ordered = sorted(self.lags_us)
        place = min(int(share * len(ordered)), len(ordered) - 1)
        return ordered[place] / 1e6 if ordered else 0.0


def left_out() -> list[str]:
    """List the features of the policies that cannot be checked, from request data not logged."""
    names = dict.fromkeys(name for policy in POLICIES.values() for name in policy.features)
    return [name for name in names if name not in {*CLOCK_FEATURES, *fillable()}]


def verify_served(
    path: Path,
    *,
    sample_size: int | None = None,
    on_difference: Callable[[str], object] = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
) -> ServedVerification:
    """Compare the features in logged decisions with history as seen in the seconds before.

    A builder may run meanwhile: rows as seen are never changed by what comes later.

    Args:
        path: The database.
        sample_size: The decisions of how many users, chosen by a hash of their ids; None: all.
        on_difference: Called with a line for each decision that does not agree.
        progress: Called with how many users more are done.

    Raises:
        NoDatabaseError: There is no database.
        DatabaseError: SQLite refuses.
    """
    done = ServedVerification()
    try:
        with reading(path) as connection:
            known = users_anywhere(connection, ["signals"])
            chosen = list(known if sample_size is None else sample(known, sample_size))
        users = iter(chosen)
        while some := list(islice(users, USERS_A_LOOK)):
            with reading(path) as connection:
                for user_id in some:
                    for checked in check_served(connection, user_id, _shown(connection, user_id)):
                        done.add(checked)
                        if checked.difference:
                            on_difference(checked.difference)
            done.users += len(some)
            progress(len(some))
    except sqlite3.Error as error:
        raise DatabaseError(path, error) from error
    return done


def _shown(connection: sqlite3.Connection, user_id: str) -> list[tuple[TipShown, int]]:
    return [
        (signal, event_us)
        for signal, event_us, _ in signal_log.signals_of(connection, user_id)
        if isinstance(signal, TipShown)
    ]
