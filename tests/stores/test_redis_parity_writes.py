"""What either store writes, of whatever type, the other reads, and the bytes are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.parity_answers import columns
from support.parity_project import definitions, make_pair
from support.parity_requests import stored_rows

if TYPE_CHECKING:
    from feast import FeatureStore
    from support.parity_project import Pair, Row

    from oo_profile.development.servers import RedisServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]


@pytest.fixture(scope="module")
def pair(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Give a project with a feature of many types, read by both stores."""
    folder = tmp_path_factory.mktemp("pair")
    return make_pair(folder, redis_server.address, definitions(5, folder))


def hashes(pair: Pair, rows: list[Row], by: FeatureStore) -> dict[bytes, dict[bytes, bytes]]:
    """Return what Redis holds after rows were written to it by a store, but for created times."""
    pair.empty()
    pair.write(rows, by=by)
    return {
        key: {name: value for name, value in found.items() if not name.startswith(b"_created:")}
        for key, found in pair.redis.hashes().items()
    }


def read(store: FeatureStore, pair: Pair, row: Row) -> dict[str, object]:
    """Return a row as a store answers it."""
    references = [f"{row.view}:{feature.name}" for feature in pair.views[row.view].features]
    return columns(store.get_online_features(references, [{**row.keys, "any": 0}]).to_dict())


@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_both_write_the_same_hashes(pair: Pair, data: st.DataObject) -> None:
    """Keys, fields and values are byte for byte the same, but for our created times."""
    rows = data.draw(stored_rows(pair), "stored")
    assert hashes(pair, rows, pair.ours) == hashes(pair, rows, pair.stock)


@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_each_reads_what_ours_writes(pair: Pair, data: st.DataObject) -> None:
    """A row that ours wrote is answered alike by both, values and types."""
    rows = data.draw(stored_rows(pair), "stored")
    pair.empty()
    pair.write(rows, by=pair.ours)
    for row in rows:
        assert read(pair.ours, pair, row) == read(pair.stock, pair, row)
