"""What `oo quality watch` costs beside a builder that takes a steady stream.

A builder and a producer in processes of their own; the watch evaluates every ten seconds, six times
as often as it does by itself, and is stopped and let go on in turns. Processor time is what counts,
since others may use the machine.

    python benchmarks/quality_watch.py
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import builder
import msgspec
import psutil  # type: ignore[import-untyped]
from online_timing import at_most, show

from oo_admin.quality.running import quality_file
from oo_admin.quality.store import opened
from oo_profile.apply import apply_definitions
from oo_profile.demo.feed import from_simulation
from oo_profile.demo.stage import stage
from oo_profile.demo.traffic import run_traffic
from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.registry import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oo_profile.demo.stage import Stage

RATE: Final = 1000
EVERY_SECONDS: Final = 10
MOST_SHARE: Final = 0.05
MOST_SLOWDOWN: Final = 1.03
PATIENCE_SECONDS: Final = 180.0
ANSWER_SECONDS: Final = 60
"""The builder counts its signals for its metrics, which takes seconds where there are millions."""

SOURCE: Final = Path(__file__).with_name("signal_source.py")
_OO: Final = (sys.executable, "-W", "ignore", "-m", "oo_profile.cli")
_HANDLED: Final = re.compile(rb"^oo_signals_total\{[^}]*\} (\S+)", re.MULTILINE)
_BATCHES: Final = re.compile(rb"^oo_batch_messages_count (\S+)", re.MULTILINE)
_WAITING: Final = re.compile(rb"^oo_consumer_waiting_messages (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Period:
    """What some seconds came to.

    Attributes:
        signals: Signals that the builder handled.
        batches: In so many batches.
        builder_us: Processor time of the builder, microseconds.
        watch_share: Processor time of the watch over the time that passed.
    """

    signals: float
    batches: float
    builder_us: float
    watch_share: float


def main() -> None:
    """Make a small store, and measure in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=2000)
    add_options(parser)
    options = parser.parse_args()
    with stage(builder.PROJECT / "feature_repo", keep=False) as on:
        apply_definitions(on.settings)
        path = on.folder / "base.jsonl"
        made = from_simulation(options.users, 22, options.seed, path, builder.NOW)
        run_traffic(on.settings, open_store(on.settings), [made], bars=False)
        measure(on, options)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `measure` takes."""
    parser.add_argument("--watch-rounds", type=int, default=8, help="with and without the watch")
    parser.add_argument("--watch-seconds", type=int, default=10, help="each")
    parser.add_argument("--watch-users", type=int, default=50_000, help="who send the stream")


def measure(on: Stage, options: argparse.Namespace) -> None:
    """Print what the watch takes, and what the builder takes with and without it.

    Args:
        on: Where; a store that was filled.
        options: See `add_options`.
    """
    port = free_port()
    with contextlib.ExitStack() as exits:
        built = exits.enter_context(_process("run", "--metrics-port", str(port)))
        _until(lambda: _handled(port) is not None, "the builder's metrics")
        rounds, seconds = options.watch_rounds, options.watch_seconds
        exits.enter_context(_source(on, 2 * rounds * seconds + 300, options.watch_users))
        _until(lambda: (_handled(port) or 0) > RATE, "the first signals")
        evaluated_us = _evaluated_us(on)
        watch = exits.enter_context(_process("quality", "watch", "--every", str(EVERY_SECONDS)))
        # What it does at its start, and once a day, is over with the second evaluation.
        for _ in range(2):
            evaluated_us = _evaluated_since(on, evaluated_us)
        print(f"watch: {_seconds(watch):.1f} s of CPU up to its second evaluation")
        with contextlib.suppress(SystemExit):
            # On a busy machine it may never: then it works in large batches, with and without.
            _until(lambda: (_read(port, _WAITING) or 0) < RATE / 2, "", PATIENCE_SECONDS / 6)
        alone, beside = _in_turns(watch, built, port, rounds, seconds)
    share = statistics.fmean(period.watch_share for period in beside)
    print(f"at {RATE:,} signals/s, an evaluation every {EVERY_SECONDS} s:")
    show("the watch, % of a core", 100 * share, at_most(100 * MOST_SHARE))
    for name, periods in (("without", alone), ("with", beside)):
        size = sum(p.signals for p in periods) / max(sum(p.batches for p in periods), 1)
        told = f"the builder {name} it, us of CPU a signal"
        print(f"  {told:50} {_cost(periods):8.1f}, in batches of {size:.0f}")
    costs = [_cost([period]) for period in (*alone, *beside)]
    noise = statistics.stdev(costs) / statistics.fmean(costs) * (4 / len(costs)) ** 0.5
    print(f"  {'standard error of the ratio below':50} {noise:8.2f}")
    show("with over without", _cost(beside) / _cost(alone), at_most(MOST_SLOWDOWN))


def _cost(periods: Sequence[Period]) -> float:
    return sum(p.builder_us for p in periods) / max(sum(p.signals for p in periods), 1)


def _in_turns(
    watch: psutil.Process, built: psutil.Process, port: int, rounds: int, seconds: int
) -> tuple[list[Period], list[Period]]:
    """Return the periods without the watch, and those with it."""
    alone: list[Period] = []
    beside: list[Period] = []
    for number in range(rounds):
        for with_it in (number % 2 == 0, number % 2 == 1):
            (watch.resume if with_it else lambda: _pause(watch))()
            (beside if with_it else alone).append(_period(watch, built, port, seconds))
    return alone, beside


def _period(watch: psutil.Process, built: psutil.Process, port: int, seconds: int) -> Period:
    before = (_seconds(built), _seconds(watch), *_counts(port))
    began = time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - began
    after = (_seconds(built), _seconds(watch), *_counts(port))
    built_for, watched, signals, batches = (b - a for a, b in zip(before, after, strict=True))
    return Period(signals, batches, 1e6 * built_for, watched / passed)


def _counts(port: int) -> tuple[float, float]:
    handled, batches = _handled(port), _read(port, _BATCHES)
    if handled is None or batches is None:
        raise SystemExit("the builder does not answer any more; nothing was measured")
    return handled, batches


def _pause(process: psutil.Process) -> None:
    """Stop a process while it waits, so that it holds nothing meanwhile."""
    while process.status() != psutil.STATUS_STOPPED:
        before = _seconds(process)
        time.sleep(0.3)
        if _seconds(process) == before and process.status() == psutil.STATUS_SLEEPING:
            process.suspend()
            time.sleep(0.1)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _handled(port: int) -> float | None:
    """Return how many signals the builder has handled; None: it does not answer yet."""
    return _read(port, _HANDLED)


def _read(port: int, line: re.Pattern[bytes]) -> float | None:
    """Add up a metric of the builder; None: it does not answer yet."""
    address = f"http://{LOOPBACK}:{port}/metrics"
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS) as answer:
            return sum(map(float, line.findall(answer.read())))
    except OSError:
        return None


def _evaluated_since(on: Stage, before_us: int) -> int:
    """Wait for an evaluation after another one; return when it was, microseconds."""
    _until(lambda: _evaluated_us(on) > before_us, "an evaluation")
    return _evaluated_us(on)


def _evaluated_us(on: Stage) -> int:
    path = quality_file(on.settings)
    if not path.exists():
        return 0
    with opened(path) as store:
        return store.mark("evaluated_us")


def _until(is_so: Callable[[], bool], what: str, patience: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {patience:.0f} s")
        time.sleep(0.2)


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[psutil.Process]:
    with subprocess.Popen(  # noqa: S603 - our own commands
        [*_OO, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        running = psutil.Process(process.pid)
        try:
            yield running
        finally:
            running.resume()
            process.terminate()


@contextlib.contextmanager
def _source(on: Stage, seconds: int, users: int) -> Iterator[None]:
    order = msgspec.json.encode(
        {"nats": on.settings.nats, "rate": RATE, "seconds": seconds, "users": users}
    )
    with subprocess.Popen([sys.executable, str(SOURCE), order.decode()]) as process:  # noqa: S603 - our own
        try:
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
