"""What another bandit cannot have learned is refused with all of its file."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.another_bandit import lines, record
from support.batches import count, database
from support.payloads import RECEIVED_US

from oo_profile.errors import LearnedStateError
from oo_profile.learned.importing import check_learned
from oo_profile.settings import Settings
from oo_transforms.clock import DAY_US

if TYPE_CHECKING:
    from pathlib import Path

NOW_US = RECEIVED_US + DAY_US
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown name": (
        {"features": ["constant", "hour_sin", "mood"], "scale": 1},
        "['mood'] are none of",
    ),
    "asymmetric": ({"A": [[9, 1, 0], [0, 9, 0], [0, 0, 9]]}, "A is not symmetric"),
    "not a sum": ({"ridge": 1e3}, "is the ridge as it was added?"),
    "not finite": ({"b": [float("nan"), 0, 0]}, "line 2: b must be numbers of at most"),
    "shape": ({"b": [1.0]}, "b has the shape (1,), 3 features need (3,)"),
    "future": ({"as_of": "2100-01-01T00:00:00Z"}, "in the future"),
    "no offset": ({"as_of": "2026-01-01T00:00:00"}, "without an offset"),
    "scale": ({"scale": [1, 0, 1]}, "not below it: they are [1.0, 0.0, 1.0]"),
    "constant": ({"scale": 2.0}, "the scale of 'constant' must be 1"),
    "ragged": ({"A": [[1, 2], [3]]}, "line 2: "),
    "user": ({"user_id": ""}, "user_id must be 1 to 128 printable characters"),
    "twice": ({"user_id": "ada"}, "there is another record of 'ada' before it"),
    "unknown part": ({"lambda": 1}, "['lambda'] are none of"),
}


def refused(folder: Path, path: Path) -> str:
    """Return why a file is refused; nothing may be in the database then."""
    nobody = ("localhost:1", "nats://localhost:1")
    settings = Settings(folder, folder / "oo.db", folder / "registry.db", *nobody)
    with pytest.raises(LearnedStateError) as caught:
        check_learned(settings, path, NOW_US)
    with database(settings.db) as connection:
        assert count(connection, "signals") == count(connection, "policy_state_bandit_v1") == 0
    return str(caught.value)


@pytest.mark.parametrize(("changes", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_keeps_all_of_a_file_out(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """The message names line and reason."""
    file = lines(tmp_path / "learned.jsonl", record("ada"), {**record("bob"), **changes})
    told = refused(tmp_path, file)
    assert "was not imported, none of it" in told
    assert "line 2: " in told
    assert reason in told


def test_all_bad_lines_are_told_up_to_ten(tmp_path: Path) -> None:
    """More are counted."""
    bad = [record(f"u{n}", b=[1.0]) for n in range(13)]
    told = refused(tmp_path, lines(tmp_path / "learned.jsonl", *bad))
    assert "line 10: " in told
    assert "line 11: " not in told
    assert told.endswith("and 3 more")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("no.jsonl", None, "cannot be read"),
        ("empty.jsonl", "\n", "there is nothing in it"),
        ("text.jsonl", "ada", "line 1: "),
        ("list.jsonl", "[1]", "line 1: it is no object"),
        ("no.npz", "no archive", "cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, name: str, content: str | None, reason: str
) -> None:
    """Missing, empty, or something else."""
    if content is not None:
        (tmp_path / name).write_text(content)
    assert reason in refused(tmp_path, tmp_path / name)


def test_an_archive_that_is_damaged_or_none_is_refused(tmp_path: Path) -> None:
    """In the words of every other file that cannot be read."""
    packed = gzip.compress(b"{}\n" * 100)
    (tmp_path / "torn.jsonl.gz").write_bytes(packed[:10] + b"\xff" * 8 + packed[18:])
    assert "cannot be read" in refused(tmp_path, tmp_path / "torn.jsonl.gz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    assert "not an archive" in refused(tmp_path, tmp_path / "one.npz")
