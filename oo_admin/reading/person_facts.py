"""A user's page as facts: what the page writes and its JSON holds."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from oo_admin.reading.chart import line
from oo_admin.reading.staleness import Staleness, staleness
from oo_profile.reports.words import duration_text, value_text
from oo_transforms.clock import MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_admin.reading.course import Course
    from oo_admin.reading.reader import Person, Reason
    from oo_admin.reading.signals_behind import Behind
    from oo_profile.reports.explain import Evidence
    from oo_profile.reports.profile_report import FeatureReport, ProfileReport

SPARK = (120, 28)
CHART = (720, 180)
SHOWN_EVIDENCE = 50


def person_facts(person: Person) -> dict[str, Any]:
    """Tell all of a user's page."""
    report = person.report
    features = [
        _feature(report, feature, person.course, person.behind) for feature in report.features
    ]
    counts = {kind.value: 0 for kind in Staleness}
    for feature in features:
        counts[feature["staleness"]] += 1
    return {
        **head_facts(report),
        "counts": counts,
        "pruned": person.pruned,
        "groups": [
            {"name": name, "description": description, "features": list(part)}
            for (name, description), part in groupby(
                features, key=lambda feature: (feature["view"], feature["view_description"])
            )
        ],
        "course_times": [time_us / 1e6 for time_us in person.course.times_us],
        "heat_maps": [
            {
                "view": heat.view,
                "cells": heat.cells,
                "rows": [sum(row) for row in heat.cells],
                "columns": [sum(column) for column in zip(*heat.cells, strict=True)],
                "most": max(max(row) for row in heat.cells),
                "largest_deviation": heat.largest_deviation,
                "agrees": heat.agrees,
            }
            for heat in person.heat_maps
        ],
        "latest": [
            {
                **asdict(signal),
                "occurred_at": signal.occurred_us / 1e6,
                "received_at": signal.received_us / 1e6,
            }
            for signal in person.latest
        ],
        "online": None
        if person.online is None
        else {**asdict(person.online), "agrees": person.online.agrees},
    }


def head_facts(report: ProfileReport) -> dict[str, Any]:
    """Tell whose profile it is, and of when."""
    return {
        "user_id": report.user_id,
        "now": report.now_us / 1e6,
        "now_us": report.now_us,
        "utc_offset_minutes": report.utc_offset_minutes,
        "has_signals": report.has_signals,
    }


def reason_facts(reason: Reason) -> dict[str, Any]:
    """Tell why a feature has its value."""
    report, explanation = reason.report, reason.explanation
    evidence, entry = explanation.evidence, explanation.feature.entry
    return {
        **head_facts(report),
        "feature": _feature(report, explanation.feature, reason.course, {}),
        "reads": list(entry.reads),
        "sources": [
            {
                "view": view.name,
                "source": view.source,
                "subjects": list(view.invalidated_by),
                "ttl": None if view.ttl is None else duration_text(view.ttl),
                "half_life": None if view.half_life is None else duration_text(view.half_life),
            }
            for view in entry.views
        ],
        "signals": len(evidence),
        "replaced": explanation.replaced,
        "pruned": explanation.pruned,
        "left": sum(one.left for one in evidence),
        "evidence": [_evidence(one) for one in evidence[:SHOWN_EVIDENCE]],
        "more": max(len(evidence) - SHOWN_EVIDENCE, 0),
        "columns": [asdict(column) for column in explanation.columns],
        "agrees": all(column.agrees for column in explanation.columns),
        "course": _drawn(reason.course, entry.name, CHART),
        "course_times": [time_us / 1e6 for time_us in reason.course.times_us],
    }


def _feature(
    report: ProfileReport, feature: FeatureReport, course: Course, behind: Mapping[str, Behind]
) -> dict[str, Any]:
    entry, state = feature.entry, feature.state
    seen, stands = state.event_time_us, behind.get(state.view)
    stale = staleness(state, report.now_us)
    return {
        "name": entry.name,
        "description": entry.description,
        "view": entry.group,
        "view_description": entry.group_description,
        "value": feature.value,
        "words": value_text(feature.value, entry.unit, report.utc_offset_minutes),
        "unit": entry.unit,
        "range": [entry.minimum, entry.maximum],
        "none": entry.none,
        "owner": entry.owner,
        "state": state.view,
        "staleness": stale.value,
        "withheld": entry.when_stale == "withheld" and stale is not Staleness.FRESH,
        "age": None if seen is None else duration_text((report.now_us - seen) * MICROSECOND),
        "age_seconds": None if seen is None else (report.now_us - seen) / 1e6,
        "expires_us": state.expires_us,
        "expires_at": None if state.expires_us is None else state.expires_us / 1e6,
        "signals": None if stands is None else stands.signals,
        "signals_left": None if stands is None else stands.left,
        "course": _drawn(course, entry.name, SPARK),
    }


def _drawn(course: Course, name: str, size: tuple[int, int]) -> dict[str, Any] | None:
    values = course.values.get(name)
    return None if values is None else {"values": list(values), **asdict(line(values, *size))}


def _evidence(one: Evidence) -> dict[str, Any]:
    return {**one.as_json(), "event_time_us": one.event_time_us}
