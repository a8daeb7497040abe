"""What is said of an alert, in words and as JSON; it holds no user id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oo_admin.quality.alerts import State

if TYPE_CHECKING:
    from oo_admin.quality.report import AlertReport

FEW = 6


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent.

    Attributes:
        key: The alert's.
        state: "firing", "resolved", or "test".
        severity: How soon somebody should look.
        title: A few words.
        text: Sentences: what, since when, who is affected, likely causes, what to do.
        since: When it began, RFC 3339.
        source: The source concerned; empty: none in particular.
        users: How many users are affected; None: not known.
        features: Features affected.
        services: Feature services affected.
        owners: Who answers for them.
        link: Where more is said.
    """

    key: str
    state: str
    severity: str
    title: str
    text: str
    since: str
    source: str
    users: int | None
    features: tuple[str, ...]
    services: tuple[str, ...]
    owners: tuple[str, ...]
    link: str


def notice_of(report: AlertReport) -> Notice:
    """Say everything of an alert that somebody who is woken needs."""
    alert, reach = report.alert, report.reach
    since = _moment(alert.since_us)
    return Notice(
        key=alert.key,
        state=str(alert.state),
        severity=str(alert.severity),
        title=f"{report.advice.title}{f' ({alert.source})' if alert.source else ''}",
        text=sentences(report),
        since=since,
        source=alert.source,
        users=alert.users,
        features=reach.features,
        services=reach.services,
        owners=reach.owners,
        link=report.advice.link,
    )


def sentences(report: AlertReport) -> str:
    """Write an alert in sentences."""
    alert, reach, advice = report.alert, report.reach, report.advice
    parts = [f"{alert.what}, since {_moment(alert.since_us)}."]
    if alert.state is State.RESOLVED and alert.resolved_us is not None:
        parts.append(f"It is over, seen last at {_moment(alert.seen_us)}.")
    users = (
        "Users affected: not known" if alert.users is None else f"Users affected: {alert.users:,}"
    )
    parts.append(f"{users}.")
    if reach.features:
        parts.append(
            f"Features affected: {_some(reach.features)}; services: {_some(reach.services)}."
        )
    if alert.explained:
        parts.append(f"It explains: {'; '.join(alert.explained[:FEW])}.")
    if alert.state is not State.RESOLVED:
        parts += [f"Likely: {advice.likely}", f"To do: {advice.do}"]
    return " ".join([*parts, f"More: {advice.link}"])


def test_notice(now_us: int, owners: tuple[str, ...]) -> Notice:
    """Make a notice that only shows that notices arrive."""
    text = "This is a test: notices of data quality arrive here. Nothing is wrong."
    return Notice(
        "test", "test", "info", "A test", text, _moment(now_us), "", None, (), (), owners, ""
    )


def as_json(notice: Notice) -> bytes:
    """Write a notice as programs read it."""
    fields = {name: getattr(notice, name) for name in notice.__slots__}
    return json.dumps(fields, ensure_ascii=False).encode()


def _some(names: tuple[str, ...]) -> str:
    rest = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {rest} more" if rest > 0 else "") or "none"


def _moment(at_us: int) -> str:
    at = datetime.fromtimestamp(at_us / 1e6, UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
