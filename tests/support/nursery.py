"""A process that has loaded Feast once and forks a builder whenever it is told to.

A builder that is killed a hundred times is to cost a fork each, not seconds of imports. The nursery
starts no thread before it forks, and says so if a library did. One order is a line of JSON on its
standard input; what it answers, on its standard output, too.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, NoReturn

from oo_profile.building.builder import BuilderConfig, Step
from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_sync import OnlineSyncConfig
from oo_profile.building.profile_features import ProfileFeatures
from oo_profile.building.service import run_builder
from oo_profile.insight.events import configure
from oo_profile.registry import open_store
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from feast import FeatureStore

    from oo_profile.settings import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What builder to fork.

    Attributes:
        kill_at: Name of the `Step` at which it kills itself; None: at none.
        times: How often it comes by that step before.
        max_batch: The most messages of a batch.
        ack_wait_seconds: After which NATS delivers again what it had when it was killed.
    """

    kill_at: str | None = None
    times: int = 0
    max_batch: int = 50
    ack_wait_seconds: float = 1.0


class Nursery:
    """The nursery, as seen by whoever gives the orders."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def fork(self, order: Order) -> int:
        """Fork a builder and return its pid."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def status(self) -> int:
        """Wait for the end of the builder that was forked last; return its exit code.

        It is the negative number of the signal that killed it.
        """
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the nursery has ended; its log says why"
        return int(line)


@contextmanager
def nursery(log: Path) -> Iterator[Nursery]:
    """Start a nursery with this process's environment; its log has what all builders said."""
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Threads of a library would not live on in a fork, and its locks would.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        ) as process,
    ):
        try:
            yield Nursery(process)
        finally:
            process.kill()


def main() -> None:
    """Fork builders until the orders end."""
    settings = current_settings()
    store = open_store(settings)
    # What they leave in caches, every builder has from its birth.
    ProfileFeatures(store)
    OnlineWriter(store)
    assert threading.active_count() == 1
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _build(settings, store, Order(**json.loads(line)))
        _say(sys.stdout, pid)
        _, status = os.waitpid(pid, 0)
        _say(sys.stdout, os.waitstatus_to_exitcode(status))


def _say(out: IO[str], number: int) -> None:
    out.write(f"{number}\n")
    out.flush()


def _build(settings: Settings, store: FeatureStore, order: Order) -> NoReturn:
    code = 0
    try:
        configure("text")
        asyncio.run(_run(settings, store, order))
    except BaseException:  # noqa: BLE001 - the loop's top: it is shown, and this process ends
        traceback.print_exc()
        code = 1
    # Past whatever the nursery would do at its own end.
    sys.stderr.flush()
    os._exit(code)


async def _run(settings: Settings, store: FeatureStore, order: Order) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_builder(
        settings,
        store,
        stop,
        # Its small batches overlap as only large ones do otherwise.
        config=BuilderConfig(
            quiet_seconds=0.02, retry_seconds=0.02, max_retry_seconds=0.1, overlap_from=1
        ),
        online_config=OnlineSyncConfig(
            look_seconds=0.1, first_pause_seconds=0.02, longest_pause_seconds=0.2
        ),
        max_batch=order.max_batch,
        ack_wait=timedelta(seconds=order.ack_wait_seconds),
        on_step=_killer(order),
    )


def _killer(order: Order) -> Callable[[Step], None]:
    """Return the hook that kills this process at its step."""
    left = order.times

    def on_step(step: Step) -> None:
        nonlocal left
        if step.name == order.kill_at:
            if left == 0:
                # What the event loop has in hand, an acknowledgement too early, gets out.
                time.sleep(0.02)
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    return on_step


if __name__ == "__main__":
    main()
