"""The features of one user by their formulas, from nothing but raw signals.

Like the state they are computed from, written from the table of formulas alone.
"""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from oo_profile.definition.state import (
    DAY_US,
    EPOCH,
    HOUR_US,
    SOURCES,
    SUBJECTS,
    TTL_US,
    Columns,
    Raw,
    read_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def features_at(
    signals: Iterable[Raw],
    t_us: int,
    utc_offset_minutes: int,
    candidate: Mapping[str, Any] | None = None,
) -> Columns:
    """Compute the features at a time, as a request with that `now` gets them.

    Args:
        signals: All signals of one user, in log order.
        t_us: The request's `now`, microseconds.
        utc_offset_minutes: The user's local clock.
        candidate: `created_at`, `due_at`, `priority`, `category`; without one there are no
            candidate and match features.
    """
    signals = list(signals)
    read = {name: read_at(signals, name, t_us) for name in SUBJECTS}
    local = EPOCH + timedelta(microseconds=t_us) + timedelta(minutes=utc_offset_minutes)
    features = {
        **_activity_features(read["activity_state"], t_us, local),
        **_task_features(read["task_state"], local),
        **_tip_features(read["tip_state"]),
        **_calendar_features(read["calendar_state"]),
        **_mood_features(read["mood_state"]),
        **_freshness_features(read, t_us),
    }
    if candidate is not None:
        rate = features["tip_done_rate"]
        features |= _candidate_features(candidate, t_us, local)
        features |= _match_features(read["task_state"], read["tip_state"], rate, candidate)
    return features


def feature_scales_at(signals: Iterable[Raw], t_us: int, utc_offset_minutes: int) -> Columns:
    """Tell the sum of the absolute values of the terms of every number that `features_at` gives.

    All terms of all formulas are positive, save those of the mood's trend.
    """
    signals = list(signals)
    scales = {
        name: abs(value)
        for name, value in features_at(signals, t_us, utc_offset_minutes).items()
        if isinstance(value, (int, float))
    }
    mood = read_at(signals, "mood_state", t_us)
    if mood is not None:
        mean = _ratio(mood["mood_score_sum"], mood["mood_score_count"], 0.0)
        scales["mood_trend"] = mood["mood_last_score"] + mean
    return scales


def _ratio(part: float, whole: float, none: float) -> float:
    return part / whole if whole else none


def _within(low: float, value: float, high: float) -> float:
    return min(max(value, low), high)


def _heaviest(weights: Iterable[tuple[Any, float]], count: int) -> str:
    left = {key: weight for key, weight in weights if weight > 0}
    ranked: list[object] = []
    while left:
        largest = max(left.values())
        ties = sorted(key for key, weight in left.items() if largest - weight <= 1e-9 * largest)
        ranked.append(ties[0])
        del left[ties[0]]
    return json.dumps(ranked[:count], ensure_ascii=False, separators=(",", ":"))


def _peak(sums: Sequence[float]) -> int:
    largest = max(sums)
    if largest <= 0:
        return -1
    return next(index for index, x in enumerate(sums) if largest - x <= 1e-9 * largest)


def _activity_features(state: Columns | None, t_us: int, local: datetime) -> Columns:
    if state is None:
        return {
            "sessions_per_week": 0.0,
            "typical_session_minutes": 0.0,
            "days_since_active": 90.0,
            "active_share_this_hour": 1 / 24,
            "is_active_now": False,
            "active_peak_hour": -1,
            "active_peak_weekday": -1,
        }
    age_us = t_us - state["anchor_us"]
    sessions = state["activity_sessions"]
    mean_log = _ratio(state["activity_log_seconds"], sessions, 0.0)
    return {
        "sessions_per_week": sessions * math.log(2) / 4,
        "typical_session_minutes": math.exp(mean_log) / 60,
        "days_since_active": min(age_us / DAY_US, 90.0),
        "active_share_this_hour": (state["activity_by_hour"][local.hour] + 1) / (sessions + 24),
        "is_active_now": age_us <= HOUR_US / 2,
        "active_peak_hour": _peak(state["activity_by_hour"]),
        "active_peak_weekday": _peak(state["activity_by_weekday"]),
    }


def _task_features(state: Columns | None, local: datetime) -> Columns:
    if state is None:
        return {
            "completion_rate": 0.5,
            "snooze_rate": 0.1,
            "tasks_completed_per_week": 0.0,
            "task_evidence": 0.0,
            "preferred_categories": "[]",
            "productive_hours": "[]",
            "productive_weekdays": "[]",
            "productive_share_this_hour": 1 / 24,
            "productive_share_this_weekday": 1 / 7,
        }
    created, completed = state["task_created"], state["task_completed"]
    snoozed = state["task_snoozed"]
    by_hour, by_weekday = state["task_completed_by_hour"], state["task_completed_by_weekday"]
    named = zip(state["task_categories"], state["task_category_completed"], strict=True)
    return {
        "completion_rate": (completed + 1) / (max(created, completed) + 2),
        "snooze_rate": (snoozed + 0.2) / (completed + snoozed + 2),
        "tasks_completed_per_week": completed * math.log(2) / 4,
        "task_evidence": created + completed + snoozed,
        "preferred_categories": _heaviest(((n, w) for n, w in named if n), 3),
        "productive_hours": _heaviest(enumerate(by_hour), 3),
        "productive_weekdays": _heaviest(enumerate(by_weekday), 2),
        "productive_share_this_hour": (by_hour[local.hour] + 1) / (completed + 24),
        "productive_share_this_weekday": (by_weekday[local.weekday()] + 1) / (completed + 7),
    }


def _tip_features(state: Columns | None) -> Columns:
    if state is None:
        return {
            "tip_done_rate": 0.2,
            "tip_dismiss_rate": 0.1,
            "tips_per_week": 0.0,
            "typical_dwell_seconds": 0.0,
        }
    shown, done, dismissed = state["tip_shown"], state["tip_done"], state["tip_dismissed"]
    tips = max(shown, done + state["tip_snoozed"] + dismissed)
    return {
        "tip_done_rate": (done + 1) / (tips + 5),
        "tip_dismiss_rate": (dismissed + 0.5) / (tips + 5),
        "tips_per_week": shown * math.log(2) / 2,
        "typical_dwell_seconds": _ratio(state["tip_dwell_seconds"], state["tip_dwell_count"], 0.0),
    }


def _calendar_features(state: Columns | None) -> Columns:
    return {"calendar_busyness": 0.0 if state is None else state["calendar_last_busy_ratio"]}


def _mood_features(state: Columns | None) -> Columns:
    if state is None:
        return {"mood_score": 3.0, "mood_trend": 0.0}
    score = state["mood_last_score"]
    mean = _ratio(state["mood_score_sum"], state["mood_score_count"], score)
    return {"mood_score": score, "mood_trend": score - mean}


def _freshness_features(read: Mapping[str, Columns | None], t_us: int) -> Columns:
    views = ("activity_state", "task_state", "tip_state", "calendar_state", "mood_state")
    sync = read["sync_state"] or {}
    synced, hours = {}, {}
    for source, view in zip(SOURCES, views, strict=True):
        synced_at = sync.get(f"sync_{source}_at")
        state = read[view]
        times = [] if synced_at is None else [round(synced_at * 1e6)]
        times += [] if state is None else [state["anchor_us"]]
        bound = TTL_US[view] / HOUR_US
        hours[f"hours_since_{source}"] = (
            min((t_us - max(times)) / HOUR_US, bound) if times else bound
        )
        synced[f"{source}_last_synced_at"] = synced_at or 0.0
    return {**synced, **hours}


def _candidate_features(candidate: Mapping[str, Any], t_us: int, local: datetime) -> Columns:
    created, due = candidate.get("created_at"), candidate.get("due_at")
    priority = candidate.get("priority")
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    angle = 2 * math.pi * ((local - midnight) / timedelta(days=1))
    until_due = 720.0 if due is None else (round(due * 1e6) - t_us) / HOUR_US
    age = 0.0 if created is None else (t_us - round(created * 1e6)) / DAY_US
    return {
        "task_age_days": max(age, 0.0),
        "hours_until_due": _within(-720.0, until_due, 720.0),
        "is_overdue": due is not None and round(due * 1e6) < t_us,
        "priority_level": 1.0 if priority is None else _within(1.0, priority, 4.0),
        "hour_sin": math.sin(angle),
        "hour_cos": math.cos(angle),
        "is_weekend": local.weekday() in {5, 6},
    }


def _match_features(
    task: Columns | None, tip: Columns | None, done_rate: float, candidate: Mapping[str, Any]
) -> Columns:
    category = candidate.get("category")
    completed = _weight(task, "task_categories", "task_category_completed", category)
    shown = _weight(tip, "tip_categories", "tip_category_shown", category)
    done = _weight(tip, "tip_categories", "tip_category_done", category)
    all_completed = 0.0 if task is None else task["task_completed"]
    return {
        "category_affinity": completed / (all_completed + 2),
        "category_acceptance": (done + 5 * done_rate) / (max(shown, done) + 5),
    }


def _weight(state: Columns | None, names: str, weights: str, category: str | None) -> float:
    if state is None or not category or category not in state[names]:
        return 0.0
    weight: float = state[weights][state[names].index(category)]
    return weight
