"""`docs/operations.md` lists every metric with its labels, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from support.docs_metrics import shown_metrics

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`oo_[^|]*)\|([^|]*)\|", re.MULTILINE)
CODE = re.compile(r"`([a-z_]+)`")


def test_every_metric_is_listed() -> None:
    """The table and the code have the same names."""
    listed = {name for names, _ in ROW.findall(DOCUMENT) for name in CODE.findall(names)}
    assert listed == shown_metrics()


def test_no_metric_has_a_label_for_a_person() -> None:
    """Labels are listed too, and are words of this project."""
    labels = {label for _, text in ROW.findall(DOCUMENT) for label in CODE.findall(text)}
    assert labels == {"subject", "outcome", "reason", "source", "part", "version"}
