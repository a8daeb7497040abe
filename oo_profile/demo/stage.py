"""Where the demo happens: servers on free ports, files in a folder of their own."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oo_profile.development.dev_servers import KEPT_FOLDER, DevServers, kept_servers
from oo_profile.development.kept_pages import end_pages
from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Stage:
    """Running servers and where everything is.

    Attributes:
        folder: All files of the demo.
        settings: What the environment says as well, for Feast.
        pages_port: Where the pages for admins are to be.
    """

    folder: Path
    settings: Settings
    pages_port: int

    @property
    def environment_file(self) -> Path:
        """The file that names the stage to a shell."""
        return self.folder / "env.sh"

    def name(self, variable: str, value: str) -> None:
        """Add a variable to the environment file."""
        with self.environment_file.open("a", encoding="utf-8") as file:
            file.write(f"export {variable}={shlex.quote(value)}\n")


@contextlib.contextmanager
def stage(repo: Path, *, keep: bool) -> Iterator[Stage]:
    """Start servers for a demo, and stop them at the end.

    The environment of this process names them meanwhile, since that is where Feast looks.

    Args:
        repo: The folder of the feature definitions.
        keep: Leave servers and files in `.demo` of the project, beside a file `env.sh` that
            names them to a shell. What an earlier demo left there is stopped and removed.
    """
    with contextlib.ExitStack() as exits:
        folder = _kept(repo) if keep else Path(exits.enter_context(_temporary()))
        redis, nats = (LOOPBACK, free_port()), (LOOPBACK, free_port())
        servers = DevServers(folder / "servers", redis=redis, nats=nats)
        servers.up()
        if not keep:
            exits.callback(servers.down)
            exits.callback(end_pages, folder)
        environment = {
            "OO_REPO": str(repo),
            "OO_DB": str(folder / "oo.db"),
            "OO_REGISTRY": str(folder / "registry.db"),
            "OO_REDIS": f"{redis[0]}:{redis[1]}",
            "OO_NATS": f"nats://{nats[0]}:{nats[1]}",
            # Its signals are of any year: a state is as old as it is at the request's clock.
            "OO_TTL_CLOCK": "now",
            "OO_ADMIN_DB": str(folder / "admin.db"),
            "OO_ADMIN_PORT": str(free_port()),
        }
        exits.enter_context(_named(environment))
        on = Stage(folder, Settings.load(os.environ, repo), int(environment["OO_ADMIN_PORT"]))
        for name, value in environment.items():
            on.name(name, value)
        yield on


def _kept(repo: Path) -> Path:
    folder = repo.parent / KEPT_FOLDER
    if folder.exists():
        end_pages(folder)
        kept_servers(repo.parent).down()
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="oo-demo-")


@contextlib.contextmanager
def _named(environment: dict[str, str]) -> Iterator[None]:
    """Set variables of this process, and put back what they were."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
