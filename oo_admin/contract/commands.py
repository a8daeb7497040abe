"""`oo contract`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write JSON Schema and TypeScript of all that others rely on.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is missing or stale.")
def contract(*, folder: Path, check: bool) -> None:
    """Write JSON Schema and TypeScript of all that other programs rely on.

    Signals for who publishes them, features with unit and range for who reads them, the JSON of
    the admin pages, and requests and answers of the bandit's service in examples/ml_serving, where
    the project has it: from the same definitions that the code checks by. Nothing has to run.

    \b
    Example:
      oo contract docs/contract
      oo contract docs/contract --check
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # These import FastAPI and the pages, for which `oo contract --help` need not wait.
    from oo_admin.contract.service import EXAMPLES, PACKAGE, service_folder  # noqa: PLC0415
    from oo_admin.contract.writing import stale_files, write_contract  # noqa: PLC0415

    service = service_folder()
    if service is None:
        click.echo(f"no {EXAMPLES}/{PACKAGE} beside feature_repo/: it is left out", err=True)
    if not check:
        click.echo(f"{folder}: {', '.join(write_contract(folder, service))}")
    elif stale := stale_files(folder, service):
        raise click.ClickException(
            f"{', '.join(stale)} in {folder} are not what the code says: run `oo contract {folder}`"
        )
