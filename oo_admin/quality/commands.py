"""`oo quality`."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from oo_profile.commands.log_format import log_format_option
from oo_profile.errors import DatabaseError, NoDatabaseError
from oo_profile.insight.events import EventLog, configure
from oo_profile.reports.words import counted
from oo_profile.settings import current_settings
from oo_profile.wall_clock import wall_clock
from oo_stores.errors import OfflineStoreError
from oo_transforms.clock import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from oo_admin.quality.facts import LoggedPoint
    from oo_admin.quality.report import AlertReport, QualityReport
    from oo_admin.quality.running import Round, Watcher
    from oo_profile.insight.events import LogFormat

_log = EventLog(__name__)


@click.group(short_help="Check what comes, and tell people of what is wrong.")
def quality() -> None:
    """Check what comes, and tell people of what is wrong.

    \b
    Example:
      oo quality watch
    """  # noqa: D301 - click keeps the lines after a backspace as they are


@quality.command(short_help="Evaluate once.")
def run() -> None:
    """Evaluate once, deliver what is due, and print what changed.

    \b
    Example:
      oo quality run
    """  # noqa: D301 - as above
    with _watcher() as watching:
        done = watching.round()
    for alert in done.changes:
        click.echo(f"{alert.state}: {alert.what}")
    click.echo(f"{done.firing} firing, {done.undelivered} notices yet to be delivered")


@quality.command(short_help="Evaluate every minute until it is stopped.")
@click.option(
    "--every",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="From the end of one evaluation to the next.",
)
@click.option(
    "--log-every",
    default=24.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="HOURS",
    help="From one logged sample of profiles to the next; 0: none is logged.",
)
@log_format_option
def watch(*, every: float, log_every: float, log_format: LogFormat) -> None:
    """Evaluate every minute until it is stopped; in a process of its own, beside the builder.

    Once a day it logs a sample of profiles, as `oo quality log-sample` does.

    \b
    Example:
      oo quality watch
    """  # noqa: D301 - as above
    configure(log_format)
    stop = threading.Event()
    while True:
        try:
            with _watcher() as watching:
                while True:
                    _tell(watching.round())
                    if log_every:
                        _tell_logged(watching.log_sample(timedelta(hours=log_every)))
                    stop.wait(every)
        except NoDatabaseError:
            raise
        except (DatabaseError, OfflineStoreError) as error:
            # Another writer held the file for too long, or the disk is full: all anew, later.
            _log.warning("quality.waiting", reason=str(error))
            stop.wait(every)


@quality.command(short_help="Log a sample of profiles and measure it.")
def log_sample() -> None:
    """Log a sample of profiles with Feast, and have its monitoring measure how they are spread.

    A thousand users, chosen by a hash of their ids, as of now; at first also as of a month ago.
    What was logged of the day before is replaced. The pages show what is measured, now against a
    month ago; so does `feast ui`.

    \b
    Example:
      oo quality log-sample
    """  # noqa: D301 - as above
    with _watcher() as watching:
        logged = watching.log_sample()
    for point in logged:
        click.echo(f"{from_micros(point.at_us).isoformat()}: {counted(point.users, 'profile')}")
    if not logged:
        click.echo("nobody has a profile yet; nothing was logged")


@quality.command(short_help="Print what the last evaluation found.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, instants in microseconds.")
def report(*, as_json: bool) -> None:
    """Print what the last evaluation found; evaluates nothing.

    \b
    Example:
      oo quality report
      oo quality report --json
    """  # noqa: D301 - as above
    import msgspec  # noqa: PLC0415 - only where it is asked for

    found = _read()
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for line in _lines(found):
        click.echo(line)


@quality.command(short_help="Tell nobody of an alert for some time.")
@click.argument("key")
@click.option(
    "--hours", type=click.FloatRange(min=0), required=True, help="For how long; 0: no more."
)
@click.option("--reason", required=True, help="Why; others will ask.")
def mute(*, key: str, hours: float, reason: str) -> None:
    """Tell nobody of the alert KEY, as `oo quality report` names it, for some time.

    \b
    Example:
      oo quality mute source-stopped:mood --hours 24 --reason "the app is off for repairs"
    """  # noqa: D301 - as above
    from oo_admin.quality.muting import mute_alert  # noqa: PLC0415 - as above
    from oo_admin.quality.running import quality_file  # noqa: PLC0415 - imports Feast
    from oo_admin.quality.store import opened  # noqa: PLC0415 - as above

    with opened(quality_file(current_settings())) as store:
        muted = mute_alert(store, key, hours, reason, _operator(), wall_clock())
    click.echo(f"{key} is muted for {hours:g} hours: {muted.reason}")


@quality.command(short_help="Send a test to everybody who is told of alerts.")
@click.option(
    "--owner", "owners", multiple=True, help="As if a feature of this owner were affected."
)
def test(*, owners: tuple[str, ...]) -> None:
    """Send a test to everybody who is told of alerts; the exit code is 1 if one fails.

    \b
    Example:
      oo quality test
      oo quality test --owner profiles@oo.example
    """  # noqa: D301 - as above
    from oo_admin.quality.running import deliver_test  # noqa: PLC0415 - imports Feast

    answers = deliver_test(current_settings(), os.environ, wall_clock, owners)
    for address, answer in answers.items():
        # Behind the scheme may be a password.
        click.echo(f"{address.partition(':')[0]}: {answer or 'sent'}")
    if any(answers.values()):
        raise click.exceptions.Exit(1)


@quality.command(short_help="Print alerting rules for Prometheus.")
def rules() -> None:
    """Print alerting rules for Prometheus, which need the builder's metrics alone.

    \b
    Example:
      oo quality rules > oo-rules.yml
    """  # noqa: D301 - as above
    from oo_admin.quality.rules import as_yaml  # noqa: PLC0415 - as above

    click.echo(as_yaml(), nl=False)


def _watcher() -> AbstractContextManager[Watcher]:
    from oo_admin.quality.running import watcher  # noqa: PLC0415 - imports Feast
    from oo_profile.registry import open_store  # noqa: PLC0415 - as above

    settings = current_settings()
    return watcher(settings, open_store(settings), os.environ, wall_clock)


def _read() -> QualityReport:
    from oo_admin.quality.report import read_report  # noqa: PLC0415 - imports Feast
    from oo_admin.quality.running import lineage_of, quality_file  # noqa: PLC0415 - as above
    from oo_admin.quality.store import opened  # noqa: PLC0415 - as above
    from oo_profile.registry import open_store  # noqa: PLC0415 - as above
    from oo_profile.storage.database import reading  # noqa: PLC0415 - as above

    settings = current_settings()
    with reading(settings.db) as database, opened(quality_file(settings)) as store:
        return read_report(store, database, lineage_of(open_store(settings)), wall_clock())


def _lines(found: QualityReport) -> Iterator[str]:
    from oo_profile.reports.text_table import aligned  # noqa: PLC0415 - only for people

    if not found.evaluated_us:
        yield "nothing was evaluated yet: `oo quality run`, or `oo quality watch` for good"
    yield from (line for told in found.alerts for line in _alert_lines(told))
    if found.evaluated_us and not found.alerts:
        yield "nothing is wrong"
    if found.freshness:
        rows = [("view", "active users", "fresh", "stale", "expired")]
        rows += [
            (v.view, f"{v.users:,}", f"{v.fresh:,}", f"{v.stale:,}", f"{v.expired:,}")
            for v in found.freshness[-1].views
        ]
        yield from aligned(rows)


def _alert_lines(told: AlertReport) -> Iterator[str]:
    from oo_admin.quality.delivery.notice import sentences  # noqa: PLC0415 - only for people

    muted = "" if told.mute is None else f" (muted by {told.mute.by}: {told.mute.reason})"
    yield f"{told.alert.severity} {told.alert.state}{muted}: {told.alert.key}"
    yield f"  {sentences(told)}"


def _tell(done: Round) -> None:
    for alert in done.changes:
        if alert.state == "resolved":
            _log.info("quality.resolved", key=alert.key)
        else:
            _log.warning("quality.firing", key=alert.key, what=alert.what)


def _tell_logged(logged: list[LoggedPoint]) -> None:
    for point in logged:
        at = from_micros(point.at_us).isoformat()
        _log.info("quality.sample_logged", at=at, users=point.users)


def _operator() -> str:
    return os.environ.get("USER") or "an operator"
