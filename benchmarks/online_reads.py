"""`get_online_features` beside Feast's own Redis store and a bare redis-py `HMGET`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from online_peers import user_id
from online_timing import Target, Times, at_least, at_most, in_turns, show, show_times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from feast import FeatureService, FeatureStore
    from online_peers import Peers

    Rows = list[dict[str, Any]]
    Asked = tuple[list[str] | FeatureService, Rows]

FIELDS = 20
CANDIDATES = 50
BATCH = 50
OURS, STOCK, BARE, COMPUTED = "ours", "stock Feast", "bare HMGET", "on-demand functions alone"


def measure(found: Peers, reads: int) -> None:
    """Measure one user, many users, and the candidates of one user.

    Args:
        found: The peers.
        reads: How often one user is read; the others less often, as they take longer.
    """
    _one_user(found, reads)
    _many_users(found, reads // 10)
    _candidates(found, reads // 4)


def profile_columns(found: Peers) -> list[tuple[str, str]]:
    """Name the first columns (view, name) of a profile."""
    columns = [(view.name, f.name) for view in found.views.values() for f in view.features]
    return columns[:FIELDS]


def references(columns: Sequence[tuple[str, str]]) -> list[str]:
    """Return columns as Feast's references."""
    return [f"{view}:{name}" for view, name in columns]


def reading(
    store: FeatureStore, features: list[str] | FeatureService, rows: Rows
) -> Callable[[], dict[str, Any]]:
    """Return the call that reads features, `to_dict` included."""

    def read() -> dict[str, Any]:
        answer: dict[str, Any] = store.get_online_features(features, rows).to_dict()
        return answer

    return read


def _one_user(found: Peers, rounds: int) -> None:
    columns = profile_columns(found)
    rows = [{"user_id": user_id(0)}]
    key, fields = found.key(user_id(0)), found.fields(columns)
    title = f"one user, {FIELDS} fields"
    beside = {BARE: lambda: found.hmget(key, fields)}
    times = _beside_bare(found, title, (references(columns), rows), beside, rounds * 2)
    _show_over_bare(times, at_most(1.3))
    tails = {name: times[name].p99 / times[name].p50 for name in times}
    show("p99/p50 of ours over that of bare HMGET", tails[OURS] / tails[BARE], at_most(1.3))
    _beside_stock(found, (references(columns), rows), rounds // 4, at_least(3.5))


def _many_users(found: Peers, rounds: int) -> None:
    columns = profile_columns(found)
    users = [user_id(number) for number in range(BATCH)]
    keys, fields = [found.key(user) for user in users], found.fields(columns)

    def bare() -> object:
        with found.client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(key, fields)  # type: ignore[arg-type]
            return pipe.execute()

    asked: Asked = (references(columns), [{"user_id": user} for user in users])
    title = f"{BATCH} users, {FIELDS} fields each"
    times = _beside_bare(found, title, asked, {BARE: bare}, rounds)
    print(f"  ours over bare HMGET in a pipeline: {times[OURS].p50 / times[BARE].p50:.2f}")
    _beside_stock(found, asked, rounds // 2, at_least(10))


def _candidates(found: Peers, rounds: int) -> None:
    """Read `bandit_v2` for the candidates of one user, and its functions alone."""
    service = found.ours.get_feature_service("bandit_v2")
    rows = candidates(found, CANDIDATES)
    columns = [
        (name, f.name) for name in ("task_state", "tip_state") for f in found.views[name].features
    ]
    key, fields = found.key(user_id(0)), found.fields(columns)
    beside = {
        BARE: lambda: found.hmget(key, fields),
        COMPUTED: _functions(found, service, columns, rows),
    }
    title = f"bandit_v2, one user, {CANDIDATES} candidates"
    times = _beside_bare(found, title, (service, rows), beside, rounds)
    ours, bare, computed = times[OURS], times[BARE], times[COMPUTED]
    rest = "ours without its functions, over bare HMGET"
    show(f"{rest}, p50", (ours.p50 - computed.p50) / bare.p50, at_most(1.6))
    show("the same, of the fastest tenth", (ours.p10 - computed.p10) / bare.p10, at_most(1.6))
    show("the functions alone, milliseconds, p50", computed.p50, at_most(0.3))
    show("the same, of the fastest tenth", computed.p10, at_most(0.3))
    _beside_stock(found, (service, rows), rounds // 4, at_least(12))


def candidates(found: Peers, count: int) -> Rows:
    """Make candidate tasks of one user."""
    now = found.now.timestamp() + 60.5
    return [
        {
            "user_id": user_id(0),
            "now": now,
            "utc_offset_minutes": 60,
            "created_at": now - 3600.0 * (number + 1),
            "due_at": now + 3600.0 * (number - 10),
            "priority": float(number % 4 + 1),
            "category": ("fix", "docs", "feat")[number % 3],
        }
        for number in range(count)
    ]


def _functions(
    found: Peers, service: FeatureService, columns: Sequence[tuple[str, str]], rows: Rows
) -> Callable[[], object]:
    """Return the call of a service's on-demand functions on columns that are read already."""
    state = found.ours.get_online_features(references(columns), rows[:1]).to_dict()
    # One value that all rows share, as our store hands it over.
    inputs = {f"{view}__{name}": state[name] * len(rows) for view, name in columns}
    inputs |= {name: [row[name] for row in rows] for name in rows[0]}
    calls = []
    for part in service.feature_view_projections:
        view = found.ours.get_on_demand_feature_view(part.name)
        told = {view.tags["requested_outputs"]: tuple(field.name for field in part.features)}
        if view.feature_transformation is not None:
            calls.append((view.feature_transformation.udf, inputs | told))

    def compute() -> object:
        return [function(columns) for function, columns in calls]

    return compute


def _beside_bare(
    found: Peers,
    title: str,
    asked: Asked,
    beside: Mapping[str, Callable[[], object]],
    rounds: int,
) -> dict[str, Times]:
    """Time ours in turns with calls of nearly its length: a long one would cool the caches."""
    times = in_turns({OURS: reading(found.ours, *asked), **beside}, rounds)
    show_times(title, times)
    return times


def _beside_stock(found: Peers, asked: Asked, rounds: int, target: Target) -> None:
    """Time ours in turns with stock, which answers the same or is not worth comparing."""
    calls = {OURS: reading(found.ours, *asked), STOCK: reading(found.stock, *asked)}
    ours, stock = (calls[name]() for name in (OURS, STOCK))
    if ours != stock:
        different = {name for name in ours | stock if ours.get(name) != stock.get(name)}
        raise SystemExit(f"ours and stock Feast do not answer the same: {sorted(different)}")
    times = in_turns(calls, rounds)
    show_times("  in turns with stock Feast", times)
    show("stock Feast over ours, p50", times[STOCK].p50 / times[OURS].p50, target)
    show("the same, of the fastest tenth", times[STOCK].p10 / times[OURS].p10, target)


def _show_over_bare(times: Mapping[str, Times], target: Target) -> None:
    show("ours over bare HMGET, p50", times[OURS].p50 / times[BARE].p50, target)
    show("the same, of the fastest tenth", times[OURS].p10 / times[BARE].p10, target)
