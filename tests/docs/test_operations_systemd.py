"""The units are what systemd takes, and say what the document says."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
UNITS = PROJECT / "docs" / "systemd"
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze: units are not verified by it")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """No unknown key, no value that is none; the project's place is one that exists here."""
    program = tmp_path / ".venv" / "bin" / "oo"
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/true")
    units = [shutil.copy(unit, tmp_path) for unit in UNITS.iterdir() if unit.suffix != ".env"]
    for unit in map(Path, units):
        unit.write_text(unit.read_text(encoding="utf-8").replace("/opt/oo", str(tmp_path)))
    done = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_builder_is_stopped_gently_and_started_again() -> None:
    """SIGTERM first, time to finish a batch, and a restart whatever ended it."""
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / "oo-builder.service")
    service = unit["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) >= 30
    assert service["EnvironmentFile"] == "/etc/oo/builder.env"


def test_its_settings_are_those_of_the_readme() -> None:
    """Every variable of the environment file is one that the README lists."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    variables = re.findall(r"^(OO_\w+)=", (UNITS / "builder.env").read_text(), re.MULTILINE)
    assert len(variables) > 5
    assert [name for name in variables if f"`{name}`" not in readme] == []
