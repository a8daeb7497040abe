"""A work log becomes tasks, and sessions made of runs of work."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.real_data import WORK_LOG, needs_work_log

from oo_profile.errors import WorkLogError
from oo_profile.inputs.sessions import SESSION_GAP, SHORTEST_SESSION, sessions_of
from oo_profile.inputs.tasks import Task, task_signals
from oo_profile.inputs.work_log import read_work_log, work_log_signals
from oo_transforms.signals import AppSession, decode

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "user_id,task_id,category,created_at,completed_at\n"
ROW = "ada,t1,fix,2024-05-01T09:00:00+02:00,2024-05-01T12:00:00-07:00\n"

offsets = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(1_700_000_000 + seconds, zone),
    st.integers(0, 200_000),
    offsets,
)


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    """Draw tasks of a few people."""
    count = draw(st.integers(0, 12))
    return [
        Task(
            user_id=draw(st.sampled_from(["ada", "bob"])),
            task_id=f"t{number}",
            category="fix",
            created_at=(created := draw(instants)),
            completed_at=(created + timedelta(seconds=draw(st.integers(0, 90_000)))),
        )
        for number in range(count)
    ]


@settings(deadline=None)
@given(st.lists(instants))
def test_sessions_hold_every_event_once_and_lie_two_hours_apart(events: list[datetime]) -> None:
    """Each event is in exactly one session, and no pause within one reaches the gap."""
    sessions = list(sessions_of(events))
    held = [[e for e in events if s.start <= e <= s.start + s.duration] for s in sessions]
    assert sum(map(len, held)) == len(events)
    for session, inside in zip(sessions, held, strict=True):
        ordered = sorted(inside)
        assert session.start == ordered[0]
        assert session.duration == max(ordered[-1] - ordered[0], SHORTEST_SESSION)
        assert all(b - a < SESSION_GAP for a, b in pairwise(ordered))
    for one, other in pairwise(held):
        assert min(other) - max(one) >= SESSION_GAP


@settings(deadline=None)
@given(st.lists(instants).flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))))
def test_sessions_do_not_depend_on_the_order_of_events(
    orders: tuple[list[datetime], list[datetime]],
) -> None:
    """Shuffled events give equal sessions, down to the offset of their start."""
    one, other = (
        [(run.start.isoformat(), run.duration) for run in sessions_of(events)] for events in orders
    )
    assert one == other


@settings(deadline=None)
@given(tasks())
def test_signals_of_tasks_come_in_order_and_are_valid(drawn: list[Task]) -> None:
    """Event times never go back, each signal decodes, and offsets are those of the tasks."""
    received_us = 1_800_000_000_000_000
    signals = [decode(s, _json(d), received_us) for s, d in task_signals(drawn)]
    times = [signal.occurred_at for signal in signals]
    assert times == sorted(times)
    assert len({(s.user_id, s.event_id) for s in signals}) == len(signals)
    said = Counter(s.occurred_at.isoformat() for s in signals if not isinstance(s, AppSession))
    assert said == Counter(
        at.isoformat() for task in drawn for at in (task.created_at, task.completed_at)
    )


@settings(deadline=None)
@given(tasks())
def test_every_completion_follows_its_creation(drawn: list[Task]) -> None:
    """A task is created and completed exactly once, in this order, with one category."""
    seen: dict[object, list[str]] = {}
    for subject, data in task_signals(drawn):
        if "task_id" in data:
            seen.setdefault(data["task_id"], []).append(subject.rpartition(".")[2])
    assert seen == {task.task_id: ["created", "completed"] for task in drawn}


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz"])
def test_a_row_is_read_with_the_offsets_it_has(tmp_path: Path, name: str) -> None:
    """Plain or compressed, a row becomes a task with both its local clocks."""
    text = (HEADER + ROW).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    (task,) = read_work_log(tmp_path / name)
    assert (task.user_id, task.task_id, task.category) == ("ada", "t1", "fix")
    assert task.created_at.isoformat() == "2024-05-01T09:00:00+02:00"
    assert task.completed_at.isoformat() == "2024-05-01T12:00:00-07:00"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("user_id,task_id\n", ":1: no column category, created_at, completed_at"),
        ("", ":1: no column user_id"),
        (HEADER + ROW + ROW.replace("ada", ""), ":3: user_id is empty"),
        (HEADER + "ada,t1\n", ":2: created_at is None, no RFC 3339 time"),
        (HEADER + ROW.replace("+02:00", ""), "without a UTC offset"),
        (HEADER + ROW.replace("2024-05-01T12", "2024-05-01T25"), "completed_at is '2024-05-01T25"),
        (HEADER + ROW.replace("2024-05-01T12", "2023-05-01T12"), "is before"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    """No signal is made of a log with a bad row; the error has its line and what is wrong."""
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(WorkLogError, match="a work log is a CSV with the columns") as caught:
        next(work_log_signals(path))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"no gzip",
        gzip.compress(b"user_id,\n" * 99, mtime=0)[:-9],
        gzip.compress(b"", mtime=0)[:10] + b"\xff" * 9,
    ],
    ids=["missing", "other bytes", "cut off", "damaged"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A file that is missing, damaged or cut off is an error with its path."""
    path = tmp_path / "log.csv.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WorkLogError, match=r"log\.csv\.gz"):
        list(work_log_signals(path))


@pytest.mark.data
@needs_work_log
def test_the_real_work_log_becomes_signals_of_all_its_people() -> None:
    """47,601 tasks of 2,552 people give as many creations and completions, in order."""
    signals = list(work_log_signals(WORK_LOG))
    subjects = Counter(subject for subject, _ in signals)
    assert subjects["signals.task.created"] == subjects["signals.task.completed"] == 47_601
    assert len({data["user_id"] for _, data in signals}) == 2_552
    times = [datetime.fromisoformat(str(data["occurred_at"])) for _, data in signals]
    assert times == sorted(times)
    assert times[0] == datetime(2013, 8, 13, 15, 57, 26, tzinfo=UTC)
    ids = {(data["user_id"], data["event_id"]) for _, data in signals}
    assert len(ids) == len(signals)


def _json(data: dict[str, object]) -> bytes:
    return msgspec.json.encode(data)
