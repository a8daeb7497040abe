"""A setting comes from the environment, else from the yaml, else it is the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from oo_stores.settings import resolve, resolve_optional, resolve_path


@pytest.mark.parametrize(
    ("value", "environ", "resolved"),
    [
        (None, {}, "default"),
        ("", {}, "default"),
        ("plain", {"NAME": "set"}, "plain"),
        ("${NAME}", {"NAME": "set"}, "set"),
        ("${NAME}", {}, "default"),
        ("${NAME}", {"NAME": ""}, "default"),
        ("${NAME:-yaml}", {"NAME": "set"}, "set"),
        ("${NAME:-yaml}", {}, "yaml"),
        ("${NAME:-yaml}", {"NAME": ""}, "yaml"),
        ("${NAME:-}", {}, "default"),
        ("${HOST:-localhost}:${PORT:-6379}", {"PORT": "1"}, "localhost:1"),
        ("$NAME {NAME} ${1}", {"NAME": "set"}, "$NAME {NAME} ${1}"),
    ],
)
def test_environment_beats_yaml_beats_default(
    value: str | None, environ: dict[str, str], resolved: str
) -> None:
    """References are replaced wherever they stand; other text is kept as it is."""
    assert resolve(value, default="default", environ=environ) == resolved


def test_the_real_environment_is_the_default_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment given, the process's own is read at each call."""
    monkeypatch.setenv("A_SETTING", "set")
    assert resolve("${A_SETTING}", default="default") == "set"
    monkeypatch.delenv("A_SETTING")
    assert resolve("${A_SETTING}", default="default") == "default"


def test_an_optional_setting_may_come_to_nothing() -> None:
    """Where there is neither variable nor fallback the answer is None."""
    assert resolve_optional("${CLOCK}", environ={}) is None
    assert resolve_optional("${CLOCK}", environ={"CLOCK": "now"}) == "now"


def test_relative_paths_are_taken_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute paths stay, relative ones belong to the yaml's folder or the working directory."""
    monkeypatch.chdir(tmp_path)
    assert resolve_path("data/x.db", folder="/srv") == Path("/srv/data/x.db")
    assert resolve_path("/data/x.db", folder="/srv") == Path("/data/x.db")
    assert resolve_path("data/x.db", folder=None) == tmp_path / "data" / "x.db"
    assert resolve_path("../data/x.db", folder="/srv/repo") == Path("/srv/data/x.db")
