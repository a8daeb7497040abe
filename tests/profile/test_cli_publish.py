"""`oo publish`, as a person types it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from live import jetstream, with_nats

from oo_profile.development.ports import free_port
from oo_profile.transport.signal_file import write_signals
from oo_profile.transport.stream import STREAM

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

GOOD = '{"subject": "signals.x", "data": {"n": 1}}\n'
BAD = '{"subject": "elsewhere.x", "data": {"n": 1}}\n'


def oo(
    folder: Path, url: str, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `oo publish` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "oo_profile.cli", "publish", *arguments],
        cwd=folder,
        env={**os.environ, "OO_NATS": url},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def count(url: str) -> int:
    """Return how many messages are in the stream."""
    return with_nats(url, lambda c: jetstream(c).stream_info(STREAM)).state.messages


def test_files_are_published_and_counted(tmp_path: Path, nats_url: str) -> None:
    """Plain and gzip files and standard input go into the stream, which is made."""
    write_signals(tmp_path / "a.jsonl.gz", [("signals.x", {"n": n}) for n in range(1500)])
    (tmp_path / "b.jsonl").write_text(GOOD)
    run = oo(tmp_path, nats_url, "a.jsonl.gz", "b.jsonl", "-", stdin=GOOD + GOOD)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("published 1,503 signals in ")
    assert "per second)" in run.stdout
    assert count(nats_url) == 1503


def test_a_malformed_line_in_any_file_keeps_all_from_being_sent(
    tmp_path: Path, nats_url: str
) -> None:
    """Files are checked before the first signal goes out; the line is named."""
    (tmp_path / "a.jsonl").write_text(GOOD)
    (tmp_path / "b.jsonl").write_text(GOOD + BAD)
    oo(tmp_path, nats_url, "a.jsonl")
    run = oo(tmp_path, nats_url, "a.jsonl", "b.jsonl")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("Error: b.jsonl:2: subject 'elsewhere.x' is not below signals.")
    assert count(nats_url) == 1


def test_a_malformed_line_of_a_pipe_says_what_was_sent_before(
    tmp_path: Path, nats_url: str
) -> None:
    """Standard input is sent as it comes: whole batches before the line are in the stream."""
    run = oo(tmp_path, nats_url, "-", stdin=GOOD * 1500 + BAD)
    assert run.returncode == 1
    assert "1,000 signals of - are published" in run.stderr
    assert "Error: <stdin>:1501: " in run.stderr
    assert count(nats_url) == 1000


def test_skip_goes_on_where_it_ended(tmp_path: Path, nats_url: str) -> None:
    """The first signals of the first file are left out, those of the others are not."""
    (tmp_path / "a.jsonl").write_text(GOOD * 5)
    run = oo(tmp_path, nats_url, "--skip", "3", "a.jsonl", "a.jsonl")
    assert run.stdout.startswith("published 7 signals")
    assert count(nats_url) == 7


def test_an_error_says_how_to_go_on_with_the_files_that_are_left(
    tmp_path: Path, nats_url: str
) -> None:
    """The command it shows publishes what is missing, of this file and of those behind it."""
    too_large = f'{{"subject": "signals.x", "data": "{"x" * 2_000_000}"}}\n'
    (tmp_path / "a.jsonl").write_text(GOOD)
    (tmp_path / "b 1.jsonl").write_text(GOOD * 1000 + too_large)
    (tmp_path / "c.jsonl").write_text(GOOD)
    run = oo(tmp_path, nats_url, "a.jsonl", "b 1.jsonl", "c.jsonl")
    assert run.returncode == 1
    assert (
        "1,000 signals of b 1.jsonl are published; go on with "
        "`oo publish --skip 1000 'b 1.jsonl' c.jsonl`" in run.stderr
    )
    assert count(nats_url) == 1001


def test_without_nats_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    """Nobody at the address is one line on standard error."""
    (tmp_path / "a.jsonl").write_text(GOOD)
    run = oo(tmp_path, f"nats://127.0.0.1:{free_port()}", "a.jsonl")
    assert (run.returncode, run.stdout) == (1, "")
    assert "start one with `oo up`" in run.stderr
    assert "Traceback" not in run.stderr


def test_without_a_file_the_usage_is_shown(tmp_path: Path) -> None:
    """Wrong usage is exit code 2."""
    run = oo(tmp_path, "nats://127.0.0.1:1")
    assert run.returncode == 2
    assert "Missing argument 'FILE...'" in run.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_waiting_for_a_pipe_can_be_ended(nats_url: str, number: signal.Signals, code: int) -> None:
    """One Ctrl-C or SIGTERM ends a command that waits for input, without a traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "oo_profile.cli", "publish", "-"],
        env={**os.environ, "OO_NATS": nats_url},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        # More than a pipe holds: when all of it is written, the command is reading.
        process.stdin.write(GOOD * 10_000)
        process.stdin.flush()
        process.send_signal(number)
        assert process.wait(30) == code
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
