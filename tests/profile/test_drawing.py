"""A plot is a small file that only changes when what it shows does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oo_profile.reports.drawing import drawing

if TYPE_CHECKING:
    from pathlib import Path


def draw(path: Path, heights: list[float]) -> bytes:
    """Draw two panels and read what was written."""
    with drawing(path, columns=2) as panels:
        for panel in panels:
            panel.plot(heights)
            panel.set_title("rewards")
    return path.read_bytes()


def test_the_same_drawing_gives_the_same_bytes(tmp_path: Path) -> None:
    """Drawn twice it is one file, so that a change in the project's pictures means something."""
    first = draw(tmp_path / "a.svg", [1.0, 2.0])
    assert draw(tmp_path / "b.svg", [1.0, 2.0]) == first
    assert draw(tmp_path / "c.svg", [1.0, 3.0]) != first
    assert b">rewards</text>" in first
    assert len(first) < 40_000


def test_a_drawing_that_fails_leaves_no_file(tmp_path: Path) -> None:
    """What was there stays when an error comes between."""
    path = tmp_path / "a.svg"
    with pytest.raises(ZeroDivisionError), drawing(path):
        _ = 1 / 0
    assert not path.exists()
