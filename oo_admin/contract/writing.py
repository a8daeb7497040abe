"""The files of the contract, and whether those in a folder are still true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from oo_admin.contract.features import features_contract
from oo_admin.contract.pages import pages_contract
from oo_admin.contract.signals import signals_contract
from oo_admin.contract.typescript import typescript

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from oo_admin.contract.described import Schema

CONTRACTS: Final[Mapping[str, Callable[[], Schema]]] = {
    "signals": signals_contract,
    "features": features_contract,
    "pages": pages_contract,
}
"""Each contract by the name of its files."""

HEAD: Final = "Written by `oo contract` from the definitions that the code checks by: edit those."


def contract_files() -> dict[str, str]:
    """Return the text of every file by its name."""
    files = {}
    for name, made in CONTRACTS.items():
        schema = made()
        files[f"{name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        files[f"{name}.d.ts"] = typescript(schema, HEAD)
    return files


def write_contract(folder: Path) -> list[str]:
    """Write the files of the contract, the folder too; those there are replaced.

    Returns:
        The names of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = contract_files()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(files)


def stale_files(folder: Path) -> list[str]:
    """Name the files that are missing in a folder, or are not what would be written now."""
    return [
        name
        for name, text in contract_files().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
