"""The page about the bandit works as it stands, and knows its commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oo_profile.commands.bandit.group import BANDIT_COMMANDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "bandit.md").read_text(encoding="utf-8")
# Those that begin with an import stand on their own; others go on with an applied store.
BLOCKS = re.findall(r"^```python\n(import .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", PAGE)


@pytest.mark.parametrize("text", BLOCKS)
def test_an_example_works(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A block runs as it stands and prints what was chosen."""
    exec(compile(text, "docs/bandit.md", "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_a_link_leads_somewhere(link: str) -> None:
    """Pictures and pages that are linked are in the project."""
    assert (DOCS / link).exists()


@pytest.mark.parametrize("name", BANDIT_COMMANDS)
def test_the_documents_know_the_commands(name: str) -> None:
    """Whatever `oo bandit --help` lists stands in this page or another."""
    assert any(f"oo bandit {name}" in page.read_text("utf-8") for page in DOCS.glob("*.md"))


@pytest.mark.parametrize("target", re.findall(r"^- \[[^]]*\]\(#([^)]*)\)", PAGE, re.MULTILINE))
def test_the_list_of_parts_is_that_of_the_page(target: str) -> None:
    """Each entry leads to a heading."""
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    assert target in {heading.lower().replace(" ", "-") for heading in headings}
