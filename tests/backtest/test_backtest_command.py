"""`oo bandit backtest` runs what it has data for, and names what it has not."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support.past_work import task, tip, tip_signals, write_lines

from oo_profile.backtest.parts import TIPS, WORK_LOG
from oo_profile.cli import oo

if TYPE_CHECKING:
    from pathlib import Path


HEADER = "user_id,task_id,category,created_at,completed_at\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with a small work log and a small trial."""
    tasks = [
        task(str(n), 20 * n, 20 * n + 45 + 300 * (n % 3 == 0), "abc"[n % 3]) for n in range(90)
    ]
    with (tmp_path / "work.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "task_id", "category", "created_at", "completed_at"])
        for one in tasks:
            times = (one.created_at.isoformat(), one.completed_at.isoformat())
            rows.writerow([one.user_id, one.task_id, one.category, *times])
    lines = [
        tip(
            number,
            user_id=f"person-{number % 4}",
            action=("walking", "sedentary", "none")[number % 7 % 3],
            outcome={"steps_30_or_0": float(number), "response": ("good", "bad")[number % 5 % 2]},
        )
        for number in range(400)
    ]
    (tmp_path / WORK_LOG).write_bytes(gzip.compress((tmp_path / "work.csv").read_bytes()))
    write_lines(tmp_path / TIPS[0], lines)
    write_lines(tmp_path / TIPS[1], tip_signals(lines))
    return tmp_path


def run(*arguments: str) -> str:
    """Run the command and return what it printed."""
    done = CliRunner().invoke(oo, ["bandit", "backtest", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_part_is_told_and_drawn(folder: Path) -> None:
    """With all files there are three parts, and a plot of them."""
    printed = run("--data", str(folder), "--logs", "2", "--plot", str(folder / "plot.svg"))
    for line in ("Which of my open tasks next", "What kind of work next", "Real tips"):
        assert f"{line}\n" in printed
    assert "and the gate opens in 0." in printed
    assert "left out" not in printed
    assert "† bandit_v1: not enough" in printed
    assert b"</svg>" in (folder / "plot.svg").read_bytes()


def test_json_has_all_that_was_found(folder: Path) -> None:
    """The same seed gives the same document, with every estimate and the truth."""
    arguments = ("--data", str(folder), "--logs", "1", "--seed", "3", "--json")
    found = json.loads(run(*arguments))
    assert found == json.loads(run(*arguments))
    assert found["seed"] == 3
    assert found["open_tasks"]["policies"][0]["policy"] == "bandit_v1"
    assert set(found["real_tips"]["gains"]) == {"one model for all", "one model a person"}


def test_markdown_is_for_a_document(folder: Path) -> None:
    """Parts are headings, rows are tables, remarks are items."""
    printed = run("--data", str(folder), "--logs", "1", "--markdown")
    assert printed.startswith("### Which of my open tasks next\n\n")
    assert "\n| bandit_v2 | " in printed
    assert "\n- Gate: bandit_v2 gets " in printed


def test_a_part_without_its_file_is_left_out_by_name(folder: Path) -> None:
    """The other parts run."""
    (folder / TIPS[1]).unlink()
    printed = run("--data", str(folder), "--logs", "1")
    assert f"left out: real tips: no {TIPS[1]}" in printed
    assert "What kind of work next" in printed
    (folder / WORK_LOG).unlink()
    done = CliRunner().invoke(oo, ["bandit", "backtest", "--data", str(folder)])
    assert done.exit_code == 1
    assert "has none of work_log.csv.gz" in done.output
    assert "name their folder with --data" in done.output


def test_a_file_without_a_choice_is_left_out_by_name(folder: Path) -> None:
    """Nobody who had two open tasks, nobody who finished a second one, nothing that was sent."""
    (folder / WORK_LOG).write_bytes(gzip.compress(HEADER.encode()))
    write_lines(folder / TIPS[0], [tip(0, available=False)])
    printed = run("--data", str(folder), "--plot", str(folder / "plot.svg"))
    assert printed.splitlines() == [
        "left out: which of my open tasks next: work_log.csv.gz holds no such choice",
        "left out: what kind of work next: work_log.csv.gz holds no such choice",
        "left out: real tips: heartsteps_decisions.jsonl.gz holds no tip that was sent",
    ]
    assert not (folder / "plot.svg").exists()


def test_one_person_says_nothing_of_others(folder: Path) -> None:
    """What needs several people is missing, and all else is told."""
    lines = [tip(0), tip(1, outcome={"steps_30_or_0": 1.0, "response": "bad"}), tip(2)] * 40
    write_lines(folder / TIPS[0], lines)
    (folder / WORK_LOG).unlink()
    printed = run("--data", str(folder))
    assert "saves - nats a tip over 'context', by person: one person says nothing" in printed
    found = json.loads(run("--data", str(folder), "--json"))
    never, *_, as_sent = found["real_tips"]["thumbs_up"]
    assert never["ips"] is None
    assert f"never: {never['not_reported']}" in printed
    assert as_sent["by_person"] is None
    assert found["open_tasks"] is None


@pytest.mark.parametrize(
    ("plot", "said"),
    [("plot.txt", "must end in one of .svg, .png, .pdf"), ("none/plot.svg", "there is no folder")],
)
def test_a_plot_that_cannot_be_written_is_refused_at_once(
    folder: Path, plot: str, said: str
) -> None:
    """Nothing is read before the name of the plot is found good."""
    options = ["--data", str(folder / "missing"), "--plot", str(folder / plot)]
    done = CliRunner().invoke(oo, ["bandit", "backtest", *options])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
