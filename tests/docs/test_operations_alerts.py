"""The alerting rules are valid, fire when they should, and each has its section in the document."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.docs_metrics import shown_metrics

PROJECT = Path(__file__).resolve().parents[2]
RULES_FILE = PROJECT / "docs" / "prometheus-alerts.yml"
DOCUMENT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"][0][
    "rules"
]
OURS = re.compile(r"\boo_[a-z_]+")
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="no promtool (Debian package prometheus): rules are not run"
)


def promtool(*arguments: str) -> None:
    """Run promtool, which must be content."""
    done = subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_its_section_and_links_there() -> None:
    """No alert without words on what to do, and no words for an alert that is gone."""
    sections = re.findall(r"^### (Oo\w+)$", DOCUMENT, re.MULTILINE)
    assert sections == [rule["alert"] for rule in RULES]
    for rule in RULES:
        url = rule["annotations"]["runbook_url"]
        assert url == f"docs/operations.md#{rule['alert'].lower()}"


def test_every_metric_of_a_rule_exists() -> None:
    """A rule on a metric that nobody shows would never fire."""
    asked = {name for rule in RULES for name in OURS.findall(rule["expr"])}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert families <= shown_metrics()


def test_every_metric_that_the_document_names_exists() -> None:
    """In its text and its queries too."""
    # Words of ours that look alike: a key in Redis, say, has a colon behind its first part.
    named = {name.rstrip("_") for name in re.findall(r"\boo_[a-z_]+\b(?!:)", DOCUMENT)}
    assert named <= shown_metrics()


@needs_promtool
def test_promtool_takes_the_rules() -> None:
    """They parse, and so do their queries and templates."""
    promtool("check", "rules", str(RULES_FILE))


@needs_promtool
def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    """Prometheus' own rule tests, over made-up series."""
    tests = (Path(__file__).parent / "alerts.test.yml").read_text(encoding="utf-8")
    (tmp_path / "alerts.test.yml").write_text(tests.replace("RULES", str(RULES_FILE)))
    promtool("test", "rules", str(tmp_path / "alerts.test.yml"))
