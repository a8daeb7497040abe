"""No skew, shown: the same numbers from serving, from training, from the definition and a replay.

Every check compares two ways to one number and tells the largest deviation found.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_left
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from oo_profile import definition
from oo_profile.building.profile_features import PROFILE_SERVICE
from oo_profile.building.replaying import Replayer
from oo_profile.deviation import DIFFERENCES, READ_TOLERANCE, REPLAY_TOLERANCE, deviation, plain
from oo_profile.registry import service_features, state_views
from oo_profile.storage import signal_log
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.findings import Findings
from oo_profile.upkeep.history_check import check_history
from oo_transforms.clock import DAY_US, HOUR_US, from_micros
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from feast import FeatureStore

MAX_SHOWN = 10
NEIGHBOURS = 200
"""Signals after a moment among whose users one is drawn."""

MEAN_AGE_US = 5 * DAY_US
"""Mean age of the state that a drawn moment finds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A user at a moment: what a read is asked for."""

    user_id: str
    now_us: int
    utc_offset_minutes: int


@dataclass(slots=True)
class Agreement:
    """What a check found.

    Attributes:
        claim: What was compared with what.
        tolerance: The deviation that is allowed, relative to the scale of each number.
        compared: How many values were compared.
        left_out: How many values only one side can give, since the other has let them expire.
        undefined: State views and features that `definition` does not know: not compared.
        largest: The largest deviation found.
        differences: Values further apart than allowed, in words; the first few.
    """

    claim: str
    tolerance: float
    compared: int = 0
    left_out: int = 0
    undefined: tuple[str, ...] = ()
    largest: float = 0.0
    differences: list[str] = field(default_factory=list)
    different: int = 0

    @property
    def holds(self) -> bool:
        """Whether something was compared and nothing differs."""
        return self.compared > 0 and not self.different

    def compare(self, where: str, one: object, other: object, floor: float = 0.0) -> None:
        """Compare two values.

        Args:
            where: Names the value.
            one: A number, text, list or None (NaN is None).
            other: The same, come to in another way.
            floor: Least scale of the deviation of a number.
        """
        self.compared += 1
        apart = deviation(one, other, floor)
        self.largest = max(self.largest, apart)
        if apart > self.tolerance:
            self.add(f"{where}: {one!r} and {other!r}")

    def add(self, difference: object) -> None:
        """Count a difference that was found; the first few are kept in words."""
        self.different += 1
        if len(self.differences) < MAX_SHOWN:
            self.differences.append(str(difference))


def last_moments(connection: sqlite3.Connection, count: int, seed: int) -> list[Moment]:
    """Choose users by a seed, each an hour after his last event."""
    users = sorted(signal_log.users(connection))
    chosen = random.Random(seed).sample(users, min(count, len(users)))  # noqa: S311 - a sample
    return [after_last_signal(connection, user_id) for user_id in chosen]


def after_last_signal(connection: sqlite3.Connection, user_id: str) -> Moment:
    """Return the moment an hour after a user's last event, on his own clock."""
    newest_us, offset = connection.execute(
        "SELECT occurred_at, utc_offset_minutes FROM signals WHERE user_id = ? "
        "ORDER BY occurred_at DESC, event_id DESC LIMIT 1",
        (user_id,),
    ).fetchone()
    return Moment(user_id, newest_us + HOUR_US, offset)


def spread_moments(connection: sqlite3.Connection, count: int, seed: int) -> list[Moment]:
    """Choose pairs of a user and a time by a seed, spread over all the time that there is."""
    chance = random.Random(seed)  # noqa: S311 - a sample
    first, last = connection.execute(
        "SELECT min(occurred_at), max(occurred_at) FROM signals"
    ).fetchone()
    pairs = connection.execute("SELECT user_id, occurred_at FROM signals").fetchall()
    pairs.sort(key=itemgetter(1, 0))
    moments = []
    for number in range(count):
        time_us = first + (last - first) * number // max(count - 1, 1)
        at = min(bisect_left(pairs, time_us, key=itemgetter(1)), len(pairs) - 1)
        # By person, not by signal: else the busiest few would be most of the sample.
        near = dict(pairs[at : at + NEIGHBOURS])
        user_id = chance.choice(sorted(near))
        age_us = int(chance.expovariate(1 / MEAN_AGE_US))
        offset = chance.choice((-480, -60, 0, 120, 330))
        moments.append(Moment(user_id, near[user_id] + age_us, offset))
    return moments


def unserved_users(store: FeatureStore, connection: sqlite3.Connection) -> list[str]:
    """List the users that have signals and of whom `get_online_features` knows nothing."""
    users = sorted(signal_log.users(connection))
    if not users:
        return []
    online = store.get_online_features(
        features=[f"{view.name}:{view.anchor_field}" for view in STATE_VIEWS],
        entity_rows=[{"user_id": user_id} for user_id in users],
    ).to_dict(include_event_timestamps=True)
    # A state past its TTL is null, and keeps its event time.
    times = zip(*(online[f"{view.anchor_field}__ts"] for view in STATE_VIEWS), strict=True)
    return [user for user, own in zip(users, times, strict=True) if not any(own)]


def serving_and_training(store: FeatureStore, moments: Sequence[Moment]) -> Agreement:
    """Compare `get_online_features` with `get_historical_features` at the same moments."""
    agreement = Agreement("serving = training", READ_TOLERANCE)
    references = _references(store)
    online = store.get_online_features(
        features=references, entity_rows=[_entity_row(moment) for moment in moments]
    ).to_dict()
    historical = _historical(store, references, moments)
    expired_with = _features_by_view(store)
    for row, moment in enumerate(moments):
        gone = {
            view.name
            for view in STATE_VIEWS
            if online[view.anchor_field][row] is not None
            and plain(historical[view.anchor_field][row]) is None
        }
        left_out = {name for view in gone for name in expired_with[view]}
        agreement.left_out += len(left_out)
        for reference in references:
            name = reference.split(":")[1]
            if name not in left_out:
                where = f"{name} of {moment.user_id} at {from_micros(moment.now_us)}"
                agreement.compare(where, online[name][row], historical[name][row])
    return agreement


def training_and_definition(
    store: FeatureStore, connection: sqlite3.Connection, moments: Sequence[Moment]
) -> Agreement:
    """Compare `get_historical_features` with plain sums over the raw signals."""
    agreement = Agreement("training = definition", READ_TOLERANCE)
    views = [view for view in STATE_VIEWS if view.name in definition.VIEWS]
    defined = definition.features_at([], 0, 0).keys()
    names = [name for name in _profile_features(store) if name in defined]
    agreement.undefined = (
        *(view.name for view in STATE_VIEWS if view not in views),
        *(name for name in _profile_features(store) if name not in defined),
    )
    ttl_us = {name: view.ttl.total_seconds() * 1e6 for name, view in state_views(store).items()}  # type: ignore[union-attr]
    historical = _historical(store, _references(store), moments)
    users_signals = _ReadOnce(connection)
    for row, moment in sorted(enumerate(moments), key=lambda at: at[1].user_id):
        signals = users_signals.of(moment.user_id)
        where = f"of {moment.user_id} at {from_micros(moment.now_us)}"
        for view in views:
            expected = definition.state_at(signals, view.name, moment.now_us)
            anchor = expected[view.anchor_field]
            age_us = 0.0 if anchor is None else moment.now_us - anchor * 1e6
            live = anchor is not None and (not ttl_us[view.name] or age_us <= ttl_us[view.name])
            for name, value in expected.items():
                agreement.compare(f"{name} {where}", historical[name][row], value if live else None)
        features = definition.features_at(signals, moment.now_us, moment.utc_offset_minutes)
        for name in names:
            floor = DIFFERENCES.get(name, 0.0)
            agreement.compare(f"{name} {where}", historical[name][row], features[name], floor)
    return agreement


def stream_and_replay(
    connection: sqlite3.Connection,
    user_ids: Iterable[str],
    progress: Callable[[], object] = lambda: None,
) -> Agreement:
    """Compare the history that the builder streamed with a replay of the stored signals."""
    agreement = Agreement("stream = replay", REPLAY_TOLERANCE)
    tables = [StateTable(view) for view in STATE_VIEWS]
    findings = Findings({"history": REPLAY_TOLERANCE}, agreement.add)
    replayer = Replayer(connection, tables)
    for user_id in user_ids:
        user = UserRange.of(user_id)
        replayed = replayer.replay(user)
        for table in tables:
            expected = replayed.rows[table.name].get(user_id, [])
            check_history(table, table.raw_rows(connection, user), expected, findings)
        progress()
    agreement.compared, agreement.largest = findings.compared, findings.largest
    return agreement


def _references(store: FeatureStore) -> list[str]:
    """Name every state column and every feature of the profile."""
    columns = [f"{view.name}:{f.name}" for view in STATE_VIEWS for f in view.fields()]
    service = store.get_feature_service(PROFILE_SERVICE)
    projections = service.feature_view_projections
    return columns + [f"{p.name}:{f.name}" for p in projections for f in p.features]


def _profile_features(store: FeatureStore) -> list[str]:
    return service_features(store.get_feature_service(PROFILE_SERVICE))


def _features_by_view(store: FeatureStore) -> dict[str, list[str]]:
    """List what changes if a view expires: its columns, and the features over it alone."""
    names = {view.name: [f.name for f in view.fields()] for view in STATE_VIEWS}
    for on_demand in store.list_on_demand_feature_views():
        sources = list(on_demand.source_feature_view_projections.values())
        if len(sources) == 1:
            names[sources[0].name] += [f.name for f in on_demand.features]
    return names


def _entity_row(moment: Moment) -> dict[str, Any]:
    return {
        "user_id": moment.user_id,
        "now": moment.now_us / 1e6,
        "utc_offset_minutes": moment.utc_offset_minutes,
    }


def _historical(
    store: FeatureStore, references: list[str], moments: Sequence[Moment]
) -> Mapping[str, list[Any]]:
    frame = pd.DataFrame([_entity_row(moment) for moment in moments])
    frame["event_timestamp"] = pd.to_datetime([m.now_us for m in moments], unit="us", utc=True)
    result = store.get_historical_features(entity_df=frame, features=references).to_df()
    return {str(name): result[name].tolist() for name in result.columns}


class _ReadOnce:
    """Reads the raw signals of the user at hand, once for all of his moments in a row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._user_id: str | None = None
        self._signals: list[tuple[str, dict[str, Any]]] = []

    def of(self, user_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Return a user's signals, in log order."""
        if user_id != self._user_id:
            rows = self._connection.execute(
                "SELECT subject, payload FROM signals WHERE user_id = ? ORDER BY received_at",
                (user_id,),
            )
            self._signals = [(subject, json.loads(payload)) for subject, payload in rows]
            self._user_id = user_id
        return self._signals
