"""The contract in the project is what `oo contract` writes now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from oo_admin.contract.writing import CONTRACTS, contract_files, stale_files
from oo_profile.cli import oo

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "docs" / "contract"
SERVICE = PROJECT / "examples"


def test_the_files_of_the_project_are_what_would_be_written() -> None:
    """A changed definition needs `make contract`; no file of an earlier contract stays."""
    assert stale_files(FOLDER, SERVICE) == [], "run `make contract`"
    assert {file.name for file in FOLDER.iterdir()} == set(contract_files(SERVICE))


def test_a_file_that_is_stale_or_missing_is_named(tmp_path: Path) -> None:
    """`--check` fails, says which and what to do, and writes nothing."""
    folder = tmp_path / "made" / "here"
    written = CliRunner().invoke(oo, ["contract", str(folder)])
    assert written.exit_code == 0, written.output
    assert CliRunner().invoke(oo, ["contract", str(folder), "--check"]).exit_code == 0
    (folder / "signals.d.ts").write_text("old", encoding="utf-8")
    (folder / "pages.schema.json").unlink()
    checked = CliRunner().invoke(oo, ["contract", str(folder), "--check"])
    assert checked.exit_code == 1
    assert "signals.d.ts, pages.schema.json in" in checked.stderr
    assert f"run `oo contract {folder}`" in checked.stderr
    assert (folder / "signals.d.ts").read_text(encoding="utf-8") == "old"


def test_without_the_service_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of another project has no example beside it, and is told so."""
    monkeypatch.chdir(tmp_path)
    written = CliRunner().invoke(oo, ["contract", "made"])
    assert written.exit_code == 0, written.output
    assert "it is left out" in written.stderr
    assert {file.stem.partition(".")[0] for file in (tmp_path / "made").iterdir()} == {*CONTRACTS}


@pytest.mark.parametrize("name", [*CONTRACTS, "service"])
def test_everything_is_described(name: str) -> None:
    """Every type and every field of one says what it is."""
    parts = json.loads(contract_files(SERVICE)[f"{name}.schema.json"])["$defs"]
    fields = [
        (f"{part}.{field}", told)
        for part, schema in parts.items()
        for field, told in schema.get("properties", {}).items()
    ]
    silent = [name for name, told in (*parts.items(), *fields) if not told.get("description")]
    assert silent == []
