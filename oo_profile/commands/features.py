"""`oo features`."""

from __future__ import annotations

import json
import shutil

import click

from oo_profile.settings import current_settings


@click.command(short_help="List the features of the registry.")
@click.option("--service", metavar="NAME", help="Only this service's features, in its order.")
@click.option("--state", is_flag=True, help="The columns of state views too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with units, ranges and owners.")
def features(*, service: str | None, state: bool, as_json: bool) -> None:
    """List the features of the registry: what they mean, where they come from, when they go stale.

    TTL is the age at which the state behind a feature counts as expired. A signal of the subjects
    under "invalidated by" changes the feature.

    \b
    Example:
      oo features
      oo features --service bandit_v2
      oo features --state --json
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # Both import Feast, for which `oo features --help` need not wait.
    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.reports.catalogue import Catalogue  # noqa: PLC0415
    from oo_profile.reports.catalogue_table import catalogue_table  # noqa: PLC0415

    catalogue = Catalogue(open_store(current_settings()))
    entries = catalogue.features if service is None else catalogue.service(service)
    if state:
        entries = (*entries, *(entry for entry in catalogue.columns if entry not in entries))
    if as_json:
        click.echo(json.dumps([entry.as_json() for entry in entries], ensure_ascii=False, indent=2))
    else:
        click.echo(catalogue_table(entries, shutil.get_terminal_size().columns))
