"""The bandit: how far a new policy has come, on what evidence, and who took which step."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.evaluations import KeptEvaluation, evaluation_work
from oo_admin.pages.beginning import already_begun, begin_job
from oo_admin.reading.reader import OnlineRollout
from oo_admin.web.answers import page
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Change, Operator, Visitor
from oo_bandit import Rollout, Stage
from oo_bandit.gate import Finding
from oo_profile.rollout.stepping import words_of
from oo_profile.storage import rollout_steps
from oo_profile.storage.rollout_steps import RolloutStep

STEPS = 20
router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutFacts:
    """How far a new policy has come.

    Attributes:
        live: The policy that acted before.
        new: The policy that is to take its place.
        stage: It watches (shadow), acts for some people (canary), or for all (full).
        percent: How much of the people is in the canary; 0 in another stage.
        exploration: Share of decisions that is given to chance.
        step: Number of the step that led here; 0: none was taken.
        acting: The policy that acts, for all others where there is a canary.
        words: The stage in words.
    """

    live: str
    new: str
    stage: Stage
    percent: float
    exploration: float
    step: int
    acting: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """A step that was taken.

    Attributes:
        taken_us: When, microseconds.
        taken_by: Who.
        rollout: What it led to.
        forced: Whether the gate was overruled.
        reason: Why, in the words of whoever took it; may be empty if it was not forced.
        findings: What the gate found of each rule.
        decisions: How many decisions it looked at; null: none, as a step back needs none.
        people: Of how many people.
    """

    taken_us: int
    taken_by: str
    rollout: RolloutFacts
    forced: bool
    reason: str
    findings: tuple[Finding, ...]
    decisions: int | None
    people: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditPage:
    """How far a new policy has come, and on what evidence.

    Attributes:
        now_us: The moment, microseconds.
        rollout: Where the rollout is.
        online: Whether services see the same.
        steps: The latest steps, the newest first.
        evaluation: The last evaluation that was made here; null: there is none.
    """

    now_us: int
    rollout: RolloutFacts
    online: OnlineRollout
    steps: tuple[StepFacts, ...]
    evaluation: KeptEvaluation | None


@router.get("/admin/bandit")
def bandit(request: Request, session: Visitor) -> Response:
    """Tell how far a new policy has come, and on what evidence."""
    admin = admin_of(request)
    with admin.reader.reading() as connection:
        rollout = rollout_steps.current(connection)
        steps = rollout_steps.steps(connection, STEPS)
    facts = BanditPage(
        now_us=admin.clock(),
        rollout=_rollout(rollout),
        online=admin.reader.online_rollout(rollout),
        steps=tuple(map(_step, steps)),
        evaluation=admin.evaluations.newest(),
    )
    return page(request, session, "bandit.html", facts)


@router.post("/admin/evaluate")
def evaluate(request: Request, session: Operator, form: Change) -> Response:
    """Begin to evaluate the policies by the log, unless that is under way."""
    if begun := already_begun(request, form, "evaluate"):
        return begun
    admin = admin_of(request)
    work = evaluation_work(
        admin.reader.settings, admin.evaluations, admin.clock, session.account.name
    )
    return begin_job(request, session, form, "evaluate", work)


def _rollout(rollout: Rollout) -> RolloutFacts:
    return RolloutFacts(
        live=rollout.live,
        new=rollout.new,
        stage=rollout.stage,
        percent=rollout.percent if rollout.stage == "canary" else 0.0,
        exploration=rollout.exploration,
        step=rollout.step,
        acting=rollout.acting,
        words=words_of(rollout),
    )


def _step(step: RolloutStep) -> StepFacts:
    evidence: dict[str, Any] = json.loads(step.evidence)
    report: dict[str, Any] = evidence.get("report", {})
    return StepFacts(
        taken_us=step.taken_at_us,
        taken_by=step.taken_by,
        rollout=_rollout(step.rollout),
        forced=step.forced,
        reason=step.reason,
        findings=tuple(
            Finding(rule=one["rule"], is_kept=one["is_kept"], found=one["found"])
            for one in evidence.get("findings", ())
        ),
        decisions=report.get("decisions"),
        people=report.get("people"),
    )
