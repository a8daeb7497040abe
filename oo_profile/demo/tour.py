"""The demo from beginning to end, told to a person."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from oo_profile import agreement
from oo_profile.apply import apply_definitions
from oo_profile.demo import samples
from oo_profile.demo.feed import Feed, from_git, from_simulation
from oo_profile.demo.stage import Stage, stage
from oo_profile.demo.traffic import Traffic, run_traffic
from oo_profile.development.kept_pages import await_pages, begin_pages
from oo_profile.errors import DisagreementError
from oo_profile.registry import open_store, service_features
from oo_profile.reports.catalogue import Catalogue
from oo_profile.reports.profile_report import ProfileReader
from oo_profile.reports.profile_text import profile_text
from oo_profile.reports.text_table import aligned, natural_widths
from oo_profile.storage.database import reading
from oo_transforms.clock import with_clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from feast import FeatureStore

    from oo_profile.agreement import Agreement, Moment
    from oo_profile.development.kept_pages import Login

SERVICE = "bandit_v2"
CHECKED_USERS = 200
CHECKED_MOMENTS = 500
SHOWN = ("sessions_per_week", "completion_rate", "tip_done_rate", "mood_score", "hours_since_app")
"""Columns of the training set that fit on a screen."""


@dataclass(frozen=True, slots=True)
class TourConfig:
    """What to show.

    Attributes:
        repo: The folder of the feature definitions.
        histories: Git repositories whose history is the real input.
        users: Size of the population simulated around it.
        days: How long that population lived.
        seed: Draws the population and the samples.
        keep: Leave servers and files.
    """

    repo: Path
    histories: tuple[Path, ...]
    users: int
    days: int
    seed: int
    keep: bool


class Tour:
    """Tells the demo, step by step."""

    def __init__(self, config: TourConfig) -> None:
        self._config = config
        self._step = 0

    def run(self) -> None:
        """Run every step; the servers are stopped at the end unless they are kept.

        Raises:
            DisagreementError: Signals were lost, or two ways to a number disagree.
            ProfileError: A step cannot be done.
        """
        config = self._config
        with stage(config.repo, keep=config.keep) as on:
            self._say("Redis and NATS are up, embedded, on free ports")
            click.echo(f"  redis {on.settings.redis}, nats {on.settings.nats}")
            store = self._apply(on)
            # Begun here, since they take some seconds to answer.
            pages = begin_pages(on.folder, on.pages_port)
            feeds = self._feeds(on)
            traffic = self._traffic(on, store, feeds)
            unserved = self._unserved(store, on)
            person = self._person(on, feeds[0])
            if config.keep:
                on.name("OO_DEMO_USER", person.user_id)
            self._profile(store, on, person)
            self._vectors(store, on, person)
            self._training_set(store, on)
            agreements = self._agreements(store, on)
            self._next(on)
            if not traffic.is_whole or unserved or not all(found.holds for found in agreements):
                raise DisagreementError("see the lines marked with NO above")
            self._pages(on, pages, person)

    def _say(self, title: str) -> None:
        self._step += 1
        click.echo(f"\n{self._step}. {title}")

    def _apply(self, on: Stage) -> FeatureStore:
        self._say("feast apply: every feature, declared once")
        apply_definitions(on.settings)
        store = open_store(on.settings)
        views = store.list_on_demand_feature_views()
        click.echo(
            f"  {len(store.list_feature_views())} state views, {len(views)} on-demand views with "
            f"{sum(len(view.features) for view in views)} features, services "
            + ", ".join(sorted(service.name for service in store.list_feature_services()))
        )
        return store

    def _feeds(self, on: Stage) -> list[Feed]:
        self._say("The input: real work out of git, and a population around it")
        now = datetime.now(UTC)
        real = from_git(self._config.histories, on.folder / "git.jsonl", now)
        for reason in real.missing:
            click.echo(f"  missing: {reason}")
        click.echo(f"  git: {real.signals:,} signals of {_people(len(real.authors))}")
        users, days = self._config.users, self._config.days
        path = on.folder / "simulated.jsonl"
        made = from_simulation(users, days, self._config.seed, path, now)
        click.echo(f"  simulated: {made.signals:,} signals of {_people(users)} in {days} days")
        return [real, made]

    def _traffic(self, on: Stage, store: FeatureStore, feeds: Sequence[Feed]) -> Traffic:
        self._say("Signals through JetStream into SQLite and Redis, while they are published")
        traffic = run_traffic(on.settings, store, feeds, bars=sys.stderr.isatty())
        totals = traffic.totals
        rows = [
            ("published", traffic.published, traffic.published / traffic.publish_seconds),
            ("stored", totals.stored.total(), totals.stored.total() / traffic.build_seconds),
            ("duplicates", totals.duplicates, None),
            ("rejected", totals.rejected.total(), None),
        ]
        click.echo(_table(rows, ("", "signals", "signals/s"), ",.0f"))
        mark = "yes" if traffic.is_whole else "NO"
        click.echo(f"  published = stored + duplicates + rejected: {mark}")
        return traffic

    @staticmethod
    def _unserved(store: FeatureStore, on: Stage) -> list[str]:
        with reading(on.settings.db) as connection:
            unserved = agreement.unserved_users(store, connection)
        missing = f": {len(unserved):,} have none, as {unserved[0]}" if unserved else ""
        click.echo(f"  every user has a profile in Redis: {_mark(not unserved)}{missing}")
        return unserved

    @staticmethod
    def _person(on: Stage, real: Feed) -> Moment:
        with reading(on.settings.db) as connection:
            user_id = real.authors[0].user_id if real.authors else samples.busiest(connection)
            return agreement.after_last_signal(connection, user_id)

    def _profile(self, store: FeatureStore, on: Stage, person: Moment) -> None:
        self._say(f"One person: {person.user_id}, an hour after the last signal")
        with reading(on.settings.db) as connection:
            reader = ProfileReader(store, Catalogue(store))
            report = reader.read(connection, person.user_id, person.now_us)
        click.echo(_indented(profile_text(report)))

    def _vectors(self, store: FeatureStore, on: Stage, person: Moment) -> None:
        self._say(f"What the bandit gets: {SERVICE} of five tasks, by get_online_features")
        service = store.get_feature_service(SERVICE)
        names = service_features(service)
        with reading(on.settings.db) as connection:
            candidates = samples.candidates(connection, person)
        answer = store.get_online_features(service, candidates).to_dict()
        rows = [(name, *map(_number, answer[name])) for name in names]
        click.echo(_table(rows, ("", *(task["category"] for task in candidates))))

    def _training_set(self, store: FeatureStore, on: Stage) -> None:
        self._say("What a data scientist gets: the head of a training set, point in time")
        service = store.get_feature_service("profile_v1")
        names = service_features(service)
        shown = [n for n in names if n in SHOWN]
        with reading(on.settings.db) as connection:
            entities = samples.entity_rows(connection, self._config.seed)
        frame = store.get_historical_features(with_clock(entities), service).to_df()
        head = frame[["user_id", "event_timestamp", *shown]].head()
        head = head.assign(event_timestamp=head["event_timestamp"].dt.strftime("%Y-%m-%d %H:%M"))
        click.echo(_table(head.to_numpy().tolist(), ("user", "at", *shown), ".4g"))
        click.echo(f"  {len(frame):,} rows of {len(names)} features")

    def _agreements(self, store: FeatureStore, on: Stage) -> list[Agreement]:
        self._say("No skew: two ways to each number, and the largest deviation found")
        seed = self._config.seed
        with reading(on.settings.db) as connection:
            moments = agreement.last_moments(connection, CHECKED_USERS, seed)
            spread = agreement.spread_moments(connection, CHECKED_MOMENTS, seed)
            users = [moment.user_id for moment in moments]
            found = [
                agreement.serving_and_training(store, moments),
                agreement.training_and_definition(store, connection, spread),
                agreement.stream_and_replay(connection, users),
            ]
        rows = [
            (f.claim, f"{f.compared:,}", f"{f.largest:.1e}", f"{f.tolerance:.0e}", _mark(f.holds))
            for f in found
        ]
        headers = ("", "values compared", "largest deviation", "allowed", "holds")
        click.echo(_table(rows, headers))
        if expired := sum(f.left_out for f in found):
            click.echo(f"  left out: {expired:,} values that training has let expire")
        if undefined := [name for f in found for name in f.undefined]:
            click.echo(f"  not in oo_profile/definition, not compared: {', '.join(undefined)}")
        for difference in (text for f in found for text in f.differences):
            click.echo(f"  NO: {difference}")
        return found

    def _pages(self, on: Stage, pages: Login, person: Moment) -> None:
        self._say("The pages for admins")
        await_pages(pages, on.folder)
        click.echo(f"  {pages.url}/users/{person.user_id}")
        click.echo(f"  log in as {pages.account}, password {pages.password}")
        if not self._config.keep:
            click.echo("  They end with this demo; make demo KEEP=1 leaves them up")
            # On a terminal alone: elsewhere nobody could press anything.
            click.pause("  Press any key to stop everything ...")

    def _next(self, on: Stage) -> None:
        self._say("What to try next")
        if self._config.keep:
            click.echo(f"  . {on.folder / 'env.sh'}     # then every command finds this demo")
            click.echo("  .venv/bin/oo features         # what is known of a user")
            click.echo("  .venv/bin/oo profile USER --explain completion_rate")
            click.echo("  make down                     # stops the servers")
        else:
            click.echo(
                "  make demo KEEP=1                    # the same; servers and pages stay up"
            )
            click.echo('  make demo REPOS="~/src/a ~/src/b"   # your own working profile')
            click.echo("  README.md has how the bandit, data scientists and producers reach it")


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _mark(holds: bool) -> str:  # noqa: FBT001 - one argument
    return "yes" if holds else "NO"


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str], number: str = "g") -> str:
    """Write a table: texts in the first column, numbers to the right in the others."""
    cells = [[_cell(value, number) for value in row] for row in rows]
    widths = natural_widths([headers, *cells])
    lines = [headers, ["-" * width for width in widths], *cells]
    ranged = [
        [line[0], *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        for line in lines
    ]
    return _indented("\n".join(aligned(ranged, widths)))


def _cell(value: object, number: str) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return format(value, number) if isinstance(value, float) else str(value)


def _indented(text: str) -> str:
    return textwrap.indent(text, "  ")
