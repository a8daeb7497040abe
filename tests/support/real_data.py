"""Real data beside the project; read there, never copied."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
WORK_LOG = DATA / "work_log.csv.gz"

needs_work_log = pytest.mark.skipif(
    not WORK_LOG.exists(), reason=f"the real work log is not there: {WORK_LOG.name} in shared/data"
)

TIPS = DATA / "heartsteps.jsonl.gz"
TIP_DECISIONS = DATA / "heartsteps_decisions.jsonl.gz"

needs_tips = pytest.mark.skipif(
    not (TIPS.exists() and TIP_DECISIONS.exists()),
    reason=f"the real tips are not there: {TIP_DECISIONS.name} in shared/data",
)
