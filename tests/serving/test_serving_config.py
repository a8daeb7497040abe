"""Settings of the service come from the environment, and are refused if they make no sense."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from ml_serving.config import HERE, ServingConfig
from ml_serving.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_without_settings_the_service_reads_its_own_yaml(tmp_path: Path) -> None:
    """And keeps signals below the working directory."""
    config = ServingConfig.load({}, tmp_path)
    assert config.repo == HERE
    assert (HERE / "feature_store.yaml").is_file()
    assert config.spool.folder == tmp_path / "data" / "spool"
    assert config.stream.url == "nats://localhost:4222"


def test_the_environment_sets_everything(tmp_path: Path) -> None:
    """Relative paths start at the working directory."""
    environ = {
        "OO_SERVING_REPO": "repo",
        "OO_SERVING_SPOOL": "waiting",
        "OO_SERVING_SPOOL_MB": "0.5",
        "OO_SERVING_SPOOL_DAYS": "2",
        "OO_SERVING_READ_MS": "20",
        "OO_SERVING_ACK_MS": "30",
        "OO_NATS": "tls://nats:4222",
        "OO_NATS_USER": "me",
        "OO_NATS_PASSWORD": "secret",
    }
    config = ServingConfig.load(environ, tmp_path)
    assert (config.repo, config.spool.folder) == (tmp_path / "repo", tmp_path / "waiting")
    assert (config.spool.max_bytes, config.spool.max_age) == (1 << 19, timedelta(days=2))
    assert config.read_time_out == timedelta(milliseconds=20)
    assert config.stream.ack_wait == timedelta(milliseconds=30)
    assert config.stream.options()["user"] == "me"
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("OO_SERVING_SPOOL_MB", "much", "a number above 0"),
        ("OO_SERVING_SPOOL_DAYS", "0", "a number above 0"),
        ("OO_SERVING_READ_MS", "inf", "a number above 0"),
        ("OO_SERVING_ACK_MS", "-1", "a number above 0"),
        ("OO_NATS_USER", "me", "belong together"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    tmp_path: Path, variable: str, value: str, reason: str
) -> None:
    """By its name, with what is allowed."""
    with pytest.raises(ConfigError, match=reason) as caught:
        ServingConfig.load({variable: value}, tmp_path)
    assert variable in str(caught.value)
