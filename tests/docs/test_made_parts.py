"""A part of a document that a command makes is replaced, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.documents import replace_part

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """# Page

<!-- one: made by `make one` -->
old
<!-- end of one -->

<!-- two: made by `make two` -->
<!-- end of two -->
"""


def test_only_the_part_between_its_marks_changes(tmp_path: Path) -> None:
    """Made twice it is as made once, and the other parts stay."""
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    for _ in range(2):
        replace_part(page, "one", "new -->")
    expected = PAGE.replace("\nold\n", "\n\nnew -->\n\n")
    assert page.read_text() == expected


@pytest.mark.parametrize("name", ["three", "on", "one: made"])
def test_a_document_without_the_marks_is_left_alone(tmp_path: Path, name: str) -> None:
    """The error names the part, and the page stays as it is."""
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(ValueError, match=f"page.md has no marks around '{name}'"):
        replace_part(page, name, "new")
    assert page.read_text() == PAGE
