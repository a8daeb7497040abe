"""The example service in a process of its own, and how requests are sent to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]

from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.stream import ensure_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_profile.demo.stage import Stage

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLE = PROJECT / "examples" / "ml_serving"
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Service:
    """A running service.

    Attributes:
        port: Where it listens.
        process: Its process.
    """

    port: int
    process: psutil.Process

    def metrics(self) -> dict[str, float]:
        """Return what it tells Prometheus, by name and labels."""
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        told = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in told}

    def cpu_seconds(self) -> float:
        """Return the processor time of its process so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def service(on: Stage, repo: Path = EXAMPLE, *, patient: bool = False) -> Iterator[Service]:
    """Run the service; stopped on leaving the context.

    Args:
        on: With its servers; a stream is made there.
        repo: A folder with a `feature_store.yaml`.
        patient: Whether it waits for Redis and NATS for as long as they take.
    """
    asyncio.run(_make_stream(on))
    port = free_port()
    environment = os.environ | {
        "OO_SERVING_REPO": str(repo),
        "OO_SERVING_SPOOL": str(on.folder / f"spool-{port}"),
    }
    if patient:
        environment |= {
            "OO_SERVING_READ_MS": "60000",
            "OO_SERVING_ACK_MS": "60000",
            "OO_SERVING_REDIS_SECONDS": "60",
        }
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", "--factory"]
    command += ["--app-dir", str(EXAMPLE.parent), "ml_serving.app:from_environment"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    with (on.folder / f"service-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        _wait(port, process)
        yield Service(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


async def post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes
) -> bytes:
    """Send a request over an open connection, and return the content of its answer.

    Raises:
        RuntimeError: It was refused.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    size = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    content = await reader.readexactly(size)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"{path} was refused: {answer!r} {content!r}")
    return content


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz").close()
            return
        time.sleep(0.1)
    raise SystemExit(f"the service on port {port} did not start")


async def _make_stream(on: Stage) -> None:
    async with nats_connection(on.settings.nats) as connection:
        await ensure_stream(connection)
