"""What Redis keeps on disk is written anew, so that what was deleted is not in it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.redis_servers import ConfiguredRedis

from oo_stores.redis.persistence import rewrite_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

USER = "ada-5f2c81"


@pytest.mark.parametrize("lines", [("save 3600 1",), ("appendonly yes", 'save ""')])
def test_a_deleted_key_is_in_no_file(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """Neither in the snapshot nor in the append-only file, and the other keys still are."""
    with ConfiguredRedis(tmp_path, *lines) as server, server.client() as client:
        client.set(USER, 1)
        client.set("somebody-else", 1)
        rewrite_files(client)
        assert _names(tmp_path, USER)
        client.delete(USER)
        assert rewrite_files(client) == "written anew"
        assert not _names(tmp_path, USER)
        assert _names(tmp_path, "somebody-else")


def test_a_redis_without_files_has_nothing_to_write(tmp_path: Path) -> None:
    """And says so."""
    with ConfiguredRedis(tmp_path) as server, server.client() as client:
        assert rewrite_files(client) == "nothing on disk"


def test_a_redis_that_does_not_tell_is_unknown(tmp_path: Path) -> None:
    """As many are that are rented."""
    line = 'rename-command CONFIG ""'
    with ConfiguredRedis(tmp_path, line) as server, server.client() as client:
        assert rewrite_files(client) == "unknown"


def _names(folder: Path, text: str) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return any(text.encode() in path.read_bytes() for path in files)
