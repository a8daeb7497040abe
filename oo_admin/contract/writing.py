"""The files of the contract, and whether those in a folder are still true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from oo_admin.contract.features import features_contract
from oo_admin.contract.pages import pages_contract
from oo_admin.contract.service import service_contract, service_openapi
from oo_admin.contract.signals import signals_contract
from oo_admin.contract.typescript import typescript

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from oo_transforms.described import Schema

CONTRACTS: Final[Mapping[str, Callable[[], Schema]]] = {
    "signals": signals_contract,
    "features": features_contract,
    "pages": pages_contract,
}
"""Each contract of the store's own, by the name of its files."""

HEAD: Final = "Written by `oo contract` from the definitions that the code checks by: edit those."


def contract_files(service: Path | None) -> dict[str, str]:
    """Return the text of every file by its name.

    Args:
        service: The folder that the service's package is in; None: it is left out.
    """
    schemas = {name: made() for name, made in CONTRACTS.items()}
    files = {}
    if service is not None:
        openapi = service_openapi(service)
        schemas["service"] = service_contract(openapi)
        files["service.openapi.json"] = _json(openapi)
    for name, schema in schemas.items():
        files[f"{name}.schema.json"] = _json(schema)
        files[f"{name}.d.ts"] = typescript(schema, HEAD)
    return files


def write_contract(folder: Path, service: Path | None) -> list[str]:
    """Write the files of the contract, the folder too; those there are replaced.

    Args:
        folder: Where to.
        service: The folder that the service's package is in; None: it is left out.

    Returns:
        The names of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = contract_files(service)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(files)


def stale_files(folder: Path, service: Path | None) -> list[str]:
    """Name the files that are missing in a folder, or are not what would be written now.

    Args:
        folder: Where they should be.
        service: The folder that the service's package is in; None: it is left out.
    """
    return [
        name
        for name, text in contract_files(service).items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
