"""A feature that a decision did not log enters as history knew it then, in every way to a state."""

from __future__ import annotations

import json
import math
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import messages_of
from support.logs import assert_same_columns, columns_of
from support.payloads import DECISION
from support.strategies import BASE_US, FIELDS, TAUGHT, Logged, logs, written

from oo_profile import definition
from oo_profile.building import replay
from oo_profile.building.batch import BatchWriter
from oo_profile.building.late_tails import TailCorrector
from oo_profile.building.replaying import Replayer
from oo_profile.definition.learned import counting, products, share_left, vector
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.database import connect
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.prune import prune
from oo_transforms.clock import from_micros
from oo_transforms.learned import learned_view
from oo_transforms.policies import BANDIT_V2
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from oo_transforms import Version

USER = "u1"
FILLED = learned_view(replace(BANDIT_V2, fill="history"))
VIEWS = (*(view for view in STATE_VIEWS if not view.learns), FILLED)
TABLE = StateTable(FILLED)
HALF_LIFE_US = 90 * 86_400_000_000
_completed, _shown = "signals.task.completed", "signals.tip.shown"
taught = logs(
    (_completed, _completed, "signals.task.created", _shown, _shown, "signals.tip.feedback"),
    max_size=20,
    min_size=4,
    fields=FIELDS | TAUGHT,
)
cuts = st.lists(st.integers(1, 5), max_size=6)


@contextmanager
def database() -> Iterator[tuple[Path, sqlite3.Connection]]:
    """Give a database whose policy is filled from history, and its path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "oo.db"
        connection = connect(path, synchronous="NORMAL")
        replay.make_tables(connection, VIEWS)
        yield path, connection
        connection.close()


def write(
    connection: sqlite3.Connection, log: list[Logged], sizes: list[int], long_tail: int = 1000
) -> None:
    """Write a log in batches; what is left over is the last one."""
    writer, messages, begin = (
        BatchWriter(connection, VIEWS, "stream", long_tail),
        messages_of(log),
        0,
    )
    for size in (*sizes, len(messages)):
        if batch := messages[begin : begin + size]:
            writer.write(batch)
        begin += size
    corrector = TailCorrector(connection, VIEWS)
    while corrector.correct():
        pass


def replayed(connection: sqlite3.Connection) -> list[Version]:
    """Compute the history as a rebuild does."""
    rows = Replayer(connection, [TABLE]).replay(UserRange.of(USER)).rows[TABLE.name]
    return [TABLE.version(row) for row in rows.get(USER, [])]


def assert_replayed(connection: sqlite3.Connection) -> None:
    """Assert that the table holds what a rebuild gives."""
    found, expected = TABLE.history(connection, USER), replayed(connection)
    assert [(v.event_time_us, v.created_us) for v in found] == [
        (v.event_time_us, v.created_us) for v in expected
    ]
    for one, other in zip(found, expected, strict=True):
        assert_same_columns(columns_of(FILLED, one.cells), columns_of(FILLED, other.cells))


def _clamped(data: dict[str, Any], event_us: int, offset: int) -> dict[str, Any]:
    return {
        **data,
        "occurred_at": from_micros(event_us).isoformat(),
        "utc_offset_minutes": offset,
    }


def filled(signals: list[tuple[str, Any, int, int]], place: int) -> dict[str, Any]:
    """Return a decision or echo with what history knew by then, from raw signals alone."""
    _, data, _, received_us = signals[place]
    decision = data["decision"]
    now_us = round(decision.get("now", decision.get("shown_at")) * 1e6)
    known = [
        (subject, own)
        for subject, own, _, received in signals
        if received <= min(now_us, received_us - 1)
    ]
    candidate = {"category": data["category"]}
    seen = definition.features_at(known, now_us, data["utc_offset_minutes"], candidate)
    state_features = {
        given.name: seen[given.name] for given in BANDIT_V2.inputs[len(BANDIT_V2.inputs) - 5 :]
    }
    return {**decision, "features": state_features | decision["features"]}


def direct_sums(signals: list[tuple[str, Any, int, int]]) -> dict[str, list[float]]:
    """Sum over the log, in the order in which it came."""
    counts = counting([(subject, data) for subject, data, *_ in signals])
    chosen = [place for place, counted in enumerate(counts) if counted]
    anchor_us = max(signals[place][2] for place in chosen)
    outer, rewards = [], []
    for place in chosen:
        subject, _, event_us, _ = signals[place]
        left = math.pow(2.0, -(anchor_us - event_us) / HALF_LIFE_US)
        decision = filled(signals, place)
        x = vector(FILLED.name, decision)
        if subject == "signals.tip.shown":
            outer.append([left * product for product in products(x)])
        else:
            share = left * share_left(decision, event_us)
            rewards.append([share * number for number in x])
    return {
        "policy_bandit_v2_outer": [math.fsum(column) for column in zip(*outer, strict=True)],
        "policy_bandit_v2_rewards": [math.fsum(column) for column in zip(*rewards, strict=True)],
    }


@settings(deadline=None, max_examples=20)
@given(taught, cuts)
def test_streamed_is_rebuilt_is_the_direct_sum(log: list[Logged], sizes: list[int]) -> None:
    """With features from plain formulas over the signals that were there by the decision."""
    with database() as (_, connection):
        write(connection, log, sizes)
        assert_replayed(connection)
        newest = TABLE.newest(connection, USER)
        if newest is None:
            return
        rows = connection.execute(
            "SELECT subject, payload, occurred_at, received_at, utc_offset_minutes FROM signals "
            "ORDER BY received_at"
        )
        signals = [
            (subject, _clamped(json.loads(payload), event, offset), event, received)
            for subject, payload, event, received, offset in rows
        ]
        found = columns_of(FILLED, newest.cells)
        expected = {name: sums for name, sums in direct_sums(signals).items() if sums}
        assert_same_columns({name: found[name] for name in expected}, expected, tolerance=1e-9)


@settings(deadline=None, max_examples=10)
@given(taught, cuts)
def test_long_tails_are_filled_the_same(log: list[Logged], sizes: list[int]) -> None:
    """Corrected behind the batches, a history is still that of a rebuild."""
    with database() as (_, connection):
        write(connection, log, sizes, long_tail=2)
        assert_replayed(connection)


@settings(deadline=None, max_examples=20)
@given(taught, cuts, st.data())
def test_what_history_knew_outlives_a_prune(
    log: list[Logged], sizes: list[int], data: st.DataObject
) -> None:
    """Signals that stay keep what was seen for them, however often their past is pruned."""
    at = data.draw(st.integers(0, len(log)))
    with database() as (path, connection):
        write(connection, log[:at], sizes)
        received = [row[0] for row in connection.execute("SELECT received_at FROM signals")]
        moments = sorted(data.draw(st.sampled_from([0, *received])) for _ in range(2))
        for moment_us in moments:
            before = TABLE.newest(connection, USER)
            pieces = data.draw(st.integers(1, 4))
            prune(path, moment_us, views=VIEWS, signals_at_once=pieces)
            assert TABLE.newest(connection, USER) is None or before is not None
            assert_replayed(connection)
        write(connection, log[at:], sizes)
        assert_replayed(connection)
        prune(path, max([0, *received]) + 1, views=VIEWS, signals_at_once=2)
        assert_replayed(connection)


def test_a_late_decision_keeps_what_was_seen_for_it() -> None:
    """Though all versions from before it are pruned, and only a later state stands for them."""
    done = {"task_id": "t1", "category": "fix"}
    tip = {"tip_id": "p1", "category": "fix", "decision": DECISION | {"now": _at(2) / 1e6}}
    log = [
        _logged("signals.task.completed", 0, 0, done),
        _logged("signals.task.completed", 1, 1, done | {"category": "docs"}),
        _logged("signals.task.completed", 3, 3, done),
        _logged("signals.tip.shown", 2, 5, tip),
    ]
    with database() as (path, connection):
        write(connection, log, [1, 1])
        before = TABLE.history(connection, USER)
        prune(path, _at(5), views=VIEWS)
        prune(path, _at(4), views=VIEWS)
        assert connection.execute("SELECT count(*) FROM pruned_histories").fetchone() == (1,)
        assert_replayed(connection)
        assert [v.created_us for v in TABLE.history(connection, USER)] == [
            v.created_us for v in before
        ]
        prune(path, _at(6), views=VIEWS)
        assert connection.execute("SELECT count(*) FROM pruned_histories").fetchone() == (0,)
        assert_replayed(connection)


def test_dropping_what_a_policy_learned_keeps_what_history_knew() -> None:
    """Without its own checkpoints a view is replayed, with those of the views it is filled from."""
    task = {"task_id": "t1", "category": "fix"}
    tip = {"tip_id": "p1", "category": "fix", "decision": DECISION | {"now": _at(3) / 1e6}}
    log = [
        _logged("signals.task.completed", 0, 0, task),
        _logged("signals.task.completed", 1, 1, task),
        _logged("signals.tip.shown", 3, 4, tip),
    ]
    with database() as (path, connection):
        write(connection, log[:2], [])
        prune(path, _at(2), views=VIEWS)
        write(connection, log[2:], [])
        replayer = Replayer(connection, [TABLE], from_checkpoints=False)
        rows = replayer.replay(UserRange.of(USER)).rows[TABLE.name][USER]
        (streamed,), (rebuilt,) = TABLE.history(connection, USER), map(TABLE.version, rows)
        assert_same_columns(columns_of(FILLED, streamed.cells), columns_of(FILLED, rebuilt.cells))


def _at(hour: int) -> int:
    return BASE_US + hour * 3_600_000_000


def _logged(subject: str, happened: int, came: int, fields: dict[str, Any]) -> Logged:
    envelope = {
        "event_id": f"e{came}",
        "user_id": USER,
        "occurred_at": written(_at(happened)),
    }
    return Logged(subject, envelope | fields, _at(happened), _at(came))
