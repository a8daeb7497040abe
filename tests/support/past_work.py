"""Small work logs and trials, for tests of the backtest."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from oo_profile.inputs.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

BEGIN = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Give the moment so many minutes after the first."""
    return BEGIN + timedelta(minutes=minutes)


def task(name: str, created: float, completed: float, category: str = "fix") -> Task:
    """Make Ada's task from minutes after the first moment."""
    return Task("ada", name, category, at(created), at(completed))


def tip(number: int, **given: object) -> dict[str, Any]:
    """Make a line of a file of tip decisions: Ada, one every three hours, at home."""
    moment = at(180 * number)
    made: dict[str, Any] = {
        "user_id": "ada",
        "decision_id": f"tip-{number}",
        "decided_at": moment.isoformat(),
        "utc_offset_minutes": 0,
        "available": True,
        "slot": number % 5 + 1,
        "study_day": number // 5,
        "action": "walking",
        "propensities": {"none": 0.4, "walking": 0.35, "sedentary": 0.25},
        "context": {"place": "home", "celsius": 12.0, "steps_before_30": 100.0},
        "outcome": {"steps_30_or_0": 250.0, "response": "good"},
    }
    return made | given


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Write JSON lines, gzip."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def tip_signals(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make the signals of tip decisions: shown at once, answered after twenty minutes."""
    signals: list[dict[str, Any]] = []
    for line in lines:
        if line["action"] == "none":
            continue
        shown = datetime.fromisoformat(line["decided_at"])
        data = {
            "event_id": f"shown-{line['decision_id']}",
            "user_id": line["user_id"],
            "occurred_at": shown.isoformat(),
            "tip_id": line["decision_id"],
            "category": line["action"],
        }
        signals.append({"subject": "signals.tip.shown", "data": data})
        if line["outcome"]["response"] == "good":
            answer = {
                "event_id": f"done-{line['decision_id']}",
                "occurred_at": (shown + timedelta(minutes=20)).isoformat(),
                "action": "done",
            }
            signals.append({"subject": "signals.tip.feedback", "data": data | answer})
    return signals
