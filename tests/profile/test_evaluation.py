"""Shown tips find their answers, and an evaluation says what the log says."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support.decision_log import LIVE, NEW, NOW, Tip, store, tips_of

from oo_bandit import Rollout, report
from oo_bandit.logged import Term
from oo_profile.cli import oo
from oo_profile.evaluation.decided import join
from oo_profile.evaluation.evaluation import Evaluation, Question, evaluate
from oo_profile.evaluation.in_words import lines_of
from oo_profile.storage.database import reading
from oo_transforms.clock import to_micros
from oo_transforms.signals import redecode

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REPO = Path(__file__).parents[2] / "feature_repo"
CANARY = Rollout(live=LIVE, new=NEW, stage="canary", percent=60)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the path of a database that is not there yet."""
    return tmp_path / "oo.db"


def evaluated(path: Path, tips: Sequence[Tip], *, since: timedelta | None = None) -> Evaluation:
    """Store tips and evaluate them."""
    store(path, tips)
    from_then = None if since is None else NOW - since
    with reading(path) as connection:
        return evaluate(connection, Question(LIVE, NEW, NOW, from_then))


def actions(*tips: Tip) -> list[str | None]:
    """Join tips and return the answer that counts for each in the order of being shown."""
    signals = [one for tip in tips for one in tip.signals()]
    read = [
        (redecode(subject, json.dumps(message).encode()), message) for subject, message in signals
    ]
    timed = [(signal, to_micros(signal.occurred_at)) for signal, _ in read]
    return [one.action for one in join(timed, to_micros(NOW)).decided]


def test_of_several_answers_the_first_done_counts() -> None:
    """In log order; without one, the first."""
    later = [("dismiss", MINUTE), ("done", 2 * MINUTE), ("snooze", 3 * MINUTE)]
    assert actions(Tip(answers=tuple(later))) == ["done"]
    assert actions(Tip(answers=(("snooze", MINUTE), ("dismiss", HOUR)))) == ["snooze"]
    assert actions(Tip()) == [None]


def test_an_answer_after_24_hours_does_not_count() -> None:
    """At 24 hours it does: what counts can not change any more once a decision is evaluated."""
    day = timedelta(days=1)
    assert actions(Tip(answers=(("done", day),))) == ["done"]
    assert actions(Tip(answers=(("done", day + timedelta(microseconds=1)),))) == [None]


def test_an_answer_is_to_what_its_echo_names() -> None:
    """Of one tip that was shown twice; without an echo it is to the latest before it."""
    old = Tip(age=timedelta(days=3), answers=(("done", timedelta(hours=23, minutes=59)),))
    new = Tip(age=timedelta(days=2, hours=12))
    assert actions(new, old) == ["done", None]
    silent = Tip(age=old.age, answers=old.answers, echoed=False)
    assert actions(new, silent) == [None, "done"]


def test_estimates_are_those_of_a_table(file: Path) -> None:
    """Four decisions of two people, weights 1 and 0.5; each is younger or older than a day."""
    tips = [
        Tip(tip_id="a", answers=(("done", MINUTE),)),
        Tip(tip_id="b", answers=(("dismiss", MINUTE),)),
        Tip(tip_id="c", answers=(("done", MINUTE),), propensity=1.0),
        Tip(tip_id="d", user_id="bob"),
        Tip(tip_id="e", age=timedelta(hours=23), answers=(("done", MINUTE),)),
    ]
    found = evaluated(file, tips)
    tally = found.tallies["all"]
    assert (found.young, found.unmatched, found.unjudged) == (1, 0, 0)
    assert [int(sums.count) for sums in (tally.decisions, tally.people)] == [4, 2]
    assert tally.decisions.sum_of(0, Term.WEIGHT) == pytest.approx(1 + 1 + 0.5 + 1, abs=1e-12)
    assert tally.decisions.sum_of(1, Term.REWARDED) == pytest.approx(0.5 + 0.25, abs=1e-12)
    assert tally.people.sum_of(0, Term.REWARDED) == pytest.approx((1 + 0.5) / 3, abs=1e-12)
    assert tally.health.unanswered == 1


def test_decisions_are_told_apart(file: Path) -> None:
    """By the number of a person's decisions, the stage, and whether a coin was thrown."""
    tips = [Tip(user_id=user, tip_id=f"{n}") for user, n in each_of({"n": 19, "l": 20, "h": 100})]
    tips += [Tip(user_id="c", tip_id="c", stage="canary", more={"coin": "new"})]
    tips += [Tip(user_id="d", tip_id="d", stage="canary")]
    tips += [Tip(user_id="f", tip_id="f", stage="full")]
    found = evaluated(file, tips)
    counts = {name: int(tally.decisions.count) for name, tally in found.tallies.items()}
    assert counts == {
        "all": 142,
        "new people": 22,
        "light users": 20,
        "heavy users": 100,
        "shadow": 140,
        "canary": 1,
        "full": 1,
    }
    assert sum(sums.count for sums in found.days.values()) == 142


def each_of(numbers: dict[str, int]) -> list[tuple[str, int]]:
    """List (user, number) of so many decisions of each."""
    return [(user, n) for user, count in numbers.items() for n in range(count)]


def test_what_is_not_asked_about_is_counted(file: Path) -> None:
    """Decisions of one policy alone, and answers to what was never shown."""
    alone = Tip(tip_id="x", policies={LIVE: (0.5, 0.4, 0.4)})
    other = Tip(tip_id="y", more={"live": NEW})
    old = Tip(tip_id="z", age=timedelta(days=40))
    found = evaluated(file, [alone, other, old, Tip()], since=timedelta(days=30))
    assert (found.unjudged, int(found.tallies["all"].decisions.count)) == (2, 1)


def test_the_log_is_read_in_parts_of_whole_people(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the size of a part, the sums are the same."""
    store(file, tips_of(CANARY, 20, 10, gain=0.2))
    question = Question(LIVE, NEW, NOW)
    seen: list[int] = []
    with reading(file) as connection:
        whole = evaluate(connection, question)
        monkeypatch.setattr("oo_profile.evaluation.evaluation.DECISIONS_AT_ONCE", 7)
        parts = evaluate(connection, question, progress=seen.append)
    assert len(seen) > 10
    assert sum(seen) == 200
    for name, tally in whole.tallies.items():
        assert tally.health == parts.tallies[name].health
        assert tally.people.total == pytest.approx(parts.tallies[name].people.total)
        assert tally.decisions.products == pytest.approx(parts.tallies[name].decisions.products)


def test_a_log_that_says_little_says_so(file: Path) -> None:
    """And no estimate is given."""
    told = "\n".join(lines_of(evaluated(file, [Tip(), Tip(tip_id="t2")])))
    assert "bandit_v2: not enough" in told
    assert "0.4" not in told


def test_a_gain_is_found_by_decision_and_by_person(file: Path) -> None:
    """In words it says what a sequence covers, and what it does not."""
    found = evaluated(file, tips_of(CANARY, 40, 60, gain=0.4))
    told = report(found.tallies["canary"])
    (difference,) = told.differences
    assert difference.sequence is not None
    assert difference.by_person is not None
    assert difference.sequence[0] > 0
    assert float(difference.by_person.doubly_robust.low) > 0
    words = "\n".join(lines_of(found))
    people = sum(CANARY.in_canary(f"user-{person:03}") for person in range(40))
    assert f"canary: {60 * people:,} decisions of {people} people" in words
    assert "that are in the log: of other people it says nothing" in words
    assert "user-" not in words


@pytest.fixture
def command(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a database that the commands use, without Redis or registry."""
    monkeypatch.setenv("OO_REPO", str(REPO))
    monkeypatch.setenv("OO_DB", str(file))
    monkeypatch.chdir(tmp_path)
    return file


def run(*arguments: str, code: int = 0) -> str:
    """Run `oo bandit ...` and return what it writes."""
    result = CliRunner().invoke(oo, ["bandit", *arguments], prog_name="oo")
    assert result.exit_code == code, result.output
    return result.output


def test_the_command_gives_table_json_and_plot(command: Path, tmp_path: Path) -> None:
    """The same numbers in words and as JSON, and a picture; of nobody by name."""
    store(command, tips_of(CANARY, 40, 60, gain=0.4))
    picture = tmp_path / "evidence.svg"
    told = json.loads(run("evaluate", "--json", "--plot", str(picture)))
    estimate = told["groups"]["canary"]["differences"][0]["by_decision"]["ips"]
    assert f"{estimate['value']:.4f} ({estimate['low']:.4f}" in run("evaluate")
    assert estimate["low"] < estimate["value"] < estimate["high"]
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.count("<svg") == 1
    assert "bandit_v2 by person" in drawn
    assert "user-" not in json.dumps(told) + drawn


def test_the_command_refuses_what_makes_no_sense(command: Path) -> None:
    """A policy beside itself, an instant that is none, a picture of no kind, no database."""
    assert "there is no database" in run("evaluate", code=1)
    store(command, [Tip()])
    assert "compared with itself" in run("evaluate", "--live", NEW, code=2)
    assert "must end in one of" in run("evaluate", "--plot", "x.txt", code=2)
    assert "--since" in run("evaluate", "--since", "yesterday", code=2)


def test_the_log_itself_is_told_of(command: Path) -> None:
    """Mean and largest weight, effective size, what is covered, and answers that are missing."""
    store(command, [Tip(answers=(("done", MINUTE),)), Tip(tip_id="t2", propensity=0.25)])
    told = run("evaluate")
    assert "2 decisions of 1 person, 50% without an answer" in told
    assert "weights of bandit_v1: mean 1.500, largest 2.0, effective size 2" in told
    assert "weights of bandit_v2: mean 0.750, largest 1.0" in told
    assert "75% of what it would choose covered" in told


def test_neither_feast_nor_a_client_is_imported(command: Path) -> None:
    """An evaluation reads SQLite alone."""
    store(command, [Tip()])
    code = (
        "import sys; from click.testing import CliRunner; from oo_profile.cli import oo;"
        "result = CliRunner().invoke(oo, ['bandit', 'evaluate']);"
        "print(result.exit_code, {'feast', 'pandas', 'redis', 'nats'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "0 set()\n"


def test_an_empty_log_is_told(command: Path) -> None:
    """There is nothing to divide by."""
    store(command, [])
    assert "there is no decision" in run("evaluate")
    assert run("evaluate", "--json")
