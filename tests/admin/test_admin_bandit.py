"""The bandit's page: the stage, who took which step on what evidence, the last evaluation."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.admin import Pages
from support.decision_log import LIVE, NEW, store, tips_of

from oo_admin.accounts.accounts import Role
from oo_bandit import Rollout
from oo_profile.building.rollout_copy import publish_rollout
from oo_profile.evaluation.as_json import evaluation_json
from oo_profile.evaluation.evaluation import Question, evaluate
from oo_profile.storage.database import connect, reading

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

SHADOW = Rollout(live=LIVE, new=NEW)


def test_without_a_step_or_an_evaluation_it_says_what_to_do(pages: Pages) -> None:
    """The newest policy is in the shadow of the one before it."""
    facts = pages.facts("/admin/bandit")
    assert (facts["rollout"]["stage"], facts["rollout"]["acting"]) == ("shadow", "bandit_v1")
    assert facts["online"] == {"agrees": True, "refusal": ""}
    assert facts["steps"] == []
    assert facts["evaluation"] is None
    text = pages.get("/admin/bandit").text
    assert "oo bandit rollout promote --dry-run" in text
    assert "Evaluate now" in text
    assert "Evaluate now" not in pages.enter(Role.VIEWER).get("/admin/bandit").text


def test_steps_are_told_with_who_why_and_what_the_gate_found(pages: Pages, world: World) -> None:
    """The newest first; and whether services see the stage."""
    world.oo("bandit", "rollout", "promote", "--force", "--reason", "agreed on", "--by", "grace")
    (step,) = pages.facts("/admin/bandit")["steps"]
    assert (step["taken_by"], step["reason"], step["forced"]) == ("grace", "agreed on", True)
    assert (step["rollout"]["words"], step["decisions"]) == ("a canary of 5 %", 0)
    assert not all(finding["is_kept"] for finding in step["findings"])
    assert pages.facts("/admin/bandit")["online"]["agrees"]
    text = pages.get("/admin/bandit").text
    assert "a fair coin lets bandit_v1 or bandit_v2 act" in text
    assert "not kept: the log can be trusted" in text
    world.oo("bandit", "rollout", "back", "--by", "ada")
    assert [one["rollout"]["stage"] for one in pages.facts("/admin/bandit")["steps"]] == [
        "shadow",
        "canary",
    ]
    pages.admin.reader.online.notes.remove("oo_bandit:rollout:oo")
    assert not pages.facts("/admin/bandit")["online"]["agrees"]
    assert "Redis says something else" in pages.get("/admin/bandit").text
    with closing(connect(world.settings.db)) as connection:
        publish_rollout(connection, pages.admin.reader.online)
    assert pages.facts("/admin/bandit")["online"]["agrees"]


def test_the_last_evaluation_is_that_of_the_command(world: World) -> None:
    """Figure by figure, with what the gate says of the next step; a newer one takes its place."""
    connect(world.settings.db).close()
    store(world.settings.db, tips_of(SHADOW, 30, 40, gain=0.2))
    pages = Pages.of(world).enter()
    job = pages.job(pages.post("/admin/evaluate"))
    assert job["result"] == {"decisions": 1200, "people": 30}
    assert "1,200 decisions of 30 people" in pages.get(f"/admin/jobs/{job['number']}").text
    told = pages.facts("/admin/bandit")["evaluation"]
    assert told["made_by"] == "operator"
    with reading(world.settings.db) as connection:
        question = Question(LIVE, NEW, datetime.now(UTC))
        expected = evaluation_json(evaluate(connection, question))["groups"]
    assert [group["name"] for group in told["found"]["groups"]] == list(expected)
    for group in told["found"]["groups"]:
        for figures, report in zip(
            group["policies"], expected[group["name"]]["policies"], strict=True
        ):
            assert figures["by_decision"] == report["by_decision"]
            assert figures["lacks"] == report["check"]["lacks"]
    gate = told["found"]["gate"]
    assert gate["step"] == "a canary of 5 %"
    assert gate["is_allowed"] == all(finding["is_kept"] for finding in gate["findings"])
    again = pages.job(pages.post("/admin/evaluate"))
    assert again["number"] > job["number"]
    assert pages.facts("/admin/bandit")["evaluation"]["made_us"] > told["made_us"]


def test_an_evaluation_that_another_version_kept_is_none(pages: Pages) -> None:
    """It cannot be read, so it is made again."""
    with pages.admin.database.writing() as connection:
        connection.execute("INSERT INTO evaluations VALUES (1, 1, 'ada', '{\"old\": 1}')")
    assert pages.facts("/admin/bandit")["evaluation"] is None
