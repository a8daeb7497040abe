"""What is served of a user: features of candidates, and learned state, within a time-out.

Features come through `FeatureStore.get_online_features_async`: a Redis that hangs then holds no
thread, and a read that is given up is cancelled. Where the store cannot answer, the same functions
compute the features from the request alone, so that what depends on the user has its documented
value without evidence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml_serving import examples
from ml_serving.breaker import Breaker
from oo_bandit import InputRefused, LearnedState
from oo_stores.errors import OnlineServerError
from oo_transforms.clock import MICROSECOND, seconds_to_micros
from oo_transforms.columns import REQUESTED
from oo_transforms.decayed import decay
from oo_transforms.policies import LEARNING_HALF_LIFE, POLICIES, Policy
from oo_transforms.views import FEATURE_GROUPS, STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from feast import FeatureService, FeatureStore

    from ml_serving.choosing import Columns
    from ml_serving.messages import RankRequest
    from oo_transforms.decisions import Degradation

_HALF_LIFE_US: Final = LEARNING_HALF_LIFE / MICROSECOND
_SERVER_FAILURES: Final = (OnlineServerError, TimeoutError, OSError)
"""What is wrong with the server, and so with the next request too."""

_EVENT_TIME: Final = "__ts"
"""What Feast adds to the name of a column for its event times."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """What is known for a request.

    Attributes:
        columns: Features by name, a number a candidate.
        states: What each policy has learned of the user, decayed to now; one that lacks nothing.
        versions: Event time of the newest signal in each of them, microseconds.
        expired: How many of the features have a source past its TTL; None: not known.
        degraded: What there was to do without.
    """

    columns: Columns
    states: Mapping[str, LearnedState]
    versions: Mapping[str, int]
    expired: int | None
    degraded: tuple[Degradation, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """What the registry says of the features.

    Attributes:
        service: What to ask Feast for.
        version: Of the registry.
        policies: Those whose learned state it knows.
        references: What else to read of a user: when his profile was last changed, learned state.
    """

    service: FeatureService
    version: str
    policies: tuple[str, ...]
    references: list[str]

    @property
    def names(self) -> tuple[str, ...]:
        """Features of the service, in its order."""
        views = self.service.feature_view_projections
        return tuple(feature.name for view in views for feature in view.features)


class FeatureReader:
    """Reads what a request needs; `run` follows the registry.

    Args:
        store: Feast, on a registry and an online store.
        policy: The policy whose service names all features that any policy takes.
        time_out: How long a read may take.
        monotonic: Tells seconds that only grow.
    """

    def __init__(
        self,
        store: FeatureStore,
        policy: Policy,
        time_out: timedelta,
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._policy = policy
        self._time_out = time_out.total_seconds()
        self._breaker = Breaker(monotonic)
        self._held: _Held | None = None
        self._clock = getattr(store.config.online_store, "ttl_clock", None)
        self._sources = _sources(policy)

    @property
    def has_service(self) -> bool:
        """Whether the registry has told what to read."""
        return self._held is not None

    @property
    def is_reading(self) -> bool:
        """Whether the last read went well, or none was tried yet."""
        return self._breaker.is_closed

    def look(self) -> None:
        """Look at the registry, and hold what it says of the features.

        What does not fit the policy is not taken: what was held, if anything, stays.
        """
        try:
            found = self._found()
        except Exception as error:  # noqa: BLE001 - Feast raises what it likes, and requests go on
            _log.warning("registry.unreadable reason=%s", str(error) or type(error).__name__)
            return
        if found is None:
            return
        if found.names != self._policy.features:
            _log.error("registry.unfit has=%s needs=%s", found.names, self._policy.features)
            return
        self._warm_up(found)
        _log.info("registry.read version=%s policies=%s", found.version, found.policies)
        self._held = found

    def _warm_up(self, found: _Held) -> None:
        """Have the store work out how to read, which no request should wait for."""
        with contextlib.suppress(Exception):  # what is wrong is told by the requests that meet it
            columns = _columns(examples.RANK_REQUEST)
            self._store.get_online_features(found.service, columns)
            user = {name: columns[name][0] for name in ("user_id", self._clock) if name}
            self._store.get_online_features(found.references, [user])

    def _found(self) -> _Held | None:
        """Return what the registry says now; None if it is what is held already."""
        service = self._store.get_feature_service(self._policy.service, allow_cache=True)
        version = self._store.registry.proto().version_id
        if self._held is not None and self._held.version == version:
            return None
        views = {view.name for view in self._store.list_feature_views(allow_cache=True)}
        policies = tuple(name for name in POLICIES if f"policy_state_{name}" in views)
        anchors = [f"{view}:{_anchor(view)}" for view in sorted({*self._sources.values()})]
        learned = [reference for name in policies for reference in _state_references(name)]
        return _Held(service, version, policies, [*anchors, *learned])

    async def run(self, every: timedelta) -> None:
        """Follow the registry; never ends."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(every.total_seconds())

    async def read(self, request: RankRequest) -> Served:
        """Read what is known; what cannot be read in time is done without, and said."""
        columns = _columns(request)
        held = self._held
        if held is None or not self._breaker.allows():
            return _without_store(self._policy, columns)
        try:
            async with asyncio.timeout(self._time_out):
                served = await self._read(held, request, columns)
        except Exception as error:  # noqa: BLE001 - whatever is wrong there, the answer is due
            if isinstance(error, _SERVER_FAILURES):
                self._breaker.failed()
            _log.warning("features.unreadable reason=%s", str(error) or type(error).__name__)
            return _without_store(self._policy, columns)
        self._breaker.succeeded()
        return served

    async def _read(self, held: _Held, request: RankRequest, columns: dict[str, Any]) -> Served:
        answer = await self._store.get_online_features_async(held.service, columns)
        features = answer.to_dict()
        user = {"user_id": request.user_id, **({self._clock: request.now} if self._clock else {})}
        known = await self._store.get_online_features_async(held.references, [user])
        state = known.to_dict(include_event_timestamps=True)
        anchors = {view: state[_anchor(view)][0] for view in set(self._sources.values())}
        expired = {v for v in anchors if anchors[v] is None and state[_anchor(v) + _EVENT_TIME][0]}
        states, versions = _learned(held.policies, state, request.now)
        degraded: tuple[Degradation, ...] = () if states else ("prior",)
        if all(anchor is None for anchor in anchors.values()):
            degraded = (*degraded, "default_profile")
        return Served(
            columns={name: _finite(name, features[name]) for name in self._policy.features},
            states=states,
            versions=versions,
            expired=sum(view in expired for view in self._sources.values()),
            degraded=degraded,
        )


def _columns(request: RankRequest) -> dict[str, Any]:
    """Lay out a request as Feast takes it."""
    candidates = request.candidates
    count = len(candidates)
    return {
        "user_id": [request.user_id] * count,
        "now": [request.now] * count,
        "utc_offset_minutes": [request.utc_offset_minutes] * count,
        "created_at": [candidate.created_at for candidate in candidates],
        "due_at": [candidate.due_at for candidate in candidates],
        "priority": [candidate.priority for candidate in candidates],
        "category": [candidate.category for candidate in candidates],
    }


def _without_store(policy: Policy, columns: Mapping[str, Sequence[Any]]) -> Served:
    """Compute features from the request alone."""
    found: dict[str, list[float]] = {}
    for group, compute in FEATURE_GROUPS:
        names = tuple(f.name for f in group.features if f.name in policy.features)
        if names:
            found |= compute({**columns, REQUESTED: names})
    return Served(
        columns=found,
        states={},
        versions={},
        expired=None,
        degraded=("prior", "default_profile", "candidate_features_only"),
    )


def _learned(
    policies: Sequence[str], state: Mapping[str, list[Any]], now: float
) -> tuple[dict[str, LearnedState], dict[str, int]]:
    states: dict[str, LearnedState] = {}
    versions: dict[str, int] = {}
    for name in policies:
        prefix = f"policy_{name}"
        if (anchor := state[f"{prefix}_last_event_at"][0]) is None:
            continue
        columns = [state[f"{prefix}_{column}"][0] for column in ("count", "outer", "rewards")]
        versions[name] = seconds_to_micros(anchor)
        age_us = max(seconds_to_micros(now) - versions[name], 0)
        try:
            states[name] = LearnedState(*columns).decayed(decay(age_us, _HALF_LIFE_US))
        except (InputRefused, TypeError) as error:
            # Of another version of the policy, or damaged: the prior ranks.
            _log.warning("learned_state.unusable policy=%s reason=%s", name, error)
            del versions[name]
    return states, versions


def _finite(name: str, values: list[float | None]) -> list[float]:
    """Return a column as numbers.

    Raises:
        ValueError: One of them is none.
    """
    numbers = np.array(values, np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"feature {name!r} was served as {values}, and is to be finite numbers")
    found: list[float] = numbers.tolist()
    return found


def _sources(policy: Policy) -> dict[str, str]:
    """Return the state view behind each feature that has one."""
    view_of = {f.name: view.name for view in STATE_VIEWS for f in view.fields()}
    reads = {f.name: f.reads for group, _ in FEATURE_GROUPS for f in group.features}
    return {
        name: view_of[column]
        for name in policy.features
        for column in reads[name][:1]
        if column in view_of
    }


def _anchor(view: str) -> str:
    return next(v.anchor_field for v in STATE_VIEWS if v.name == view)


def _state_references(service: str) -> list[str]:
    columns = ("last_event_at", "count", "outer", "rewards")
    return [f"policy_state_{service}:policy_{service}_{column}" for column in columns]
