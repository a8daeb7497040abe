"""The `oo` command answers at once, explains itself, and says plainly what went wrong."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from oo_profile.cli import COMMANDS, oo

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("feast", "pandas", "pyarrow", "numpy", "nats", "redis", "tqdm", "yaml", "psutil")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["--version"], ["no-such"]])
def test_the_list_of_commands_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help, version and a mistyped name are answered without any library but click."""
    script = (
        "import sys\n"
        "from oo_profile.cli import oo\n"
        f"try: oo({arguments!r}, prog_name='oo')\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_help_lists_every_command_with_its_summary() -> None:
    """The list has all names, and what stands beside them is what the command says of itself."""
    result = CliRunner().invoke(oo, ["--help"])
    assert result.exit_code == 0
    for name, entry in COMMANDS.items():
        assert name in result.output
        assert entry.summary == entry.load().get_short_help_str(limit=100)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_shows_an_example(name: str) -> None:
    """Each help text ends with a line that can be typed; a group's commands have theirs."""
    command = COMMANDS[name].load()
    if isinstance(command, click.Group):
        subcommands = command.list_commands(click.Context(command))
    else:
        subcommands = [""]
    for subcommand in subcommands:
        path = [name, subcommand] if subcommand else [name]
        result = CliRunner().invoke(oo, [*path, "--help"], prog_name="oo")
        assert result.exit_code == 0
        example = result.output.partition("Example:")[2]
        assert f"oo {' '.join(path)}" in example


def test_a_mistyped_command_gets_those_there_are() -> None:
    """The answer has what was typed and what could be, with the exit code of wrong usage."""
    result = CliRunner().invoke(oo, ["pubish"])
    assert result.exit_code == 2
    assert f"no such command 'pubish': there are {', '.join(COMMANDS)}" in result.stderr


def test_an_error_of_ours_is_one_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It goes to standard error, without a traceback, with exit code 1."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(oo, ["down"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: no feature_repo/ in {tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With OO_DEBUG=1 the error itself comes through."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OO_DEBUG", "1")
    result = CliRunner().invoke(oo, ["down"])
    assert type(result.exception).__name__ == "RepoNotFoundError"


def test_an_error_of_somebody_else_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the code is no message for users: its traceback stays."""

    @click.command()
    def broken() -> None:
        int("no number")

    monkeypatch.setattr("oo_profile.lazy_commands.LazyCommand.load", lambda _: broken)
    result = CliRunner().invoke(oo, ["up"])
    assert isinstance(result.exception, ValueError)
