"""Hypothesis strategies for what a pair of stores holds, and for what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from support.parity_project import EVENT_TIME, Pair, Row
from support.parity_values import STRATEGIES, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feast import FeatureService, FeatureStore
    from feast.online_response import OnlineResponse

    Draw = Callable[[st.SearchStrategy[Any]], Any]

KEYS: dict[str, Sequence[str | int]] = {
    "user_id": ("u", "ü 1", "v"),
    "shop_id": (5, -(2**40)),
    "seat_id": (0, -7),
}
UNKNOWN: dict[str, str | int] = {"user_id": "nobody", "shop_id": 404, "seat_id": 404}
REQUEST = {
    # As every client has it, of the declared types: what Feast guesses otherwise is its own.
    "now": st.floats(0, 2e9).filter(lambda now: not now.is_integer()),
    "steps": st.integers(-9, 9),
    "words": TEXT,
}


@dataclass(frozen=True, slots=True)
class Request:
    """A call of `get_online_features`.

    Args:
        features: References, or the name of a service.
        rows: The entity rows.
        full: `full_feature_names`.
    """

    features: list[str] | str
    rows: list[dict[str, Any]]
    full: bool = False

    def of(self, store: FeatureStore) -> list[str] | FeatureService:
        """Return the features as a store takes them."""
        if isinstance(self.features, str):
            return store.get_feature_service(self.features)
        return self.features

    def ask(self, store: FeatureStore) -> OnlineResponse:
        """Call a store."""
        return store.get_online_features(self.of(store), self.rows, full_feature_names=self.full)


@st.composite
def stored_rows(draw: Draw, pair: Pair) -> list[Row]:
    """Draw rows of any views, at most one of an entity and view."""
    rows: dict[tuple[Any, ...], Row] = {}
    for name in draw(st.lists(st.sampled_from(sorted(pair.views)), max_size=6)):
        view = pair.views[name]
        keys = {key: draw(st.sampled_from(KEYS[key])) for key in view.join_keys if key in KEYS}
        values = {f.name: draw(st.none() | STRATEGIES[f.dtype]) for f in view.features}
        late = timedelta(microseconds=draw(st.integers(0, 10**9)))
        rows[name, *keys.values()] = Row(name, keys, values, EVENT_TIME + late)
    return list(rows.values())


@st.composite
def requests(draw: Draw, pair: Pair) -> Request:
    """Draw a request with one to four entity rows, repeated and unknown entities among them."""
    return Request(
        draw(_service_names(pair) | _references(pair)),
        draw(st.lists(_entity_row(), min_size=1, max_size=4)),
        full=draw(st.booleans()),
    )


def _service_names(pair: Pair) -> st.SearchStrategy[str]:
    return st.sampled_from([service.name for service in pair.declared.services])


def _references(pair: Pair) -> st.SearchStrategy[list[str]]:
    known = [
        f"{view.name}:{feature.name}"
        for view in (*pair.declared.views, *pair.declared.computed)
        for feature in view.features
    ]
    return st.lists(st.sampled_from(known), min_size=1, max_size=6, unique=True)


def _entity_row() -> st.SearchStrategy[dict[str, Any]]:
    keys = {name: st.sampled_from([*known, UNKNOWN[name]]) for name, known in KEYS.items()}
    row = st.fixed_dictionaries({**keys, **REQUEST})
    # Feast takes a renamed key's column from the last that fits, so this one stands last.
    return st.tuples(row, keys["user_id"]).map(lambda pair: {**pair[0], "friend_id": pair[1]})
