"""Steps of the rollout are taken on evidence, or by force with a reason, and are kept."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.decision_log import LIVE, NEW, Tip, store, tips_of

from oo_bandit import Rollout
from oo_profile.cli import oo
from oo_profile.errors import StepTakenError
from oo_profile.storage import rollout_steps
from oo_profile.storage.database import connect, reading, transaction
from oo_profile.storage.rollout_steps import RolloutStep

REPO = Path(__file__).parents[2] / "feature_repo"
AWAY = "localhost:1"
"""Where no Redis is."""

SHADOW = Rollout(live=LIVE, new=NEW)
CANARY = SHADOW.moved("canary", percent=60)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the database of the commands, empty; there is no Redis."""
    path = tmp_path / "oo.db"
    monkeypatch.setenv("OO_REPO", str(REPO))
    monkeypatch.setenv("OO_DB", str(path))
    monkeypatch.setenv("OO_REDIS", AWAY)
    monkeypatch.setenv("OO_REGISTRY", str(tmp_path / "registry.db"))
    monkeypatch.chdir(tmp_path)
    connect(path).close()
    return path


def run(*arguments: str, code: int = 0) -> str:
    """Run `oo bandit rollout ...` and return what it writes."""
    result = CliRunner().invoke(oo, ["bandit", "rollout", *arguments], prog_name="oo")
    assert result.exit_code == code, result.output
    return result.output


def now(path: Path) -> Rollout:
    """Return where the rollout is, as any program reads it."""
    with reading(path) as connection:
        return rollout_steps.current(connection)


def at(path: Path, rollout: Rollout) -> None:
    """Bring the rollout there."""
    step = RolloutStep(1, "tests", rollout, forced=True, reason="a test", evidence="{}")
    with closing(connect(path)) as connection, transaction(connection):
        rollout_steps.append(connection, step)


def test_without_evidence_a_step_is_refused(file: Path) -> None:
    """It says which rules are broken, and nothing is changed."""
    told = run("promote", code=1)
    assert "the log does not allow the step to a canary of 5 %" in told
    assert "there is no decision" in told
    assert "--force" in told
    assert now(file) == SHADOW


def test_a_step_is_forced_with_a_reason_alone(file: Path) -> None:
    """The reason, who forced it and what the gate found are kept."""
    assert "needs a reason" in run("promote", "--force", code=1)
    assert now(file) == SHADOW
    told = run("promote", "--force", "--reason", "agreed on", "--by", "grace", "--percent", "7")
    assert "Redis does not have it yet" in told
    assert now(file) == SHADOW.moved("canary", percent=7)
    (step,) = json.loads(run("show", "--json"))["steps"]
    assert (step["forced"], step["reason"], step["taken_by"]) == (True, "agreed on", "grace")
    assert step["evidence"]["allowed"] is False
    assert any("no decision" in each["found"] for each in step["evidence"]["findings"])
    assert "! the log can be trusted about bandit_v2 and tells enough: there is no" in run("show")


def test_evidence_opens_the_gate(file: Path) -> None:
    """A canary that gains becomes all; what it was taken on names nobody."""
    at(file, CANARY)
    store(file, tips_of(CANARY, 40, 60, gain=0.4))
    assert "allowed" in run("promote", "--dry-run")
    assert now(file) == CANARY
    run("promote")
    assert now(file) == CANARY.moved("full")
    newest, _ = json.loads(run("show", "--json"))["steps"]
    assert newest["forced"] is False
    assert newest["evidence"]["allowed"] is True
    assert newest["evidence"]["report"]["decisions"] > 1_000
    with closing(sqlite3.connect(file)) as connection:
        (kept,) = connection.execute("SELECT group_concat(evidence) FROM rollout_steps").fetchone()
    assert "user-" not in kept


def test_force_is_not_noted_where_it_was_not_needed(file: Path) -> None:
    """The gate was open."""
    at(file, CANARY)
    store(file, tips_of(CANARY, 40, 60, gain=0.4))
    run("promote", "--force")
    with reading(file) as connection:
        assert not rollout_steps.steps(connection)[0].forced


def test_without_a_gain_the_canary_stays(file: Path) -> None:
    """The lower bound is below 0."""
    at(file, CANARY)
    store(file, tips_of(CANARY, 40, 60, gain=0.0))
    assert "the lower bound is -" in run("promote", code=1)
    assert now(file) == CANARY


def test_back_is_always_possible(file: Path) -> None:
    """To shadow, or to a smaller canary; with nothing that could be read."""
    at(file, CANARY)
    run("back", "--percent", "2")
    assert now(file).percent == 2
    run("back", "--reason", "complaints")
    assert (now(file).stage, now(file).step) == ("shadow", 3)
    assert "no step back" in run("back", code=1)
    assert "complaints" in run("show")


def test_a_canary_only_grows_by_promote(file: Path) -> None:
    """And shrinks by back."""
    at(file, CANARY)
    assert "no step forward" in run("promote", "--percent", "50", code=1)
    assert "no step back" in run("back", "--percent", "70", code=1)
    at(file, now(file).moved("full"))
    assert "no step forward" in run("promote", code=1)


def test_the_next_policy_begins_where_the_last_one_acts(file: Path) -> None:
    """Not in the midst of a canary, and not in the shadow of what does not act."""
    begin = "begin", "--live", NEW, "--new", LIVE
    at(file, CANARY)
    assert "take it to full or back" in run(*begin, code=1)
    at(file, now(file).moved("full"))
    run(*begin, "--exploration", "0.2")
    assert now(file) == Rollout(live=NEW, new=LIVE, exploration=0.2, step=3)


def test_of_two_who_step_at_once_one_is_told(file: Path) -> None:
    """His evidence was of another stage."""
    at(file, CANARY)
    with pytest.raises(StepTakenError, match="the newest is 1"):
        at(file, SHADOW.moved("canary", percent=80))
    assert now(file) == CANARY


def test_a_step_outlives_everything_but_the_file(file: Path) -> None:
    """It is committed before Redis is asked, and a missing Redis is said."""
    store(file, [Tip()])
    at(file, CANARY)
    again = connect(file)
    again.close()
    assert now(file) == CANARY
    assert "canary of 60 %" in run("show")
