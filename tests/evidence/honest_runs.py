"""Runs of estimators, sequences and the gate in worlds whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from support.logged import LIVE, LIVE_VALUE, NEW, Made, World, made, one_of
from tqdm import tqdm

from oo_bandit import Health, Rollout, Tally, judge
from oo_bandit.estimates import estimate_difference, estimate_value
from oo_bandit.log_checks import check_log, check_pair
from oo_bandit.sequences import difference_sequence, value_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from oo_bandit.arrays import Floats
    from oo_bandit.estimates import Estimates
    from oo_bandit.sums import Sums

    Mask = npt.NDArray[np.bool_]

EVERY: Final = 100
"""Decisions between two looks."""

AT_ONCE: Final = 200_000
"""Decisions that are made together: some hundred MB."""

LEAST_COVERAGE: Final = 0.93
JUDGED_FROM: Final = 100
"""A share over fewer reported logs says nothing."""

WAYS: Final = ("ips", "self_normalised", "doubly_robust")
PEOPLE: Final = World("canary", each=100)
PEOPLE_DECISIONS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Cell:
    """How often the intervals of one quantity hold it.

    Attributes:
        reported: Of how many logs it was reported.
        covered: Share of these whose interval holds the truth, by `WAYS`; NaN if there is none.
    """

    reported: int
    covered: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Say whether each way covers often enough, where it is reported often enough to tell."""
        return self.reported < JUDGED_FROM or min(self.covered) >= LEAST_COVERAGE


def coverage(
    world: World, count: int, logs: int, random: np.random.Generator
) -> tuple[Cell, Cell, Cell]:
    """Look how often the intervals of live, new and difference hold the truth."""
    held: list[Floats] = []
    for some in batches(world, logs, count, random, f"intervals, {name_of(world)}, {count:,}"):
        sums, values = some.until(count)
        truths = values[:, LIVE], values[:, NEW], values[:, NEW] - values[:, LIVE]
        found = (
            estimate_value(sums, LIVE),
            estimate_value(sums, NEW),
            estimate_difference(sums, NEW, LIVE),
        )
        told = reported(sums)
        held.append(
            np.stack(
                [
                    np.where(mask[:, None], holds(estimates, truth), np.nan)
                    for mask, estimates, truth in zip(told, found, truths, strict=True)
                ]
            )
        )
    live, new, difference = (cell_of(each) for each in np.concatenate(held, axis=1))
    return live, new, difference


def cell_of(held: Floats) -> Cell:
    """Count what was reported, and how much of it holds."""
    told = held[~np.isnan(held[:, 0])]
    return Cell(len(told), tuple(told.mean(axis=0)) if len(told) else (np.nan,) * len(WAYS))


def holds(estimates: Estimates, truth: Floats) -> Floats:
    """Say for each log and way whether the interval holds the truth."""
    ways = [getattr(estimates, way) for way in WAYS]
    inside = [np.asarray((way.low <= truth) & (truth <= way.high)) for way in ways]
    return np.stack(inside, axis=1).astype(float)


def reported(sums: Sums) -> tuple[Mask, Mask, Mask]:
    """Say for each log whether live, new and difference are reported."""
    logs = [one_of(sums, log) for log in range(len(sums.count))]
    live, new = (
        np.array([check_log(log, policy).is_reported for log in logs]) for policy in (LIVE, NEW)
    )
    apart = np.array([not check_pair(log, NEW).lacks for log in logs])
    return live, new, live & new & apart


def missed(
    world: World, count: int, logs: int, random: np.random.Generator
) -> tuple[float, float, float]:
    """Tell the share of logs in which the sequences of live, new and difference ever miss."""
    found: list[list[Mask]] = []
    for some in batches(world, logs, count, random, f"sequences, {name_of(world)}"):
        sums, values = some.looks(EVERY)
        bounds = (
            (value_sequence(sums, LIVE), values[..., LIVE]),
            (value_sequence(sums, NEW), values[..., NEW]),
            (difference_sequence(sums, NEW, LIVE), values[..., NEW] - values[..., LIVE]),
        )
        found.append(
            [
                np.asarray(((low > truth) | (high < truth)).any(axis=1))
                for (low, high), truth in bounds
            ]
        )
    live, new, difference = (
        float(np.concatenate(each).mean()) for each in zip(*found, strict=True)
    )
    return live, new, difference


def of_people(logs: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Tell how often intervals of the live policy hold what people who are not in the log get.

    Returns:
        By `WAYS`: those by decision, and those by person.
    """
    by_decision, by_person = [], []
    truth = np.array(LIVE_VALUE)
    for some in batches(PEOPLE, logs, PEOPLE_DECISIONS, random, "intervals by person"):
        sums, _ = some.until(PEOPLE_DECISIONS)
        by_decision.append(holds(estimate_value(sums, LIVE), truth))
        by_person.append(holds(estimate_value(some.by_person(PEOPLE.each), LIVE), truth))
    return np.concatenate(by_decision).mean(axis=0), np.concatenate(by_person).mean(axis=0)


def opened(
    world: World, rollout: Rollout, logs: int, count: int, random: np.random.Generator
) -> Mask:
    """Say for each run and look whether the gate to full has opened by then: (logs, looks)."""
    full, runs = rollout.moved("full"), []
    for some in batches(world, logs, count, random, f"gate, {name_of(world)}"):
        sums, _ = some.looks(EVERY)
        for log in range(len(sums.count)):
            looks = [one_of(sums, log, look) for look in range(sums.count.shape[1])]
            open_now = [judge(rollout, full, tally_of(look)).is_allowed for look in looks]
            runs.append(np.logical_or.accumulate(open_now))
    return np.stack(runs)


def tally_of(sums: Sums) -> Tally:
    """Return the tally of decisions that were all quick and with fresh features."""
    count = int(sums.count)
    return Tally(("live", "new"), sums, sums, Health(measured_expired=count, measured_time=count))


def batches(
    world: World, logs: int, count: int, random: np.random.Generator, words: str
) -> Iterator[Made]:
    """Make logs, so many at a time as memory takes."""
    with tqdm(total=logs, desc=words, unit=" logs", disable=None, leave=False) as bar:
        for begin in range(0, logs, step := max(1, AT_ONCE // count)):
            some = min(step, logs - begin)
            yield made(world, some, count, random)
            bar.update(some)


def name_of(world: World) -> str:
    """Say which world it is."""
    words = {"uniform": "chosen by chance"}.get(world.logging, world.logging)
    if world.moves:
        words += ", rewards move"
    if world.new_value == LIVE_VALUE:
        words += ", no difference"
    if world.agree > 0.9:
        words += f", of one mind on {world.agree:.0%}"
    return words
