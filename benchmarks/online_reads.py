"""`get_online_features` beside a bare redis-py `HMGET` of the same fields."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import redis

from oo_profile import agreement
from oo_profile.demo import samples
from oo_profile.registry import state_views
from oo_profile.settings import redis_endpoint
from oo_profile.storage.database import reading
from oo_stores.redis.rows import RowLayout, event_time_field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feast import FeatureStore, FeatureView

    from oo_profile.demo.stage import Stage

FIELDS = 20
CANDIDATES = 50


def measure(on: Stage, store: FeatureStore, reads: int) -> None:
    """Read state columns of one user, then the bandit's vectors of one user's candidates."""
    with reading(on.settings.db) as connection:
        person = agreement.after_last_signal(connection, samples.busiest(connection))
    views = state_views(store)
    host, port = redis_endpoint(on.settings.redis)
    with redis.Redis(host=host, port=port) as client:
        fields = [(view, f.name) for view in views.values() for f in view.features][:FIELDS]
        references = [f"{view.name}:{name}" for view, name in fields]
        key, names = _hash(store, fields, person.user_id)
        row = {"user_id": person.user_id}
        _report(
            f"one user, {FIELDS} state columns",
            _times(lambda: store.get_online_features(references, [row]).to_dict(), reads),
            _times(lambda: client.hmget(key, names), reads),
        )
        service = store.get_feature_service("bandit_v2")
        sources = [views["task_state"], views["tip_state"]]
        columns = [(view, f.name) for view in sources for f in view.features]
        key, names = _hash(store, columns, person.user_id)
        rows = [_candidate(person.now_us / 1e6, row, number) for number in range(CANDIDATES)]
        _report(
            f"bandit_v2, one user, {CANDIDATES} candidates",
            _times(lambda: store.get_online_features(service, rows).to_dict(), reads // 10),
            _times(lambda: client.hmget(key, names), reads),
        )


def _candidate(now: float, row: dict[str, Any], number: int) -> dict[str, Any]:
    return row | {
        "now": now,
        "utc_offset_minutes": 0,
        "created_at": now - 3600.0 * number,
        "due_at": now + 3600.0 * (number - 10),
        "priority": float(number % 4 + 1),
        "category": ("fix", "docs", "feat")[number % 3],
    }


def _hash(
    store: FeatureStore, fields: Sequence[tuple[FeatureView, str]], user_id: str
) -> tuple[bytes, list[bytes]]:
    """Return the Redis key of a user and the hash fields that hold columns and event times."""
    layouts = {view.name: RowLayout.of(view, store.config) for view, _ in fields}
    names = [layouts[view.name].features[name][0] for view, name in fields]
    names += [event_time_field(name) for name in layouts]
    return next(iter(layouts.values())).key({"user_id": user_id}), names


def _times(call: Callable[[], object], count: int) -> list[float]:
    """Time calls one by one, in milliseconds, after a warm-up."""
    for _ in range(max(count // 10, 1)):
        call()
    times = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1e3)
    return times


def _report(what: str, ours: list[float], bare: list[float]) -> None:
    print(f"{what}:")
    for name, times in (("get_online_features", ours), ("bare HMGET", bare)):
        cuts = statistics.quantiles(times, n=100)
        print(f"  {name:20} p50 {cuts[49]:8.3f} ms   p99 {cuts[98]:8.3f} ms")
    print(f"  ratio of the p50     {statistics.median(ours) / statistics.median(bare):8.1f}")
