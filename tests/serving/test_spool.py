"""Signals on disk: in order, whatever happens; bounded; and removed when they are to be."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from ml_serving.errors import ConfigError, SpoolInUseError
from ml_serving.segments import Outgoing
from ml_serving.spool import Spool, SpoolConfig

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 400
"""Bytes of a segment that holds some signals."""

USERS = ("ada", "bob", 'c"\\é')


def signal(number: int, user_id: str = "ada") -> Outgoing:
    """Make a signal that is told apart by a number."""
    message = {"event_id": f"e{number}", "user_id": user_id}
    return Outgoing("signals.tip.shown", msgspec.Raw(msgspec.json.encode(message)))


def opened(folder: Path, **config: object) -> Spool:
    """Open a spool with small segments."""
    return Spool(SpoolConfig(folder, **{"segment_bytes": SMALL, **config}), time.time)  # type: ignore[arg-type]  # as the config takes them


def drained(spool: Spool, limit: int = 3) -> list[bytes]:
    """Take everything out, some at a time."""
    found: list[bytes] = []
    while signals := spool.head(limit, SMALL):
        found += [bytes(one.data) for one in signals]
        spool.done(signals)
    return found


def texts(*signals: Outgoing) -> list[bytes]:
    """Return the messages of signals."""
    return [bytes(one.data) for one in signals]


def test_signals_leave_in_order_and_leave_nothing_behind(tmp_path: Path) -> None:
    """What was appended comes out as it was, over many segments, and the files go."""
    signals = [signal(number) for number in range(50)]
    with opened(tmp_path) as spool:
        for one in signals:
            assert spool.append([one]) == 1
        assert len(list(tmp_path.glob("*.jsonl"))) > 5
        assert drained(spool) == texts(*signals)
        assert (len(spool), spool.size_bytes) == (0, 0)
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_segment_is_what_oo_publish_reads(tmp_path: Path) -> None:
    """An operator may send the lines by hand."""
    with opened(tmp_path) as spool:
        spool.append([signal(1)])
    (line,) = (tmp_path / "000000000001.jsonl").read_text(encoding="utf-8").splitlines()
    assert msgspec.json.decode(line) == {
        "subject": "signals.tip.shown",
        "data": {"event_id": "e1", "user_id": "ada"},
    }


def test_a_restart_sends_a_segment_again_that_was_not_through(tmp_path: Path) -> None:
    """Nothing is lost, and what comes twice comes under the same id and in the same order."""
    signals = [signal(number) for number in range(4)]
    with opened(tmp_path) as spool:
        spool.append(signals)
        spool.done(spool.head(2, SMALL))
        assert len(spool) == 2
    with opened(tmp_path) as spool:
        assert len(spool) == 4
        spool.append([signal(9)])
        assert drained(spool) == texts(*signals, signal(9))


def test_a_line_that_was_cut_off_is_none(tmp_path: Path) -> None:
    """A process that dies while it writes has promised nothing of that line."""
    with opened(tmp_path) as spool:
        spool.append([signal(1)])
    with (tmp_path / "000000000001.jsonl").open("ab") as file:
        file.write(signal(2).line()[:-1])
    with opened(tmp_path) as spool:
        assert len(spool) == 1
        spool.append([signal(3)])
        assert drained(spool) == texts(signal(1), signal(3))


def test_a_damaged_line_is_kept_aside_and_holds_up_nothing(tmp_path: Path) -> None:
    """The rest of its segment goes on; the file stays for people to look at."""
    with opened(tmp_path) as spool:
        spool.append([signal(1)])
    with (tmp_path / "000000000001.jsonl").open("ab") as file:
        file.write(b'{"subject": "signals.t\n' + signal(2).line())
    with opened(tmp_path) as spool:
        assert drained(spool) == texts(signal(1), signal(2))
        spool.append([signal(3)])
        assert drained(spool) == texts(signal(3))
    assert [path.name for path in tmp_path.glob("*.damaged")] == ["000000000001.damaged"]


def test_a_full_spool_takes_the_first_that_fit_and_says_so(tmp_path: Path) -> None:
    """What is there stays, and room that is made is used."""
    room = 3 * len(signal(1).line())
    with opened(tmp_path, max_bytes=room) as spool:
        assert spool.append([signal(1), signal(2)]) == 2
        assert spool.append([signal(3), signal(4)]) == 1
        assert spool.append([signal(4)]) == 0
        assert drained(spool) == texts(signal(1), signal(2), signal(3))
        assert spool.append([signal(4)]) == 1


def _refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("is_undone", [True, False])
def test_a_disk_that_is_full_loses_nothing_that_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_undone: bool
) -> None:
    """Whole lines and part of one may be on it then: they are taken back, or else counted."""
    write = os.write

    def most(descriptor: int, payload: bytes) -> int:
        write(descriptor, payload[: len(payload) * 5 // 6])
        return _refuse()

    refused = [signal(number) for number in (2, 3, 4)]
    with opened(tmp_path) as spool:
        assert spool.append([signal(1)]) == 1
        with monkeypatch.context() as full:
            full.setattr(os, "write", most)
            if not is_undone:
                full.setattr(os, "ftruncate", _refuse)
            assert spool.append(refused) == 0
        assert spool.append([signal(5)]) == 1
        left = [signal(1), *([] if is_undone else refused[:2]), signal(5)]
        assert len(spool) == len(left)
        assert drained(spool) == texts(*left)
        assert (len(spool), spool.size_bytes) == (0, 0)


def test_a_full_disk_gets_no_file_for_each_signal_that_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may be full for hours, and each look at the folder would take longer."""
    with opened(tmp_path) as spool:
        with monkeypatch.context() as full:
            full.setattr(os, "write", _refuse)
            assert [spool.append([signal(number)]) for number in range(9)] == [0] * 9
        assert len(list(tmp_path.glob("*.jsonl"))) == 1
        assert spool.append([signal(9)]) == 1
        assert drained(spool) == texts(signal(9))


@pytest.mark.parametrize("is_first", [True, False])
def test_a_segment_that_is_taken_away_holds_up_nothing(tmp_path: Path, *, is_first: bool) -> None:
    """Be it the one that leaves or the one that is written: what comes after is on the disk."""
    with opened(tmp_path) as spool:
        spool.append([signal(number) for number in range(10)])
        spool.append([signal(10)])
        leaving = spool.head(3, SMALL)
        (tmp_path / f"00000000000{1 if is_first else 2}.jsonl").unlink()
        spool.done(leaving[:1])
        spool.append([signal(11)])
        left = [10, 11] if is_first else [*range(1, 10), 11]
        assert texts(*spool.head(1, SMALL)) == texts(signal(left[0]))
        assert len(spool) == len(left)
        assert spool.size_bytes == sum(path.stat().st_size for path in tmp_path.glob("*.jsonl"))
        if is_first:
            spool.done(leaving)
        assert drained(spool) == texts(*map(signal, left))
        assert (len(spool), spool.expire(), spool.forget("ada")) == (0, 0, 0)


def test_a_forgotten_user_is_removed_also_from_what_is_about_to_leave(tmp_path: Path) -> None:
    """His lines go, those of others stay, in order and as old as they were."""
    with opened(tmp_path) as spool:
        spool.append([signal(number, USERS[number % 3]) for number in range(9)])
        leaving = spool.head(4, SMALL)
        assert spool.forget(USERS[2]) == 3
        assert spool.forget(USERS[2]) == 0
        spool.done(leaving[:2])
        assert len(spool) == 4
        content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert msgspec.json.encode(USERS[2]) not in content
        assert drained(spool) == texts(
            *(signal(number, USERS[number % 3]) for number in (3, 4, 6, 7))
        )


def test_what_has_waited_too_long_is_removed_and_counted(tmp_path: Path) -> None:
    """Nothing of a person stays for longer than the time that is stated."""
    ahead = timedelta(0)

    def clock() -> float:
        return time.time() + ahead.total_seconds()

    config = SpoolConfig(tmp_path, max_age=timedelta(days=7), segment_age=timedelta(hours=1))
    with Spool(config, clock) as spool:
        spool.append([signal(1), signal(2)])
        assert spool.expire() == 0
        ahead = timedelta(days=6)
        spool.append([signal(3)])
        os.utime(tmp_path / "000000000002.jsonl", (clock(), clock()))
        ahead = timedelta(days=8)
        assert spool.expire() == 2
        assert drained(spool) == texts(signal(3))


def test_two_processes_do_not_share_a_spool(tmp_path: Path) -> None:
    """Each would send what the other has sent."""
    with opened(tmp_path), pytest.raises(SpoolInUseError, match="OO_SERVING_SPOOL"):
        opened(tmp_path)
    with opened(tmp_path) as spool:
        assert len(spool) == 0


def test_bounds_that_allow_nothing_are_refused(tmp_path: Path) -> None:
    """A spool that takes nothing would be found out too late."""
    with pytest.raises(ConfigError, match="above 0"):
        SpoolConfig(tmp_path, max_bytes=0)


def test_a_spool_behaves_like_a_list_through_any_course(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Appends, partial drains, forgetting and restarts, in any order."""

    class Course(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.folder = tmp_path_factory.mktemp("spool")
            self.spool = opened(self.folder)
            self.waiting: list[Outgoing] = []
            self.number = 0

        @rule(users=st.lists(st.sampled_from(USERS), min_size=1, max_size=4))
        def append(self, users: list[str]) -> None:
            signals = [signal(self.number + place, user) for place, user in enumerate(users)]
            self.number += len(signals)
            assert self.spool.append(signals) == len(signals)
            self.waiting += signals

        @rule(limit=st.integers(1, 6))
        def drain(self, limit: int) -> None:
            signals = self.spool.head(limit, 10**6)
            assert texts(*signals) == texts(*self.waiting[: len(signals)])
            assert bool(signals) == bool(self.waiting)
            self.spool.done(signals)
            del self.waiting[: len(signals)]

        @rule(user=st.sampled_from(USERS))
        def forget(self, user: str) -> None:
            his = [one for one in self.waiting if one.user_id == user]
            assert self.spool.forget(user) == len(his)
            self.waiting = [one for one in self.waiting if one.user_id != user]

        @rule()
        def restart(self) -> None:
            self.spool.close()
            # The segment that was not through comes again, so its beginning does.
            there = self.everything()
            assert texts(*there)[len(there) - len(self.waiting) :] == texts(*self.waiting)
            self.spool, self.waiting = opened(self.folder), there

        def everything(self) -> list[Outgoing]:
            lines = [
                line
                for path in sorted(self.folder.glob("*.jsonl"))
                for line in path.read_bytes().splitlines()
            ]
            return [msgspec.json.decode(line, type=Outgoing) for line in lines]

        @invariant()
        def counts(self) -> None:
            assert len(self.spool) == len(self.waiting)
            size = sum(path.stat().st_size for path in self.folder.glob("*.jsonl"))
            assert self.spool.size_bytes == size

        def teardown(self) -> None:
            self.spool.close()

    run_state_machine_as_test(Course, settings=settings(max_examples=30, stateful_step_count=25))
