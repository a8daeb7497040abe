"""The commands of `docs/operations.md` work, in its order, beside a builder that it starts."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.building import Backlog, backlog, build_until, minutes_ago, number_of
from support.world import signal

if TYPE_CHECKING:
    from support.world import World

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START = "sudo systemctl start oo-builder"
# `oo apply` has tests of its own, and takes seconds.
LEFT_OUT = ("#", "sudo systemctl stop ", "oo apply")

pytestmark = [pytest.mark.live, pytest.mark.slow]


def lines() -> list[str]:
    """List the lines of all blocks that are to be typed."""
    return [line for block in BLOCK.findall(DOCUMENT) for line in block.splitlines() if line]


def typed(line: str, backups: Path) -> list[str]:
    """Return the words of a line as the shell would have them here."""
    line = line.replace("$(date +%F)", "2026-11-27").replace("/backups", str(backups))
    return shlex.split(line, comments=True)


def test_every_command_works(world: World, tmp_path: Path) -> None:
    """Each of them ends well; where the builder is started, it builds all that there is."""
    moods = [signal("mood.logged", f"u{n % 3}", minutes_ago(n), f"e{n}", score=3) for n in range(9)]
    world.publish_and_build([*moods, ("signals.mood.logged", {})])
    for line in lines():
        if line == START:
            build_until(world, lambda: backlog(world) == Backlog(0, 0))
            continue
        if line.startswith(LEFT_OUT):
            continue
        program, *arguments = typed(line, tmp_path)
        assert program == "oo", line
        world.oo(*arguments)
    assert number_of(world, "signals") == len(moods)
