"""Tip decisions are read as they are, and a bad line is named."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from support.past_work import tip, write_lines

from oo_profile.backtest.tip_decisions import read_tip_decisions
from oo_profile.errors import TipDecisionsError

if TYPE_CHECKING:
    from pathlib import Path


def test_only_moments_at_which_a_tip_could_be_sent_are_decisions(tmp_path: Path) -> None:
    """Those that were not available have no chances, and are passed over."""
    lines = [tip(0), tip(1, available=False, propensities=None, action=None), tip(2)]
    found = list(read_tip_decisions(write_lines(tmp_path / "tips.jsonl.gz", lines)))
    assert [decision.decision_id for decision in found] == ["tip-0", "tip-2"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"propensities": {"none": 0.4, "walking": 0.6}}, "propensities are of"),
        ({"propensities": {"none": 0.4, "walking": 0.4, "sedentary": 0.4}}, "do not add up to 1"),
        ({"propensities": {"none": 1.0, "walking": 0.0, "sedentary": 0.0}}, "`float` > 0.0"),
        ({"action": "swimming"}, "swimming"),
        ({"decided_at": "2024-05-01T09:00:00"}, "without an offset"),
        ({"outcome": {"steps_30_or_0": -1.0, "response": None}}, "`float` >= 0.0"),
    ],
)
def test_a_line_that_is_no_decision_is_named(
    tmp_path: Path, given: dict[str, object], said: str
) -> None:
    """The error has the file, the line and what is wrong with it."""
    path = write_lines(tmp_path / "tips.jsonl.gz", [tip(0), tip(1, **given)])
    with pytest.raises(TipDecisionsError, match=rf"tips\.jsonl\.gz:2: .*{said}"):
        list(read_tip_decisions(path))


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"{}\n" * 999, mtime=0)[:-9]])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    """Damaged or cut off, it is an error with its path."""
    path = tmp_path / "tips.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(TipDecisionsError, match=r"tips\.jsonl\.gz"):
        list(read_tip_decisions(path))
