"""How long the admin pages take, in a store with many users.

A simulated population goes through the builder; then each of its users is copied under new ids,
states and signals alike, until there are as many as asked. The figures are of the server alone,
with the login's session, over random users.

    python benchmarks/admin_pages.py --users 1000000

What `oo quality watch` costs beside a builder is measured in the same store, see `quality_watch`.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import builder
import numpy as np
import quality_watch
from fastapi.testclient import TestClient

from oo_admin.accounts.accounts import Account, Role
from oo_admin.config import AdminConfig
from oo_admin.quality.running import quality_file, watcher
from oo_admin.quality.store import opened
from oo_admin.web.app import make_app
from oo_profile.apply import apply_definitions
from oo_profile.demo.feed import from_simulation
from oo_profile.demo.stage import stage
from oo_profile.demo.traffic import run_traffic
from oo_profile.registry import open_store
from oo_profile.storage.database import connect, transaction
from oo_profile.wall_clock import wall_clock
from oo_transforms.clock import HOUR_US
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from oo_profile.demo.stage import Stage

BASE_USERS, BASE_DAYS = 400, 22
COPIED = ("signals", *(view.name for view in STATE_VIEWS))
BOUNDS_MS = {"search": 50.0}
BOUND_MS = 100.0


def main() -> None:
    """Make the store, and ask for every page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=40, help="Times that each page is asked for.")
    quality_watch.add_options(parser)
    options = parser.parse_args()
    with stage(builder.PROJECT / "feature_repo", keep=False) as on:
        apply_definitions(on.settings)
        fill(on, options.users, options.seed)
        check_quality(on)
        measure(on, options.asked, random.Random(options.seed))
        quality_watch.measure(on, options)


def fill(on: Stage, users: int, seed: int) -> None:
    """Let the builder make some users, and copy them until there are so many."""
    now = datetime.now(UTC)
    made = from_simulation(BASE_USERS, BASE_DAYS, seed, on.folder / "base.jsonl", now)
    run_traffic(on.settings, open_store(on.settings), [made], bars=False)
    with contextlib.closing(connect(on.settings.db, synchronous="NORMAL")) as connection:
        base = [user for (user,) in connection.execute("SELECT DISTINCT user_id FROM signals")]
        copies = -(-users // len(base))
        began = time.perf_counter()
        for user_id in base:
            with transaction(connection):
                for table in COPIED:
                    _copy(connection, table, user_id, copies)
        with transaction(connection):
            connection.execute(
                "INSERT OR REPLACE INTO user_activity "
                "SELECT user_id, max(occurred_at) FROM signals GROUP BY user_id"
            )
        count = connection.execute("SELECT count(*) FROM signals").fetchone()[0]
    print(
        f"{len(base) * (copies + 1):,} users, {count:,} signals, "
        f"{on.settings.db.stat().st_size / 2**30:.1f} GiB, copied in "
        f"{time.perf_counter() - began:.0f} s"
    )


def _copy(connection: sqlite3.Connection, table: str, user_id: str, copies: int) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    rest = ", ".join(column for column in columns if column != "user_id")
    connection.execute(
        f"INSERT INTO {table} (user_id, {rest}) "  # noqa: S608 - our own tables
        "WITH RECURSIVE copy(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copy "
        f"WHERE number < ?) SELECT user_id || printf('-%06d', number), {rest} "
        f"FROM copy CROSS JOIN {table} WHERE user_id = ?",
        (copies, user_id),
    )


def check_quality(on: Stage) -> None:
    """Run the quality checks and log profiles, and put down weeks of what they saw before."""
    began, spent = time.perf_counter(), time.process_time()
    with watcher(on.settings, open_store(on.settings), {}, wall_clock) as watching:
        watching.round()
        evaluated = time.process_time()
        users = [point.users for point in watching.log_sample()]
    print(
        f"quality: {evaluated - spent:.1f} s of CPU for the first evaluation, "
        f"{time.process_time() - evaluated:.1f} s to log and measure {users} profiles, "
        f"{time.perf_counter() - began:.1f} s together"
    )
    with opened(quality_file(on.settings)) as store, store.transaction():
        (last,) = store.freshness(0)[-1:]
        for hours in range(1, 63 * 24):
            store.add_freshness(replace(last, at_us=last.at_us - hours * HOUR_US))


def measure(on: Stage, asked: int, chance: random.Random) -> None:
    """Ask for each page many times, of users drawn at random."""
    app = make_app(
        AdminConfig(on.folder / "bench-admin.db"), on.settings, open_store(on.settings), wall_clock
    )
    admin = app.state.admin
    with admin.database.writing() as connection:
        connection.execute("INSERT INTO accounts VALUES ('ada', 'operator', 'none', 0)")
    token = admin.sessions.begin(Account("ada", Role.OPERATOR), wall_clock())
    client = TestClient(app, base_url="http://localhost", cookies={"oo-admin": token})
    with admin.reader.reading() as connection:
        users = [
            user for (user,) in connection.execute("SELECT user_id FROM user_activity LIMIT 5000")
        ]
        users += [
            user
            for (user,) in connection.execute(
                "SELECT user_id FROM user_activity ORDER BY user_id DESC LIMIT 5000"
            )
        ]

    def one() -> str:
        return str(chance.choice(users))

    pages: dict[str, Callable[[], str]] = {
        "users, most recent": lambda: "/admin/users",
        "users, longest inactive": lambda: "/admin/users?order=stalest",
        "search": lambda: f"/admin/users?q={one()[: chance.randint(4, 14)]}",
        "a user": lambda: f"/admin/users/{one()}",
        "a user, nothing new": lambda: f"/admin/users/{one()}?newer_than={10**18 - 1}",
        "why": lambda: f"/admin/users/{one()}?feature=completion_rate",
        "features": lambda: "/admin/features",
        "a feature": lambda: "/admin/features/completion_rate",
        "bandit": lambda: "/admin/bandit",
        "data quality": lambda: "/admin/data-quality",
        "system": lambda: "/admin/system",
    }
    print(f"{'page':26}{'p50 ms':>8}{'p95 ms':>8}{'bound':>8}")
    for name, address in pages.items():
        taken = []
        for _ in range(asked):
            path = address()
            began = time.perf_counter()
            answer = client.get(path)
            taken.append(1e3 * (time.perf_counter() - began))
            assert answer.is_success, answer.text  # noqa: S101 - else it is no figure
        half, most = np.percentile(taken, [50, 95])
        bound = BOUNDS_MS.get(name, BOUND_MS)
        mark = "" if most <= bound else "  over"
        print(f"{name:26}{half:8.1f}{most:8.1f}{bound:8.0f}{mark}")


if __name__ == "__main__":
    main()
