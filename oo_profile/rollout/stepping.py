"""Taking a step of the rollout: judged, kept, then written to Redis."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_bandit import STAGES, Rollout, Tally, judge
from oo_bandit.gate import is_forward
from oo_profile.errors import GateClosedError, StepError
from oo_profile.evaluation.as_json import evidence_json, plain
from oo_profile.evaluation.evaluation import Question, evaluate
from oo_profile.storage import rollout_steps
from oo_profile.storage.rollout_steps import RolloutStep
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from oo_bandit import Stage, Verdict
    from oo_profile.privacy.writing import PoliteWriter

FIRST_PERCENT: Final = 5.0
"""How much of the people the canary has unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A step that is thought of, and what the gate says of it.

    Attributes:
        before: The rollout that it was thought of at.
        after: What it leads to.
        verdict: What the gate says.
        evidence: The same with the report that it rests on, as JSON.
    """

    before: Rollout
    after: Rollout
    verdict: Verdict
    evidence: str


@dataclass(frozen=True, slots=True)
class Mover:
    """Who takes a step.

    Attributes:
        name: Who.
        at_us: When, microseconds.
        reason: Why; needed where the gate is overruled.
        force: Take it although the gate does not allow it.
    """

    name: str
    at_us: int
    reason: str = ""
    force: bool = False


def begun(rollout: Rollout, live: str, new: str, exploration: float | None) -> Rollout:
    """Return the beginning of another rollout: a new policy in the shadow of the one that acts.

    Args:
        rollout: The one before; for everybody the same policy acts.
        live: The policy that is to act.
        new: The policy that is to take its place.
        exploration: Share of decisions given to chance; None: as before.

    Raises:
        StepError: A canary is on its way, `live` is not what acts, or a name is no policy.
        RolloutError: The policies are one, or the exploration is no share.
    """
    if unknown := sorted({live, new} - POLICIES.keys()):
        raise StepError(f"{unknown} are none of the policies {sorted(POLICIES)}")
    if rollout.stage == "canary" or live != rollout.acting:
        raise StepError(
            f"{rollout.new} is in {words_of(rollout)} and {rollout.acting} acts: take it to full "
            f"or back to shadow first, then begin with --live {rollout.acting}"
        )
    return Rollout(
        live=live,
        new=new,
        exploration=rollout.exploration if exploration is None else exploration,
        step=rollout.step + 1,
    )


def forward(rollout: Rollout, percent: float | None) -> Rollout:
    """Return the next step forward: into the canary, to a larger one, or to full.

    Args:
        rollout: Where it is.
        percent: Share of people of the canary; in shadow 5 if None, in a canary None is full.

    Raises:
        StepError: There is no step forward, or the share is not larger.
        RolloutError: It is no share.
    """
    if rollout.stage == "full":
        raise StepError(
            f"{rollout.new} acts for all: there is no step forward. `oo bandit rollout begin` puts "
            "a newer policy into its shadow"
        )
    if rollout.stage == "canary" and percent is None:
        return rollout.moved("full")
    after = rollout.moved("canary", percent=FIRST_PERCENT if percent is None else percent)
    if not is_forward(rollout, after):
        raise StepError(
            f"the canary has {rollout.percent:g} % of the people: {after.percent:g} % is no step "
            "forward. `oo bandit rollout back --percent` makes it smaller"
        )
    return after


def back(rollout: Rollout, stage: Stage | None, percent: float | None) -> Rollout:
    """Return a step back: to shadow unless another stage or a share of people is given.

    Raises:
        StepError: It is no step back.
        RolloutError: It is no share.
    """
    if stage is None:
        stage = "shadow" if percent is None else "canary"
    if stage == "canary" and percent is None:
        percent = FIRST_PERCENT
    after = rollout.moved(stage, percent=percent or 0.0)
    if is_forward(rollout, after) or STAGES.index(stage) == STAGES.index(rollout.stage) == 0:
        raise StepError(f"from {words_of(rollout)} to {words_of(after)} is no step back")
    return after


def judged(
    connection: sqlite3.Connection,
    before: Rollout,
    after: Rollout,
    now: datetime,
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> Judged:
    """Judge a step by the log of the stage that it leaves.

    Args:
        connection: Reads the log.
        before: Where the rollout is.
        after: Where it is to go.
        now: The present; decisions count that are 24 hours old.
        progress: Called with how many decisions more are read.
    """
    if not is_forward(before, after):
        # Nobody waits for a long log to be read in an emergency.
        verdict = judge(before, after, Tally.empty((before.live, before.new)))
        return Judged(before, after, verdict, json.dumps({"findings": plain(verdict.findings)}))
    evaluation = evaluate(connection, Question(before.live, before.new, now), progress=progress)
    tally = evaluation.tallies[before.stage]
    verdict = judge(before, after, tally)
    return Judged(before, after, verdict, json.dumps(evidence_json(verdict, tally, evaluation)))


def take(writer: PoliteWriter, step: Judged, mover: Mover) -> RolloutStep:
    """Keep a step for good; from then on it counts.

    Args:
        writer: The database.
        step: As judged.
        mover: Who takes it.

    Raises:
        GateClosedError: The gate does not allow it, and it is not forced.
        StepError: It is forced without a reason.
        StepTakenError: Somebody has taken another one meanwhile.
        DatabaseError: Another writer held the file for too long, or SQLite refuses.
    """
    allowed = step.verdict.is_allowed
    if not allowed and not mover.force:
        raise GateClosedError(
            words_of(step.after),
            [f"{each.rule}: {each.found}" for each in step.verdict.broken],
        )
    if not allowed and not mover.reason.strip():
        raise StepError('a step that is forced needs a reason: --reason "..."')
    taken = RolloutStep(
        taken_at_us=mover.at_us,
        taken_by=mover.name,
        rollout=step.after,
        forced=not allowed,
        reason=mover.reason.strip(),
        evidence=step.evidence,
    )
    writer.write(lambda: rollout_steps.append(writer.connection, taken))
    return taken


def words_of(rollout: Rollout) -> str:
    """Say where a rollout is.

    >>> words_of(Rollout(live="v1", new="v2", stage="canary", percent=5))
    'a canary of 5 %'
    """
    return f"a canary of {rollout.percent:g} %" if rollout.stage == "canary" else rollout.stage
