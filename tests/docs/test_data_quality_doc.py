"""`docs/data-quality.md` has every cause, event and subcommand, and links of alerts hold."""

from __future__ import annotations

import re
from pathlib import Path

from oo_admin.quality.commands import quality
from oo_admin.quality.finding import Cause
from oo_admin.quality.manual import ADVICE

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = (PROJECT / "docs" / "data-quality.md").read_text(encoding="utf-8")
EVENT = re.compile(r'_log\.\w+\(\s*"(quality\.\w+)"')


def anchors(document: str) -> set[str]:
    """List the anchors of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


def test_every_link_of_an_alert_leads_somewhere() -> None:
    """The anchor is a heading of the document that is named."""
    for advice in ADVICE.values():
        path, _, anchor = advice.link.partition("#")
        assert anchor in anchors((PROJECT / path).read_text(encoding="utf-8")), advice.link


def test_every_cause_is_explained() -> None:
    """Each has a heading, with what is likely and what to do under it."""
    for cause in Cause:
        assert f"### {cause}\n\n{ADVICE[cause].title}. {ADVICE[cause].likely}" in DOCUMENT
        assert ADVICE[cause].do in DOCUMENT


def test_every_event_and_command_is_listed() -> None:
    """Whatever the engine logs, and whatever one can type."""
    files = (PROJECT / "oo_admin" / "quality").rglob("*.py")
    events = {name for file in files for name in EVENT.findall(file.read_text(encoding="utf-8"))}
    assert events == set(re.findall(r"^\| `(quality\.\w+)`", DOCUMENT, re.MULTILINE))
    assert all(f"oo quality {name}" in DOCUMENT for name in quality.commands)
