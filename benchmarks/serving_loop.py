"""The whole loop under load: the service ranks, people answer, the builder learns, and so on.

Servers, builder and service are processes of their own. Afterwards every decision that was logged
is held against history (`oo verify --served`), and the state against its signals (`oo verify`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nats.js.errors import NotFoundError
from serving_load import NAMES, Load
from serving_process import PROJECT, post, service

from oo_profile.apply import apply_definitions
from oo_profile.demo.stage import stage
from oo_profile.development.ports import LOOPBACK
from oo_profile.storage.database import reading
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import CONSUMER, STREAM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from oo_profile.demo.stage import Stage

LIKED = "docs"
"""Whoever is shown a tip of this category mostly does it."""

DONE_IF_LIKED, DONE_ELSE, ANSWERED = 0.7, 0.1, 0.8
WAIT_SECONDS = 600
LINES = 12
"""Of what a command says, from its end."""


@dataclass(slots=True)
class Course:
    """What came of it.

    Attributes:
        durations: Of each ranking, seconds.
        degraded: Rankings by what they had to do without.
        liked: Of each ranking in order, whether the best was of the category that is liked.
    """

    durations: list[float] = field(default_factory=list)
    degraded: Counter[str] = field(default_factory=Counter)
    liked: list[bool] = field(default_factory=list)


def main() -> None:
    """Run the loop, verify, and print what came of it; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--decisions", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rate", type=float, default=40.0, help="decisions a second")
    options = parser.parse_args()
    print(f"python {sys.version.split()[0]}, seed {options.seed}")
    with stage(PROJECT / "feature_repo", keep=False) as on, contextlib.ExitStack() as exits:
        apply_definitions(on.settings)
        running = exits.enter_context(service(on, patient=True))
        exits.enter_context(_builder())
        users = [f"user-{number:03}" for number in range(options.users)]
        asyncio.run(_publish(on, _past(users, options.seed)))
        asyncio.run(_wait_for_builder(on))
        load = Load(users, options.candidates, options.connections)
        began = time.perf_counter()
        course = asyncio.run(_run(on, load, running.port, options))
        seconds = time.perf_counter() - began
        asyncio.run(_wait_for_builder(on))
        _show(course, seconds)
        _show_signals(on)
        verified = [_oo("verify", "--served"), _oo("verify")]
    sys.exit(any(verified))


async def _run(on: Stage, load: Load, port: int, options: argparse.Namespace) -> Course:
    course, numbers, began = Course(), itertools.count(), time.perf_counter()
    async with nats_connection(on.settings.nats) as connection:

        async def person(number: int) -> None:
            chance = random.Random(options.seed + number)
            async with _opened(port) as (reader, writer):
                while (decision := next(numbers)) < options.decisions:
                    due = began + decision / options.rate
                    await asyncio.sleep(due - time.perf_counter())
                    request = load.request(decision)
                    done = await _one(reader, writer, request, course, chance)
                    if done is not None:
                        await connection.publish(done.subject, done.data)

        await asyncio.gather(*map(person, range(load.connections)))
        await connection.flush()
    return course


@contextlib.asynccontextmanager
async def _opened(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    yield reader, writer
    writer.close()
    await writer.wait_closed()


async def _one(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: dict[str, Any],
    course: Course,
    chance: random.Random,
) -> SignalLine | None:
    """Ask for a tip and mostly answer it; return that its task was completed, if it was."""
    began = time.perf_counter()
    answer = json.loads(await post(reader, writer, "/rank", json.dumps(request).encode()))
    course.durations.append(time.perf_counter() - began)
    course.degraded.update(answer["degraded"] or ["nothing"])
    category = {task["id"]: task["category"] for task in request["candidates"]}
    course.liked.append(category[answer["ranking"][0]["id"]] == LIKED)
    if chance.random() > ANSWERED:
        return None
    given = _answer_to(request, answer, chance)
    await post(reader, writer, "/feedback", json.dumps(given).encode())
    if given["action"] != "done":
        return None
    return _completed(request["user_id"], answer["tip_id"], answer["category"], given["now"])


def _answer_to(
    request: dict[str, Any], answer: dict[str, Any], chance: random.Random
) -> dict[str, Any]:
    done = DONE_IF_LIKED if answer["category"] == LIKED else DONE_ELSE
    return {
        "user_id": request["user_id"],
        "tip_id": answer["tip_id"],
        "category": answer["category"],
        "action": "done" if chance.random() < done else "dismiss",
        "now": time.time(),
        "utc_offset_minutes": request["utc_offset_minutes"],
        "echo": answer["echo"],
    }


def _past(users: Sequence[str], seed: int) -> list[SignalLine]:
    """Give every user a past: twenty tasks in as many days."""
    chance, now = random.Random(seed), time.time()
    return [
        _completed(user, f"past-{days}", chance.choice(NAMES), now - days * 86_400.0)
        for user in users
        for days in range(20, 0, -1)
    ]


def _completed(user_id: str, task_id: str, category: str, at: float) -> SignalLine:
    signal = {
        "event_id": f"completed-{task_id}",
        "user_id": user_id,
        "occurred_at": datetime.fromtimestamp(at, UTC).isoformat(),
        "utc_offset_minutes": 120,
        "task_id": task_id,
        "category": category,
    }
    return SignalLine("signals.task.completed", json.dumps(signal).encode())


async def _publish(on: Stage, lines: list[SignalLine]) -> None:
    async with nats_connection(on.settings.nats) as connection:
        await publish(connection, lines)


@contextlib.contextmanager
def _builder() -> Iterator[None]:
    command = [sys.executable, "-m", "oo_profile.cli", "run"]
    process = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _wait_for_builder(on: Stage) -> None:
    """Wait until a builder has acknowledged all that is in the stream."""
    async with nats_connection(on.settings.nats) as connection, asyncio.timeout(WAIT_SECONDS):
        jetstream = connection.jetstream(timeout=WAIT_SECONDS)
        while True:
            with contextlib.suppress(NotFoundError):  # it has not come so far yet
                found = await jetstream.consumer_info(STREAM, CONSUMER)
                if found.num_pending == found.num_ack_pending == 0:
                    return
            await asyncio.sleep(0.2)


def _show(course: Course, seconds: float) -> None:
    decisions = len(course.durations)
    cuts = statistics.quantiles(course.durations, n=100)
    tenth = decisions // 10
    first, last = (sum(part) / tenth for part in (course.liked[:tenth], course.liked[-tenth:]))
    print(f"{decisions:,} decisions in {seconds:.0f} s, none failed")
    print(f"  p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms")
    print(f"  done without: {dict(course.degraded)}")
    print(f"  a liked tip is ranked first: {first:.0%} in the first tenth, {last:.0%} in the last")


def _show_signals(on: Stage) -> None:
    with reading(on.settings.db) as connection:
        found = connection.execute("SELECT subject, count(*) FROM signals GROUP BY subject")
        print("  " + ", ".join(f"{count:,} {subject}" for subject, count in found.fetchall()))


def _oo(*arguments: str) -> int:
    print(f"oo {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "oo_profile.cli", *arguments]
    done = subprocess.run(command, cwd=PROJECT, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    print("\n".join(f"  {line}" for line in done.stdout.splitlines()[-LINES:]))
    return done.returncode


if __name__ == "__main__":
    main()
