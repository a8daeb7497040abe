"""A service over a small world."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from live import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from ml_serving.config import ServingConfig
    from support.world import World


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Redis take its time: machines that run tests may be busy."""
    monkeypatch.setenv("OO_SERVING_REDIS_SECONDS", str(PATIENCE_SECONDS))


@pytest.fixture
def serving_config(world: World, tmp_path: Path) -> ServingConfig:
    """Give the settings of a service over a world."""
    from support.serving import config_of  # noqa: PLC0415 - imports Feast

    assert world.nats_url == os.environ["OO_NATS"]
    return config_of(os.environ, tmp_path)
