"""Of several answers to a tip the first `done` in log order counts, whatever else comes and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.batches import (
    TABLES,
    assert_same_rows,
    count,
    database,
    history_rows,
    message,
    replayed_rows,
    writer,
)
from support.payloads import DECISION, ECHO, RECEIVED_US
from support.payloads import message as data_of

from oo_profile.building.replaying import Replayer
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.user_ranges import BEHIND_ALL
from oo_profile.upkeep.answers_check import check_answers
from oo_profile.upkeep.findings import Findings
from oo_profile.upkeep.prune import prune
from oo_profile.upkeep.swapping import Swapper
from oo_transforms.clock import HOUR_US, from_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

USER = "u1"
EVERYBODY = UserRange("", BEHIND_ALL)
REWARDS = "policy_bandit_v1_rewards"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database with the tables of all views."""
    with database(tmp_path / "oo.db") as opened:
        yield opened


def answer(number: int, action: str = "done", tip_id: str = "p1", **changes: Any) -> Message:  # noqa: ANN401 - any field
    """Make the answer that comes so many hours after the first."""
    at_us = RECEIVED_US + number * HOUR_US
    fields = {
        "tip_id": tip_id,
        "action": action,
        "event_id": f"a{number}",
        "occurred_at": from_micros(at_us).isoformat(),
        "decision": ECHO | {"shown_at": RECEIVED_US / 1e6},
    }
    data = data_of("signals.tip.feedback", **fields | changes)
    return message("signals.tip.feedback", data, number + 1, at_us)


def shown(number: int, **changes: Any) -> Message:  # noqa: ANN401 - any field
    """Make the tip that is shown so many hours after the first answer."""
    at_us = RECEIVED_US + number * HOUR_US
    fields = {"event_id": f"s{number}", "occurred_at": from_micros(at_us).isoformat()}
    data = data_of("signals.tip.shown", **fields | {"decision": DECISION} | changes)
    return message("signals.tip.shown", data, 1000 + number, at_us)


def answers(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """List which answer counts to each tip."""
    return connection.execute("SELECT tip_id, event_id FROM answered_tips ORDER BY 1").fetchall()


def learned(connection: sqlite3.Connection) -> dict[str, Any]:
    """Read the newest learned state; empty if there is none."""
    rows = history_rows(connection).get((USER, "policy_state_bandit_v1"), {})
    return rows[max(rows)] if rows else {}


def test_the_first_done_counts_and_no_other_answer(connection: sqlite3.Connection) -> None:
    """Of answers in one batch and in later ones, by the order in which they came."""
    writer(connection).write([answer(0, "snooze"), answer(1), answer(2)])
    writer(connection).write([answer(3), answer(4, tip_id="p2"), answer(5, "dismiss", "p2")])
    assert answers(connection) == [("p1", "a1"), ("p2", "a4")]
    assert count(connection, "policy_state_bandit_v1") == 2
    assert learned(connection)[REWARDS][0] == pytest.approx(2.0, abs=0.01)
    assert learned(connection)["policy_bandit_v1_count"] == 0.0


def test_a_copy_adds_nothing(connection: sqlite3.Connection) -> None:
    """Neither in the same batch nor later: what is delivered again is a duplicate."""
    first = answer(0)
    writer(connection).write([first, first])
    before = learned(connection)
    writer(connection).write([first])
    assert learned(connection) == before
    assert answers(connection) == [("p1", "a0")]


def test_a_late_answer_does_not_take_the_place_of_an_earlier_one(
    connection: sqlite3.Connection,
) -> None:
    """It happened before, but it came later, and log order decides."""
    earlier = from_micros(RECEIVED_US - HOUR_US).isoformat()
    writer(connection).write([answer(0)])
    writer(connection).write([answer(1, occurred_at=earlier)])
    assert answers(connection) == [("p1", "a0")]
    assert_same_rows(history_rows(connection), replayed_rows(connection))


@pytest.mark.parametrize("shown_at", [0.0, RECEIVED_US / 1e6 + 86_400 * 365])
def test_an_echo_of_any_moment_is_finite(connection: sqlite3.Connection, shown_at: float) -> None:
    """One from after the answer counts as one at once; a tip that nobody knows is allowed."""
    writer(connection).write([answer(0, decision=ECHO | {"shown_at": shown_at})])
    weight = learned(connection)[REWARDS][0]
    assert 0 < weight <= 1
    assert (weight == 1) == (shown_at > 0)


def test_what_bears_no_decision_writes_nothing(connection: sqlite3.Connection) -> None:
    """No version of what was learned, and no answer that counts."""
    writer(connection).write([shown(0, decision=None), answer(1, decision=None)])
    assert count(connection, "tip_state") == 2
    assert count(connection, "policy_state_bandit_v1") == 0
    assert answers(connection) == []
    writer(connection).write([answer(2)])
    assert answers(connection) == [("p1", "a2")]


@pytest.mark.parametrize(
    "decision",
    [
        DECISION | {"features": DECISION["features"] | {"hour_sin": float("nan")}},
        DECISION | {"features": DECISION["features"] | {"mood": 1.0}},
        DECISION | {"propensity": 0.0},
        DECISION | {"propensity": 1.5},
        DECISION | {"service": "bandit_v2"},
        DECISION | {"candidates": 0},
        DECISION | {"candidates": 10_001},
    ],
)
def test_bad_decisions_leave_what_was_learned_as_it_was(
    connection: sqlite3.Connection, decision: dict[str, Any]
) -> None:
    """They are rejected with their reason, and nothing else is written."""
    writer(connection).write([shown(0), answer(1)])
    before = learned(connection), answers(connection)
    outcome = writer(connection).write([shown(2, decision=decision)])
    assert outcome.rejected.total() == 1
    echo = {name: decision[name] for name in ("service", "features")} | {"shown_at": 0.0}
    if decision["service"] != DECISION["service"] or decision["features"] != DECISION["features"]:
        outcome = writer(connection).write([answer(3, tip_id="p9", decision=echo)])
        assert outcome.rejected.total() == 1
    assert (learned(connection), answers(connection)) == before


def test_a_rebuild_finds_them_in_the_log(connection: sqlite3.Connection) -> None:
    """What was damaged is put right, and the check names it before."""
    writer(connection).write([answer(0), answer(1, tip_id="p2"), answer(2, tip_id="p2")])
    good = answers(connection)
    connection.execute("UPDATE answered_tips SET event_id = 'a2' WHERE tip_id = 'p2'")
    connection.execute("DELETE FROM answered_tips WHERE tip_id = 'p1'")
    connection.execute("INSERT INTO answered_tips VALUES ('u1', 'p7', 'a0')")
    replayed = Replayer(connection, TABLES).replay(EVERYBODY)
    assert replayed.answers is not None
    told: list[str] = []
    found = Findings({"history": 0.0}, lambda difference: told.append(difference.kind))
    stored = {(USER, tip): event for tip, event in answers(connection)}
    check_answers(stored, replayed.answers, [USER], found)
    assert told == ["missing", "mismatched", "extra"]
    assert found.wrong == 3
    assert Swapper(connection, TABLES).swap(replayed).repaired == {USER}
    assert answers(connection) == good
    assert not Swapper(connection, TABLES).swap(replayed).repaired


def test_an_answer_counts_beyond_its_own_pruning(
    tmp_path: Path, connection: sqlite3.Connection
) -> None:
    """A second one does not take its place, neither streamed nor rebuilt."""
    writer(connection).write([shown(0), answer(1)])
    prune(tmp_path / "oo.db", RECEIVED_US + 2 * HOUR_US)
    assert count(connection, "signals") == 0
    writer(connection).write([answer(3), shown(4)])
    assert answers(connection) == [("p1", "a1")]
    replayed = Replayer(connection, TABLES).replay(EVERYBODY)
    assert not Swapper(connection, TABLES).swap(replayed).repaired
    assert learned(connection)[REWARDS][0] < 1
