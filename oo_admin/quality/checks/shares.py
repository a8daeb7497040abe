"""Shares that rise: rejected, duplicate, late, ahead of the clock, without offset or value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_admin.quality.checks.sources import SOURCE_OF, SUBJECTS_OF, lasting, percent
from oo_admin.quality.checks.window import excess
from oo_admin.quality.finding import Cause, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_admin.quality.checks.window import Excess, Window

LATE_BITS: Final = 10
"""Delays of 512 seconds or more are late."""

LEAST_HOURS_OF_OFFSETS: Final = 6


def check_rejected(window: Window) -> Iterator[Finding]:
    """Find subjects of which more is rejected, by reason."""
    stored, before = window.now("stored"), window.before("stored")
    for group in window.history.groups("rejected"):
        subject = group.partition("|")[2]
        past = window.before(group)
        now = window.now(group)
        of = stored.get(subject, 0) + sum(now.values())
        of_before = before.get(subject, 0) + sum(past.values())
        for reason, number in now.items():
            more = excess(window, (number, of), (past.get(reason, 0), of_before), 0.01)
            if more:
                yield _rejected(window, subject, reason, more)


def _rejected(window: Window, subject: str, reason: str, more: Excess) -> Finding:
    cause = Cause.REJECTED
    if reason.startswith("from the future"):
        cause = Cause.CLOCK_AHEAD
    elif reason.endswith(" missing"):
        cause = Cause.FIELD_RENAMED
    return Finding(
        cause,
        f"{subject}:{reason}",
        f"{_seen(window, more)} of the messages {subject} are rejected as {reason!r}",
        Severity.CRITICAL,
        SOURCE_OF.get(subject, ""),
        (subject,),
    )


def check_duplicates(window: Window) -> Iterator[Finding]:
    """Find subjects of which more is sent twice."""
    for source, subjects in (("", tuple(SOURCE_OF)), *SUBJECTS_OF.items()):
        now = _of(window.now("duplicate"), subjects), _of(window.now("stored"), subjects)
        past = _of(window.before("duplicate"), subjects), _of(window.before("stored"), subjects)
        more = excess(window, (now[0], sum(now)), (past[0], sum(past)), 0.01)
        if more:
            what = f"of {source} " if source else ""
            yield Finding(
                Cause.DUPLICATES,
                source,
                f"{_seen(window, more)} of the messages {what}had come before",
                Severity.WARNING,
                source,
                subjects if source else (),
            )
            if not source:
                return


def check_delays(window: Window) -> Iterator[Finding]:
    """Find sources whose signals come late, or bear times ahead of the stream's clock."""
    for source, subjects in SUBJECTS_OF.items():
        looked = _of(window.now("looked"), subjects), _of(window.before("looked"), subjects)
        late = [
            sum(_late(counts(f"late|{subject}")) for subject in subjects)
            for counts in (window.now, window.before)
        ]
        more = excess(window, (late[0], looked[0]), (late[1], looked[1]), 0.15)
        if more:
            text = f"{_seen(window, more)} of the signals of {source} came ten minutes late or more"
            yield Finding(Cause.DELAYED, source, text, Severity.WARNING, source, subjects)
        ahead = _of(window.now("ahead"), subjects), _of(window.before("ahead"), subjects)
        more = excess(window, (ahead[0], looked[0]), (ahead[1], looked[1]), 0.1)
        if more:
            text = f"{_seen(window, more)} of the signals of {source} happened after they came"
            yield Finding(Cause.CLOCK_AHEAD, source, text, Severity.WARNING, source, subjects)


def check_offsets(window: Window) -> Iterator[Finding]:
    """Find that signals no longer say their user's local clock."""
    looked, before = window.now("looked"), window.before("looked")
    everybody = sum(looked.values()), sum(before.values())
    unsaid = sum(window.now("no_offset").values()), sum(window.before("no_offset").values())
    more = excess(window, (unsaid[0], everybody[0]), (unsaid[1], everybody[1]), 0.05)
    if more:
        text = f"{_seen(window, more)} of the signals bear a bare Z and no utc_offset_minutes"
        yield Finding(Cause.OFFSETS_LOST, "", text)
        return
    if window.hours < LEAST_HOURS_OF_OFFSETS:
        return
    # In some hours of the day most of those who are awake live at UTC, from autumn to spring.
    zero = window.now("offset").get("0", 0), window.before("offset").get("0", 0)
    more = excess(window, (zero[0], everybody[0]), (zero[1], everybody[1]), 0.4)
    if more:
        text = f"{_seen(window, more)} of the signals say that their user's clock is UTC"
        yield Finding(Cause.OFFSETS_LOST, "", text)


def check_missing(window: Window) -> Iterator[Finding]:
    """Find optional fields that are no longer given."""
    looked, before = window.now("looked"), window.before("looked")
    for group in window.history.groups("null"):
        subject = group.partition("|")[2]
        past = window.before(group)
        for field, number in window.now(group).items():
            now, then = (
                (number, looked.get(subject, 0)),
                (past.get(field, 0), before.get(subject, 0)),
            )
            more = excess(window, now, then, 0.2, 1.2)
            if more:
                yield Finding(
                    Cause.VALUES_MISSING,
                    f"{subject}:{field}",
                    f"{_seen(window, more)} of the signals {subject} have no {field}",
                    Severity.WARNING,
                    SOURCE_OF.get(subject, ""),
                    (subject,),
                )


def check_people(window: Window) -> Iterator[Finding]:
    """Find that known users come under other ids."""
    looked = sum(window.now("looked").values()), sum(window.before("looked").values())
    upper = window.now("shape").get("upper", 0), window.before("shape").get("upper", 0)
    more = excess(window, (upper[0], looked[0]), (upper[1], looked[1]), 0.03)
    stored = sum(window.now("stored").values()), sum(window.before("stored").values())
    new = window.now("new_users").get("", 0), window.before("new_users").get("", 0)
    surge = excess(window, (new[0], stored[0]), (new[1], stored[1]), 0.05, 3)
    if surge is None:
        return
    text = f"{surge.count:,} users never seen before came in the last {lasting(window.hours)}"
    if more:
        text += f", and {percent(more.share)} of the signals have capitals in their user_id"
    yield Finding(Cause.IDS_CHANGED, "", text, Severity.CRITICAL, users=surge.count)


def _of(counts: Mapping[str, int], subjects: tuple[str, ...]) -> int:
    return sum(counts.get(subject, 0) for subject in subjects)


def _late(counts: Mapping[str, int]) -> int:
    return sum(number for bits, number in counts.items() if int(bits) >= LATE_BITS)


def _seen(window: Window, more: Excess) -> str:
    return (
        f"in the last {lasting(window.hours)} {percent(more.share)} (usually {percent(more.usual)})"
    )
