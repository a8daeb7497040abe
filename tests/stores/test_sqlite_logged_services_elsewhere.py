"""A process that only serves can read a service that is logged to SQLite elsewhere."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from support.sqlite_logs import logged_service
from support.sqlite_repo import USER, project, score_view

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import sys
from feast import FeatureStore, RepoConfig
store = FeatureStore(config=RepoConfig(
    project="shop", provider="local", registry=sys.argv[1],
    online_store={"type": "oo_stores.redis.RedisOnlineStore"}, entity_key_serialization_version=3,
))
store.config.online_store
print(*(service.logging_config.destination.table for service in store.list_feature_services()))
"""


def test_the_online_store_brings_the_destination(tmp_path: Path) -> None:
    """Feast knows a destination only by classes that were imported: the online store's are."""
    store = project(tmp_path)
    view = score_view()
    store.apply([USER, view, logged_service(view)])
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path / "registry.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["served"], done.stderr
