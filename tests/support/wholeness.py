"""Whether everything that was sent is there, once, and all that is derived from it is right."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from support.building import number_of, redis_has_all, rows, stored_states

from oo_profile import agreement, definition
from oo_profile.agreement import Agreement
from oo_profile.building.online import OnlineWriter
from oo_profile.deviation import READ_TOLERANCE, REPLAY_TOLERANCE
from oo_profile.privacy.database_erasure import count_rows
from oo_profile.storage import signal_log
from oo_profile.storage.database import reading
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.world import SignalData, World

_END_OF_TIME = 2**62


def assert_whole(world: World, sent: Sequence[SignalData]) -> None:
    """Assert that signals, states, history and Redis are what they are to be.

    Args:
        world: Where; no builder runs, and nothing is left to be done.
        sent: What was published, all of it valid, copies included.
    """
    assert rows(world, "PRAGMA integrity_check") == [("ok",)]
    stored = rows(world, "SELECT user_id, event_id FROM signals")
    assert set(stored) == {(data["user_id"], data["event_id"]) for _, data in sent}
    assert number_of(world, "signals") == len(stored) == len(set(stored))
    assert number_of(world, "rejected_signals") == 0
    assert_states_by_definition(world)
    _assert_history_by_replay(world)
    assert redis_has_all(world)


def assert_nobody(world: World, user_id: str | None) -> None:
    """Assert that neither SQLite nor Redis has anything of a person."""
    assert user_id is not None
    with reading(world.settings.db) as connection:
        assert count_rows(connection, user_id) == 0
    assert user_id not in set(OnlineWriter(world.store).users())


def assert_states_by_definition(world: World) -> None:
    """Assert that the newest states are plain sums over the raw signals."""
    found = Agreement("state = definition", READ_TOLERANCE)
    signals: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for user_id, subject, payload in rows(
        world, "SELECT user_id, subject, payload FROM signals ORDER BY user_id, received_at"
    ):
        signals[user_id].append((subject, json.loads(payload)))
    states = stored_states(world)
    for user_id, log in signals.items():
        for view in STATE_VIEWS:
            expected = definition.state_at(log, view.name, _END_OF_TIME)
            state = states.get((user_id, view.name), dict.fromkeys(expected))
            for name, value in expected.items():
                found.compare(f"{name} of {user_id}", state[name], value)
    assert found.holds, found.differences


def _assert_history_by_replay(world: World) -> None:
    """Assert that all rows are those that a replay of the stored signals gives."""
    with reading(world.settings.db) as connection:
        found = agreement.stream_and_replay(connection, signal_log.users(connection))
    assert found.tolerance == REPLAY_TOLERANCE
    assert found.holds, found.differences
