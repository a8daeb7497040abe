"""`oo simulate` writes a file that `oo publish` takes, and the truth beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from oo_profile.commands.simulate import simulate
from oo_profile.inputs.simulation import SimulationConfig
from oo_profile.inputs.simulation import simulate as draw
from oo_profile.transport.signal_file import read_signals

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("--users", "20", "--days", "30", "--seed", "3")


def _simulate(folder: Path, *arguments: str, code: int = 0) -> Result:
    files = ("--out", str(folder / "out.jsonl.gz"), "--truth", str(folder / "truth.jsonl"))
    result = CliRunner().invoke(simulate, [*SMALL, *files, *arguments])
    assert result.exit_code == code, result.output
    return result


def test_the_files_hold_the_simulation(tmp_path: Path) -> None:
    """Signals as they arrive in one file, a person a line in the other."""
    _simulate(tmp_path, "--end", "2026-03-01")
    config = SimulationConfig(users=20, days=30, seed=3, end=datetime(2026, 3, 1, tzinfo=UTC))
    drawn = draw(config)
    written = [
        (line.subject, json.loads(line.data))
        for line in read_signals(str(tmp_path / "out.jsonl.gz"))
    ]
    assert written == list(drawn.signals)
    truths = (tmp_path / "truth.jsonl").read_text().splitlines()
    people = [json.loads(json.dumps(person.as_json())) for person in drawn.truths]
    assert [json.loads(line) for line in truths] == people
    assert len(truths) == 20


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Run twice the files are equal, with another seed they are not."""
    for folder, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        _simulate(tmp_path / folder, "--end", "2026-03-01", "--seed", seed)
    for name in ("out.jsonl.gz", "truth.jsonl"):
        a, b, c = ((tmp_path / folder / name).read_bytes() for folder in "abc")
        assert a == b != c


def test_a_start_says_the_same_as_its_end(tmp_path: Path) -> None:
    """Thirty days from 30 January 2026 end on 1 March."""
    _simulate(tmp_path / "a", "--end", "2026-03-01")
    _simulate(tmp_path / "b", "--start", "2026-01-30")
    a, b = ((tmp_path / folder / "out.jsonl.gz").read_bytes() for folder in "ab")
    assert a == b


def test_by_default_nothing_is_in_the_future(tmp_path: Path) -> None:
    """The last day is yesterday, so the builder rejects nothing, and the totals are told."""
    output = _simulate(tmp_path).output
    assert "future" not in output
    for line in read_signals(str(tmp_path / "out.jsonl.gz")):
        assert datetime.fromisoformat(json.loads(line.data)["occurred_at"]) < datetime.now(UTC)
    assert output.startswith("20 people, 30 days to ")


def test_signals_from_the_future_are_announced(tmp_path: Path) -> None:
    """An end after today is allowed, with a warning of what the builder does with it."""
    output = _simulate(tmp_path, "--end", "2999-01-01").output
    assert "beware: the builder rejects signals from the future" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--start", "2026-01-01", "--end", "2026-02-01"), "give --start or --end, not both"),
        (("--start", "2026-01-01", "--days", "9999999"), "end after 9999"),
        (("--end", "tomorrow"), "does not match"),
    ],
)
def test_options_that_contradict_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """The message says why, and no file is written."""
    assert message in _simulate(tmp_path, *arguments, code=2).output
    assert not list(tmp_path.iterdir())


def test_bounds_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A share out of bounds is an error of the simulation; an old file stays."""
    (tmp_path / "out.jsonl.gz").write_text("old")
    result = _simulate(tmp_path, "--duplicates", "0.7", code=1)
    assert str(result.exception) == "duplicates is 0.7, it must be 0 to below 0.5"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl.gz"]
    assert (tmp_path / "out.jsonl.gz").read_text() == "old"


def test_the_defaults_of_the_command_are_those_of_the_configuration() -> None:
    """Shares and rates not given are those that `SimulationConfig` has."""
    config = SimulationConfig(users=2500, days=90, seed=1, end=datetime(2026, 3, 1, tzinfo=UTC))
    defaults = {option.name: option.default for option in simulate.params}
    for name in ("users", "days", "seed", "duplicates", "disorder", "sessions_per_week"):
        assert defaults[name] == getattr(config, name)


def test_two_files_cannot_be_one(tmp_path: Path) -> None:
    """The truth never takes the place of the signals, whichever way the file is named."""
    same = tmp_path / "below" / ".." / "out.jsonl.gz"
    output = _simulate(tmp_path, "--truth", str(same), code=2).output
    assert "give two files" in output
    assert not list(tmp_path.iterdir())
