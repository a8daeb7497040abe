"""`oo profile`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from oo_profile.reports.words import parse_instant
from oo_profile.settings import current_settings
from oo_transforms.clock import to_micros

if TYPE_CHECKING:
    from datetime import datetime


def _instant(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(short_help="Show a user's profile, and why a feature has its value.")
@click.argument("user_id", metavar="USER")
@click.option("--at", callback=_instant, metavar="T", help="A moment in ISO 8601.  [default: now]")
@click.option("--explain", metavar="FEATURE", help="Show the signals behind a feature's value.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, values as served.")
def profile(*, user_id: str, at: datetime | None, explain: str | None, as_json: bool) -> None:
    """Show a user's profile at a moment, and why a feature has its value.

    It is read from history, as true at that moment, signals that came late included. Values come
    from the functions that serving runs. The builder may run meanwhile.

    \b
    Example:
      oo profile ada
      oo profile ada --at 2026-03-01T12:00+01:00
      oo profile ada --explain completion_rate
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # These import Feast, for which `oo profile --help` need not wait.
    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.reports import profile_text  # noqa: PLC0415
    from oo_profile.reports.catalogue import Catalogue  # noqa: PLC0415
    from oo_profile.reports.explain import explain as explained  # noqa: PLC0415
    from oo_profile.reports.profile_report import ProfileReader  # noqa: PLC0415
    from oo_profile.storage.database import reading  # noqa: PLC0415

    settings = current_settings()
    store = open_store(settings)
    reader = ProfileReader(store, Catalogue(store))
    now_us = time.time_ns() // 1000 if at is None else to_micros(at)
    with reading(settings.db) as connection:
        report = reader.read(connection, user_id, now_us)
        explanation = explain and explained(connection, report, report.feature(explain))
    if as_json:
        told = report.as_json()
        if explanation:
            told["explanation"] = explanation.as_json()
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif explanation:
        click.echo(profile_text.explanation_text(report, explanation))
    else:
        click.echo(profile_text.profile_text(report))
