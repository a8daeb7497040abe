"""Feast's own commands, each in a process of its own, that import Feast only once.

`import feast` costs seconds of CPU. A fork server imports it, and every command is a fork of that
one: a process that has done nothing yet but importing Feast.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

PATIENCE_SECONDS = 90
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["feast.cli.cli", "feast.ui_server", "feast.offline_server"])


def feast(folder: Path, *command: str) -> str:
    """Run a command of Feast in a folder; return what it prints, raise if it fails."""
    return _finished(folder, _cli, *command)


def python(folder: Path, script: str) -> str:
    """Run a script in a folder; return what it prints, raise if it fails."""
    return _finished(folder, _exec, script)


@contextmanager
def feast_server(folder: Path, port: int, *command: str, says: str = "") -> Iterator[int]:
    """Run a command that serves on a port until the end of the block.

    It is ready when it listens, and has said what it says then: Feast's offline server listens
    before it has an offline store.
    """
    process, log = _started(folder, _cli, *command)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (_listens(port) and says in log.read_text(encoding="utf-8")):
            if not process.is_alive() or time.monotonic() > deadline:
                raise AssertionError(log.read_text(encoding="utf-8"))
            time.sleep(0.05)  # a port that opens tells nobody
        yield port
    finally:
        process.terminate()
        process.join(PATIENCE_SECONDS)


def _finished(folder: Path, target: Callable[..., None], *arguments: str) -> str:
    process, log = _started(folder, target, *arguments)
    process.join(PATIENCE_SECONDS)
    text = log.read_text(encoding="utf-8")
    assert process.exitcode == 0, f"{arguments}: {process.exitcode}\n{text}"
    return text


def _started(
    folder: Path, target: Callable[..., None], *arguments: str
) -> tuple[ForkServerProcess, Path]:
    # Beside the folder: Feast imports and lists what is in it.
    log = folder.with_name(f"{folder.name}-{time.monotonic_ns()}.log")
    process = _FORKS.Process(target=_in_folder, args=(folder, log, target, arguments))
    process.start()
    return process, log


def _in_folder(
    folder: Path, log: Path, target: Callable[..., None], arguments: tuple[str, ...]
) -> None:
    os.chdir(folder)
    output = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    target(*arguments)


def _cli(*command: str) -> None:
    from feast.cli.cli import cli  # noqa: PLC0415  in the fork, which has it

    cli(list(command), prog_name="feast")


def _exec(script: str) -> None:
    exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})  # noqa: S102  our own


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
