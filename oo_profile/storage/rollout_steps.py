"""The steps of the bandit's rollout: who took which, when, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_bandit import Rollout
from oo_profile.errors import StepTakenError
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    import sqlite3

_COLUMNS = "taken_at, taken_by, rollout, forced, reason, evidence"


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """A step that was taken.

    Attributes:
        taken_at_us: When, microseconds.
        taken_by: Who.
        rollout: What it led to, with the number of the step.
        forced: Whether the gate was overruled.
        reason: Why, in the words of whoever took it; may be empty if it was not forced.
        evidence: JSON of what the gate found; of no person.
    """

    taken_at_us: int
    taken_by: str
    rollout: Rollout
    forced: bool
    reason: str
    evidence: str


def beginning() -> Rollout:
    """Return the rollout before any step: the newest policy in the shadow of the one before."""
    *_, live, new = POLICIES
    return Rollout(live=live, new=new)


def current(connection: sqlite3.Connection) -> Rollout:
    """Return the rollout as the newest step left it."""
    row = connection.execute(
        "SELECT rollout FROM rollout_steps ORDER BY step DESC LIMIT 1"
    ).fetchone()
    return beginning() if row is None else Rollout.from_json(row[0])


def steps(connection: sqlite3.Connection, limit: int = -1) -> list[RolloutStep]:
    """List the steps, the newest first.

    Args:
        connection: Where to read.
        limit: At most so many; -1: all.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM rollout_steps ORDER BY step DESC LIMIT ?",  # noqa: S608 - columns
        (limit,),
    )
    return [
        RolloutStep(taken_at, by, Rollout.from_json(rollout), bool(forced), reason, evidence)
        for taken_at, by, rollout, forced, reason, evidence in rows
    ]


def append(connection: sqlite3.Connection, step: RolloutStep) -> None:
    """Keep a step, in the caller's transaction.

    Raises:
        StepTakenError: Somebody has taken another one since this was thought of.
    """
    newest = current(connection).step
    if step.rollout.step != newest + 1:
        raise StepTakenError(step.rollout.step, newest)
    connection.execute(
        f"INSERT INTO rollout_steps (step, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - columns
        (
            step.rollout.step,
            step.taken_at_us,
            step.taken_by,
            step.rollout.to_json(),
            step.forced,
            step.reason,
            step.evidence,
        ),
    )
