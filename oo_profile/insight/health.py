"""Whether a builder is alive, and whether it is ready: what `/healthz` and `/readyz` say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from oo_profile.building.observer import Part
    from oo_profile.insight.status import Status

LOOP_SECONDS: Final = 30.0
"""An event loop that has not turned for this long hangs: to start the process again may help."""

TURN_SECONDS: Final = 60.0
"""A builder that waits for nothing and has not looked for messages for this long is stuck."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        ok: Whether it is as it should be.
        reason: What is wrong, empty if nothing is.
    """

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What was looked at.

    Attributes:
        ok: The answer.
        checks: By name; one that is not ok need not make the answer no.
    """

    ok: bool
    checks: dict[str, Check]


def alive(status: Status) -> Health:
    """Say whether the process can go on: whether its event loop turns."""
    check = _loop(status)
    return Health(check.ok, {"loop": check})


def ready(status: Status) -> Health:
    """Say whether signals are stored now.

    Not ready: a builder that starts or ends, whose loop hangs, that has lost NATS, that cannot
    write to SQLite, or that has not looked for messages for a minute. Without Redis it is ready
    all the same: signals are stored and acknowledged, and Redis catches up.
    """
    checks = {
        "loop": _loop(status),
        "builder": _builder(status),
        "nats": _part(status, "nats"),
        "sqlite": _sqlite(status),
        "redis": _part(status, "redis"),
    }
    return Health(all(check.ok for name, check in checks.items() if name != "redis"), checks)


def _loop(status: Status) -> Check:
    if status.looped_at is None:
        return Check(ok=True)  # it starts
    silent = status.clock() - status.looped_at
    if silent > LOOP_SECONDS and not status.stopping:
        return Check(ok=False, reason=f"the event loop has not turned for {silent:.0f} seconds")
    return Check(ok=True)


def _builder(status: Status) -> Check:
    if status.stopping:
        return Check(ok=False, reason="it ends")
    if status.turned_at is None:
        return Check(ok=False, reason="it starts")
    silent = status.clock() - status.turned_at
    if silent > TURN_SECONDS and not status.waits:
        return Check(ok=False, reason=f"it has not looked for messages for {silent:.0f} seconds")
    return Check(ok=True)


def _sqlite(status: Status) -> Check:
    if status.database_refusal:
        return Check(ok=False, reason=status.database_refusal)
    return _part(status, "sqlite")


def _part(status: Status, part: Part) -> Check:
    wait = status.wait(part)
    if wait is None:
        return Check(ok=True)
    seconds = status.clock() - wait.since_seconds
    return Check(ok=False, reason=f"{wait.reason} (for {seconds:.0f} seconds)")
