"""What is seen beside the counts: freshness, Redis, the builder, one user's flood."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from oo_admin.quality.checks.sources import SUBJECTS_OF, percent
from oo_admin.quality.finding import Cause, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_admin.quality.config import QualityConfig
    from oo_admin.quality.facts import Facts, ViewFreshness

LEAST_USERS: Final = 30
LEAST_FALL: Final = 0.15
LOST_SHARE: Final = 0.2
LEAST_LOST: Final = 0.01
SIGMAS: Final = 5.0


def check_builder(facts: Facts, config: QualityConfig, now_us: int) -> Iterator[Finding]:
    """Find that messages wait and the builder handles none, or too few."""
    if not facts.waiting:
        return
    idle_minutes = 0.0 if facts.handled_us is None else (now_us - facts.handled_us) / 60e6
    stuck = idle_minutes * 60 >= config.stuck_after.total_seconds()
    if facts.handled_us is None or stuck:
        text = (
            f"{facts.waiting:,} messages wait, and none was handled for {idle_minutes:.0f} minutes"
        )
        yield Finding(Cause.BUILDER_STOPPED, "", text, Severity.CRITICAL)
    elif facts.waiting > config.waiting:
        text = f"{facts.waiting:,} messages wait, more than the builder catches up with at once"
        yield Finding(Cause.BUILDER_BEHIND, "", text, Severity.WARNING)


def check_online(facts: Facts) -> Iterator[Finding]:
    """Find states that Redis lacks, or has in another version, on a sample of users."""
    sample = facts.online
    if sample is None or not sample.compared:
        return
    missing, older = sample.missing / sample.compared, sample.older / sample.compared
    if missing >= LOST_SHARE:
        text = f"Redis lacks {percent(missing)} of {sample.compared:,} states compared"
        yield Finding(Cause.ONLINE_LOST, "", text, Severity.CRITICAL, users=sample.users)
    elif missing + older >= LEAST_LOST and sample.missing + sample.older > 2:  # noqa: PLR2004
        text = (
            f"of {sample.compared:,} states compared Redis lacks {sample.missing:,} and has "
            f"{sample.older:,} in another version than SQLite"
        )
        yield Finding(Cause.ONLINE_DIFFERS, "", text, users=sample.users)


def check_flood(facts: Facts, config: QualityConfig) -> Iterator[Finding]:
    """Find one user who sends more than a person does."""
    busiest = facts.busiest
    if busiest is not None and busiest.signals >= config.flood:
        text = f"one user sent about {busiest.signals:,} signals within an hour"
        yield Finding(Cause.FLOOD, "", text, Severity.WARNING, users=1)


def check_freshness(
    facts: Facts, usual: Mapping[str, ViewFreshness], expected: Mapping[str, float]
) -> Iterator[Finding]:
    """Find views that are fresh for fewer users than declared, or than they were.

    Args:
        facts: As seen.
        usual: Of each view, what is usual: sums over some time before.
        expected: Of each view, the share of its users declared to be fresh.
    """
    for seen in facts.freshness:
        if seen.users < LEAST_USERS:
            continue
        noise = math.sqrt(0.25 / seen.users)
        before = usual.get(seen.view)
        least = expected.get(seen.view, 0.0) - SIGMAS * noise
        if before is not None:
            least = max(least, before.fresh_share - max(LEAST_FALL, SIGMAS * noise))
        if seen.fresh_share < least:
            was = "" if before is None else f", {percent(before.fresh_share)} were usual"
            text = (
                f"{seen.view} is fresh for {percent(seen.fresh_share)} of its active users{was}; "
                f"for {percent(seen.expired / seen.users)} it has expired"
            )
            lost = round(seen.users * max(least - seen.fresh_share, 0))
            subjects = SUBJECTS_OF.get(seen.source, ())
            yield Finding(
                Cause.STALE, seen.view, text, Severity.WARNING, seen.source, subjects, users=lost
            )
