"""Nobody is reset: what a change from 7 to 12 features costs and brings, in three worlds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from support.intervals import Interval
from support.policy_change import HISTORY, Course, run_course
from support.tip_worlds import MISLEADING, USEFUL, USELESS, WORLDS, World
from tqdm import tqdm

from oo_profile.reports.drawing import COLOURS, drawing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HORIZONS: Final = (20, 100, 300, 1000)
SEEDS: Final = 30
PEOPLE: Final = 40
COMPARED: Final = {"fill": COLOURS[0], "extend": COLOURS[2], "reset": COLOURS[1]}
PLOT: Final = "bandit-nobody-is-reset.svg"
FIRST_DRAWN: Final = 5
SMALL: Final = 0.001
"""A reward a decision; "not below" means: by this at most, with 97.5 % confidence."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of a world.

    Attributes:
        world: Where it is to hold.
        words: As in the document.
        better: A way to change.
        worse: The way it is held against.
        least: The lower end of the interval of their difference, a reward a decision, is above
            this at each of the horizons.
        horizons: Decisions after the change.
    """

    world: World
    words: str
    better: str
    worse: str
    least: float
    horizons: tuple[int, ...] = HORIZONS

    def holds(self, course: Course) -> bool:
        """Look whether it does."""
        return all(
            difference(course, self.better, self.worse, first).low > self.least
            for first in self.horizons
        )


CLAIMS: Final = (
    Claim(USEFUL, "fill is not below extend", "fill", "extend", -SMALL),
    Claim(USEFUL, "extend is above reset", "extend", "reset", 0.0),
    Claim(USEFUL, "extend is not below staying", "extend", "stay", -SMALL),
    Claim(USELESS, "extend costs at most 0.01", "extend", "stay", -0.01, (100,)),
    Claim(USELESS, "fill costs at most 0.01", "fill", "stay", -0.01, (100,)),
    Claim(MISLEADING, "extend is above fill", "extend", "fill", 0.0),
)


def show(seed: int, plots: Path) -> tuple[str, bool]:
    """Run the three worlds; give the text for the document, and whether all claims hold."""
    courses = {world.name: course_of(world, seed) for world in WORLDS}
    draw(courses, plots / PLOT)
    verdicts = [(claim, claim.holds(courses[claim.world.name])) for claim in CLAIMS]
    sizes = (
        f"{SEEDS} seeds of {PEOPLE} people (seed {seed}), who had made {HISTORY[0]} to "
        f"{HISTORY[1]} decisions before. Cumulative expected reward against staying at 7, with "
        "95 % intervals over the seeds, and in brackets a decision:"
    )
    lines = [
        sizes,
        "",
        *table(courses),
        "",
        *(f"- {claim.world.name}: {claim.words}: **{said(good)}**" for claim, good in verdicts),
        "",
        f"![Reward over staying at 7, a decision so far](plots/{PLOT})",
    ]
    return "\n".join(lines), all(good for _, good in verdicts)


def course_of(world: World, seed: int) -> Course:
    """Run one world in full."""
    steps = HISTORY[1] + HORIZONS[-1]
    with tqdm(total=steps, desc=world.name, unit=" decisions", disable=None) as bar:
        return run_course(
            world,
            seed=seed,
            seeds=SEEDS,
            people=PEOPLE,
            decisions=HORIZONS[-1],
            step_done=bar.update,
        )


def difference(course: Course, better: str, worse: str, first: int) -> Interval:
    """Compare two ways over the first decisions after the change, a reward a decision."""
    apart = (course.values[better] - course.values[worse])[:, :, :first]
    return Interval.over(apart.mean(axis=(1, 2)))


def table(courses: Mapping[str, Course]) -> list[str]:
    """Lay out what each way brought in each world."""
    heads = " | ".join(f"first {first:,}" for first in HORIZONS)
    lines = [f"| world | way | {heads} |", "|---|---|" + "---|" * len(HORIZONS)]
    for name, course in courses.items():
        for way in COMPARED:
            cells = [cell(difference(course, way, "stay", first), first) for first in HORIZONS]
            lines.append(f"| {name} | {way} | {' | '.join(cells)} |")
    return lines


def cell(found: Interval, first: int) -> str:
    """Write a cumulative difference with its interval, and the mean a decision."""
    return f"{found.mean * first:+.2f} ± {found.half * first:.2f} ({found.mean:+.4f})"


def said(good: bool) -> str:  # noqa: FBT001 - the verdict itself
    """Say a verdict."""
    return "holds" if good else "does not hold"


def draw(courses: Mapping[str, Course], path: Path) -> None:
    """Draw the cumulative reward against staying over the number of decisions, a panel a world."""
    path.parent.mkdir(exist_ok=True)
    steps = np.unique(np.geomspace(FIRST_DRAWN, HORIZONS[-1], 40).astype(np.intp))
    with drawing(path, columns=len(courses)) as panels:
        for panel, (name, course) in zip(panels, courses.items(), strict=True):
            for way, colour in COMPARED.items():
                found = [difference(course, way, "stay", int(step)) for step in steps]
                mean = np.array([one.mean for one in found])
                half = np.array([one.half for one in found])
                panel.plot(steps, mean, color=colour, label=way)
                panel.fill_between(steps, mean - half, mean + half, color=colour, alpha=0.2, lw=0)
            panel.axhline(0.0, color="black", lw=0.8)
            panel.set(xscale="log", xlabel="decisions after the change", title=name)
        panels[0].set_ylabel("reward over staying at 7, a decision so far")
        panels[0].legend()
