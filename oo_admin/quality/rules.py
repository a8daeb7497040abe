"""What is declared of the sources, as alerting rules of Prometheus.

They need nothing but the builder's own metrics, so that somebody is told even where `oo quality`
does not run. Those about the builder itself are in `docs/prometheus-alerts.yml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import yaml

from oo_admin.quality.finding import Cause, Severity
from oo_admin.quality.manual import ADVICE
from oo_transforms.syncs import SOURCE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP: Final = "oo-quality"


class Rule(NamedTuple):
    """One rule of Prometheus."""

    name: str
    expression: str
    lasting: str
    severity: Severity
    cause: Cause


def rules() -> Iterator[Rule]:
    """Give the rules: for each source what is declared of it, and for what is sent twice."""
    critical, warning = Severity.CRITICAL, Severity.WARNING
    yield Rule("OoDuplicates", _share("duplicate", 0.2), "1h", warning, Cause.DUPLICATES)
    for source, view in SOURCE_VIEWS.items():
        if view.expects is not None:
            silence = view.expects.silence.total_seconds()
            age = f'oo_newest_signal_age_seconds{{source="{source}"}} > {silence:.0f}'
            name = f"OoSilent{source.capitalize()}"
            yield Rule(name, age, "5m", critical, Cause.SOURCE_STOPPED)


def as_yaml() -> str:
    """Write the rules as Prometheus reads them."""
    found = [
        {
            "alert": rule.name,
            "expr": rule.expression,
            "for": rule.lasting,
            "labels": {"severity": str(rule.severity), "cause": str(rule.cause)},
            "annotations": {
                "summary": ADVICE[rule.cause].title,
                "description": f"{ADVICE[rule.cause].likely} {ADVICE[rule.cause].do}",
                "runbook": ADVICE[rule.cause].link,
            },
        }
        for rule in rules()
    ]
    return yaml.safe_dump({"groups": [{"name": GROUP, "rules": found}]}, sort_keys=False)


def _share(outcome: str, bound: float) -> str:
    return (
        f'sum(rate(oo_signals_total{{outcome="{outcome}"}}[30m])) '
        f"/ sum(rate(oo_signals_total[30m])) > {bound:g}"
    )
