"""Alerts: what findings become while they last, with states, mutes and hysteresis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from oo_admin.quality.finding import Cause, Severity  # noqa: TC001 - msgspec decodes into them

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from oo_admin.quality.evaluation import Grouped


class State(StrEnum):
    """How far an alert is."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Mute:
    """That nobody wants to be told of an alert for some time.

    Attributes:
        key: The alert's.
        until_us: Up to when, microseconds, inclusive.
        reason: Why.
        by: Who said so.
    """

    key: str
    until_us: int
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is, or was, not as it should be. Instants are microseconds.

    Attributes:
        key: What tells it from others.
        cause: What is probably behind it.
        about: What it is found in.
        state: How far it is.
        severity: How soon somebody should look.
        what: A sentence: what, by how much; no user id.
        since_us: When it was first found.
        seen_us: When it was last found.
        fired_us: When it fired; None: not yet.
        resolved_us: When it was resolved; None: not yet.
        source: The source concerned; empty: none in particular.
        subjects: The subjects concerned.
        users: How many users are affected; None: not known.
        explained: What was found besides, and is explained by it.
    """

    key: str
    cause: Cause
    about: str
    state: State
    severity: Severity
    what: str
    since_us: int
    seen_us: int
    fired_us: int | None = None
    resolved_us: int | None = None
    source: str = ""
    subjects: tuple[str, ...] = ()
    users: int | None = None
    explained: tuple[str, ...] = ()


class AlertBook:
    """Carries alerts from one evaluation to the next.

    An alert is pending when its finding is first seen, fires when that has lasted `fire_after`,
    and is resolved when it has not been seen for `clear_after`: one that flickers is one alert. A
    pending one that is not seen again is forgotten. While an alert fires it keeps what its group
    explains: what is left of that when the cause is gone comes up only `clear_after` later.

    Args:
        fire_after: How long a finding must last.
        clear_after: How long it must be gone.
        alerts: Those that are pending or firing from before.
    """

    def __init__(
        self, fire_after: timedelta, clear_after: timedelta, alerts: Iterable[Alert] = ()
    ) -> None:
        self._fire_us = round(fire_after.total_seconds() * 1e6)
        self._clear_us = round(clear_after.total_seconds() * 1e6)
        self._open = {alert.key: alert for alert in alerts if alert.state is not State.RESOLVED}

    @property
    def open(self) -> tuple[Alert, ...]:
        """Those that are pending or firing, oldest first."""
        return tuple(sorted(self._open.values(), key=lambda alert: (alert.since_us, alert.key)))

    def update(self, groups: Sequence[Grouped], now_us: int) -> list[Alert]:
        """Take in what was found; return the alerts that fire, change cause or are resolved by it.

        Args:
            groups: All that was found at this moment.
            now_us: The moment, microseconds; not before the last one.
        """
        causes = {key: alert.cause for key, alert in self._open.items()}
        for group in groups:
            self._see(group, now_us)
        changed = []
        for key, alert in list(self._open.items()):
            after = self._after(alert, now_us)
            if after is None or after.state is State.RESOLVED:
                del self._open[key]
            else:
                self._open[key] = after
            other = after is not None and after.cause is not causes.get(key, after.cause)
            if after is not None and (after.state is not alert.state or other):
                changed.append(after)
        return changed

    def _see(self, group: Grouped, now_us: int) -> None:
        finding = group.finding
        known = self._open.get(finding.key)
        self._open[finding.key] = Alert(
            key=finding.key,
            cause=finding.cause,
            about=finding.about,
            state=known.state if known else State.PENDING,
            severity=finding.severity,
            what=finding.what,
            since_us=known.since_us if known else now_us,
            seen_us=now_us,
            fired_us=known.fired_us if known else None,
            source=finding.source,
            subjects=finding.subjects,
            users=finding.users,
            explained=tuple(other.what for other in group.explained),
        )

    def _after(self, alert: Alert, now_us: int) -> Alert | None:
        seen_now = alert.seen_us == now_us
        if alert.state is State.PENDING:
            if not seen_now:
                return None
            if now_us - alert.since_us >= self._fire_us:
                return replace(alert, state=State.FIRING, fired_us=now_us)
        elif not seen_now and now_us - alert.seen_us >= self._clear_us:
            return replace(alert, state=State.RESOLVED, resolved_us=now_us)
        return alert
