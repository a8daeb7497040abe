"""`oo run` builds until it is told to stop, and then ends in good order."""

from __future__ import annotations

import json
import signal as signals
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support.building import (
    Backlog,
    backlog,
    minutes_ago,
    number_of,
    publish_signals,
    served_states,
    stored_states,
)
from support.world import DEADLINE_SECONDS, signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.world import World

pytestmark = [pytest.mark.live, pytest.mark.slow]

COUNT = 50


@contextmanager
def running(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own, which is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "oo_profile.cli", "run", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is true, but not for ever."""
    done = threading.Event()
    for _ in range(DEADLINE_SECONDS * 20):
        if condition() or done.wait(0.05):
            return
    pytest.fail("it did not come true")


def events(log: str) -> dict[str, dict[str, str]]:
    """Return the context of each event of a log, by its name; every line is JSON."""
    lines = [json.loads(line) for line in log.splitlines()]
    return {line["event"]: {key: str(value) for key, value in line.items()} for line in lines}


def text_events(log: str) -> dict[str, dict[str, str]]:
    """Return the same of a log for a terminal, whose first line is for whoever waits."""
    parts = [line.split() for line in log.splitlines()[1:]]
    return {name: dict(word.split("=", 1) for word in words) for _, _, name, *words in parts}


@pytest.mark.parametrize(
    ("number", "options", "read"),
    [
        (signals.SIGTERM, (), text_events),
        (signals.SIGINT, ("--log-format", "json", "--metrics-port", "0"), events),
    ],
)
def test_a_signal_ends_it_in_good_order(
    world: World,
    number: signals.Signals,
    options: tuple[str, ...],
    read: Callable[[str], dict[str, dict[str, str]]],
) -> None:
    """It exits with 0, everything is stored, served and acknowledged, and the totals are told."""
    moods = [
        signal("mood.logged", f"u{n % 5}", minutes_ago(2), f"e{n}", score=3) for n in range(COUNT)
    ]
    publish_signals(world, [*moods, moods[0], ("signals.mood.logged", {})])
    with running(*options) as process:
        wait_until(lambda: number_of(world, "rejected_signals") == 1)
        process.send_signal(number)
        out, log = process.communicate(timeout=DEADLINE_SECONDS)
    told = f"{COUNT} signals stored, 1 duplicates, 1 rejected, 0 kept out\n"
    assert (process.returncode, out) == (0, told)
    told_events = read(log)
    assert told_events["builder.started"]["database"] == str(world.settings.db)
    assert told_events["builder.stopped"]["handled"] == str(COUNT + 2)
    assert ("insight.serving" in told_events) == bool(options)
    assert "Registry cache" not in log
    assert backlog(world) == Backlog(0, 0)
    assert served_states(world) == stored_states(world)


def test_without_nats_it_says_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is one line and code 1, without a traceback."""
    monkeypatch.setenv("OO_NATS", "nats://127.0.0.1:1")
    with running("--synchronous", "NORMAL") as process:
        out, log = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, out) == (1, "")
    assert "no NATS answers at nats://127.0.0.1:1" in log
    assert "Traceback" not in log
    assert world.settings.registry.exists()


def test_without_a_registry_it_says_what_to_do(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Definitions that were never applied are named with the command that applies them."""
    monkeypatch.setenv("OO_REGISTRY", str(tmp_path / "none.db"))
    with running() as process:
        _, log = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 1
    assert "run `oo apply`" in log
    assert not world.settings.db.exists()
