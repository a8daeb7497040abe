"""An evaluation, and what a gate found, as JSON; sums of many people and nobody's name."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oo_bandit import report
from oo_profile.reports.words import instant_text

if TYPE_CHECKING:
    from oo_bandit import Tally, Verdict
    from oo_profile.evaluation.evaluation import Evaluation


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return what the log says, group by group; null is what it cannot say."""
    question = evaluation.question
    return {
        "live": question.live,
        "new": question.new,
        "since": None if question.since is None else question.since.isoformat(),
        "until": instant_text(question.until_us),
        "groups": {
            name: plain(report(tally))
            for name, tally in evaluation.tallies.items()
            if tally.decisions.count or name == "all"
        },
        "left_out": {
            "young": evaluation.young,
            "unjudged": evaluation.unjudged,
            "unmatched_answers": evaluation.unmatched,
        },
    }


def evidence_json(verdict: Verdict, tally: Tally, evaluation: Evaluation) -> dict[str, Any]:
    """Return what a step was taken on: each rule with what was found, and the report."""
    return {
        "until": instant_text(evaluation.question.until_us),
        "allowed": verdict.is_allowed,
        "findings": plain(verdict.findings),
        "report": plain(report(tally)),
    }


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON takes
    """Turn dataclasses, arrays without axes and tuples into what JSON takes; NaN into null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
