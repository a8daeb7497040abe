"""`oo up` and `oo down`, as a person types them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import redis
from live import jetstream, with_nats

from oo_profile.development.ports import LOOPBACK, free_port, is_busy
from oo_profile.transport.stream import STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live

YAML = 'project: oo\nonline_store: {connection_string: "${OO_REDIS}"}\n'


class Project:
    """A project folder with ports of its own, and `oo` run inside it."""

    def __init__(self, folder: Path) -> None:
        (folder / "feature_repo").mkdir()
        (folder / "feature_repo" / "feature_store.yaml").write_text(YAML, encoding="utf-8")
        self.folder = folder
        self.redis_port, self.nats_port = free_port(), free_port()

    def oo(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        settings = {
            "OO_REDIS": f"localhost:{self.redis_port}",
            "OO_NATS": f"nats://localhost:{self.nats_port}",
        }
        return subprocess.run(
            [sys.executable, "-m", "oo_profile.cli", *arguments],
            cwd=self.folder / "feature_repo",
            env={**os.environ, **settings, **environ},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Give a project whose servers are stopped whatever happens."""
    made = Project(tmp_path)
    yield made
    made.oo("down")


def test_up_gives_servers_that_outlive_it(project: Project) -> None:
    """After the command has ended, Redis and NATS answer and the stream is there."""
    up = project.oo("up")
    assert (up.returncode, up.stderr) == (0, "")
    assert f"redis started at 127.0.0.1:{project.redis_port} (pid " in up.stdout
    assert f"nats started at nats://127.0.0.1:{project.nats_port} (pid " in up.stdout
    assert f"stream {STREAM} made" in up.stdout
    with redis.Redis(port=project.redis_port) as client:
        assert client.ping()
    names = with_nats(
        f"nats://{LOOPBACK}:{project.nats_port}", lambda c: jetstream(c).streams_info()
    )
    assert [stream.config.name for stream in names] == [STREAM]


def test_up_again_says_so_and_down_ends_it(project: Project) -> None:
    """A second up finds them; down stops them and says so; a second down has nothing to do."""
    project.oo("up")
    again = project.oo("up")
    assert "redis was already up" in again.stdout
    assert f"stream {STREAM} found, with 0 messages" in again.stdout
    down = project.oo("down")
    assert (down.returncode, down.stderr) == (0, "")
    assert "redis stopped (" in down.stdout
    assert "nats stopped (" in down.stdout
    assert not is_busy(LOOPBACK, project.redis_port)
    assert not is_busy(LOOPBACK, project.nats_port)
    assert project.oo("down").stdout.startswith("nothing to stop")


def test_up_names_who_has_the_port(project: Project) -> None:
    """A busy port ends the command with the holder's pid and command, and nothing is started."""
    with socket.create_server((LOOPBACK, project.nats_port)):
        up = project.oo("up")
    assert (up.returncode, up.stdout) == (1, "")
    assert (
        f"nats cannot have port {project.nats_port}: it is held by pid {os.getpid()} (" in up.stderr
    )
    assert "Traceback" not in up.stderr
    assert not is_busy(LOOPBACK, project.redis_port)
