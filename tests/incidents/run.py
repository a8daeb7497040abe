"""Put every incident into a simulated population, one at a time, and write the table of the docs.

Then two years in which nothing happens are watched, for false alerts. The clock is injected, so
all of it takes minutes. The exit code is 1 if fewer than 31 incidents are found in time, or more
than one false alert a month is raised.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from support.documents import replace_part
from support.incidents import INCIDENTS
from support.watching import Result, false_alerts, moment, prepare, put_in

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data-quality.md"
LEAST_FOUND = 31
DAYS, NEXT_DAYS = 40, 5
SLOW_DAYS, SLOW_NEXT_DAYS = 86, 15
"""For incidents that take longer to be found, and need ten weeks of features before them."""

QUIET_DAYS = 731
MOST_FALSE = 24


def main() -> None:
    """Run all of it and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quiet-seed", type=int, default=3)
    parser.add_argument("--without-years", action="store_true", help="leave the quiet years out")
    options = parser.parse_args()
    quick = prepare(options.users, DAYS, options.seed, NEXT_DAYS)
    slow = prepare(options.users, SLOW_DAYS, options.seed, SLOW_NEXT_DAYS)
    results = []
    for incident in INCIDENTS:
        result = put_in(quick if incident.within_hours < 24 * NEXT_DAYS else slow, incident)
        results.append(result)
        say(f"{'found' if result.found else 'MISSED'}: {incident.name}: {result.what}")
    found = sum(result.found for result in results)
    say(f"{found} of {len(results)} found in time")
    if options.without_years:
        sys.exit(found < LEAST_FOUND)
    alerts = false_alerts(options.users, QUIET_DAYS, options.quiet_seed)
    for alert in alerts:
        say(f"false: {moment(alert.since_us)}: {alert.what}")
    say(f"{len(alerts)} false alerts in {QUIET_DAYS} days")
    replace_part(DOCUMENT, "incidents", table(results, len(alerts), options.users))
    sys.exit(found < LEAST_FOUND or len(alerts) > MOST_FALSE)


def table(results: list[Result], false: int, users: int) -> str:
    """Write the table, and what stands under it."""
    lines = ["| incident | cause named | found after | stated | what the alert says |"]
    lines += ["|---|---|---|---|---|"]
    for result in results:
        incident = result.incident
        after = "not found" if result.after_hours is None else f"{result.after_hours} h"
        lines.append(
            f"| {incident.name} | {incident.cause} | {after} | {incident.within_hours} h | "
            f"{result.what} |"
        )
    found = sum(result.found for result in results)
    whole = (
        f"{found} of {len(results)} are found within the stated delay, in a population of "
        f"{users:,} people who send some 170 signals an hour. In {QUIET_DAYS} days in which "
        f"nothing happens {false} alerts fire."
    )
    lines += ["", whole]
    return "\n".join(lines)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
