"""Evidence is honest: how often intervals, sequences and the gate are right about known worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from evidence.honest_runs import (
    EVERY,
    JUDGED_FROM,
    LEAST_COVERAGE,
    PEOPLE,
    PEOPLE_DECISIONS,
    coverage,
    missed,
    name_of,
    of_people,
    opened,
)
from support.logged import LIVE_VALUE, World

from oo_bandit import Rollout
from oo_profile.reports.drawing import COLOURS, drawing

if TYPE_CHECKING:
    from pathlib import Path

    from evidence.honest_runs import Cell, Mask

    from oo_bandit.arrays import Floats

LOGS: Final = 500
COVERAGE_LOGS: Final = 2_000
"""For shares near 95 %, which are known to half a percent by so many: of a hundred shares by 500
logs one or two are two percent off."""

MOST_MISSES: Final = 0.05
LEAST_POWER: Final = 0.8
CANARY_DECISIONS: Final = 2_000
SHADOW_DECISIONS: Final = 20_000
SHADOW_LOGS: Final = 100

COVERED: Final = (
    (World("shadow"), (100, 500, 1_000, 2_000, 4_000)),
    (World("canary"), (100, 300, 1_000, 2_000)),
    (World("uniform"), (300, 700, 1_500)),
    (World("canary", moves=500), (1_000,)),
    (World("canary", new_value=0.403, agree=0.97), (1_000,)),
)
WATCHED: Final = (
    (World("shadow"), 4_000),
    (World("canary"), CANARY_DECISIONS),
    (World("canary", new_value=LIVE_VALUE), CANARY_DECISIONS),
    (World("uniform"), CANARY_DECISIONS),
    (World("canary", moves=500), CANARY_DECISIONS),
)
PLOT: Final = "bandit-evidence-is-honest.svg"

ABOUT: Final = (
    "{logs:,} logs of each world (seed {seed}): 10 candidates, 10 % exploration, the new policy "
    "worth 0.48 and the live one 0.40 and of one mind on 70 % of the decisions, unless said "
    "otherwise. Share of the intervals of 95 % that hold the truth, by IPS / self-normalised / "
    "doubly robust, and of how many logs they are of; of the others it said *not enough*. Fewer "
    f"than {JUDGED_FROM} logs say nothing about a share."
)
CLAIMS: Final = (
    f"intervals cover at least {LEAST_COVERAGE:.0%} where the tool reports",
    "by person they cover what new people of the same kind get as often",
    f"sequences miss in at most {MOST_MISSES:.0%} of the logs",
    f"without a difference the gate opens in at most {MOST_MISSES:.0%} of the runs",
    f"with a gain of 0.08 in at least {LEAST_POWER:.0%} by {CANARY_DECISIONS:,} canary decisions",
)

SHADOW: Final = Rollout(live="live", new="new")
CANARY: Final = SHADOW.moved("canary", percent=100)


def show(seed: int, plots: Path) -> tuple[str, bool]:
    """Make the logs; give the text for the document, and whether all claims hold."""
    random = np.random.default_rng(seed)
    cells = {
        (world, count): coverage(world, count, COVERAGE_LOGS, random)
        for world, counts in COVERED
        for count in counts
    }
    people = of_people(COVERAGE_LOGS, random)
    misses = {world: missed(world, count, LOGS, random) for world, count in WATCHED}
    even, better, shadow = (
        opened(world, step, logs, count, random)
        for world, step, logs, count in (
            (World("canary", new_value=LIVE_VALUE), CANARY, LOGS, CANARY_DECISIONS),
            (World("canary"), CANARY, LOGS, CANARY_DECISIONS),
            (World("shadow"), SHADOW, SHADOW_LOGS, SHADOW_DECISIONS),
        )
    )
    draw((even, better, shadow), plots / PLOT)
    holding = (
        all(cell.holds for row in cells.values() for cell in row),
        min(people[1]) >= LEAST_COVERAGE,
        all(share <= MOST_MISSES for row in misses.values() for share in row),
        even[:, -1].mean() <= MOST_MISSES,
        better[:, -1].mean() >= LEAST_POWER,
    )
    claims = zip(CLAIMS, holding, strict=True)
    text = [
        ABOUT.format(logs=COVERAGE_LOGS, seed=seed),
        "",
        *coverage_table(cells),
        "",
        f"Share of {LOGS} logs that a sequence of 95 % misses, looked at every {EVERY} decisions:",
        "",
        *misses_table(misses),
        "",
        people_words(*people),
        "",
        gate_words(even, better, shadow),
        "",
        *(f"- {words}: **{'holds' if good else 'does not hold'}**" for words, good in claims),
        "",
        f"![Share of runs in which the gate has opened](plots/{PLOT})",
    ]
    return "\n".join(text), all(holding)


def coverage_table(cells: dict[tuple[World, int], tuple[Cell, Cell, Cell]]) -> list[str]:
    """Lay out how often intervals hold."""
    lines = ["| log | decisions | live | new | difference |", "|---|---|---|---|---|"]
    for (world, count), row in cells.items():
        told = " | ".join(map(words_of, row))
        lines.append(f"| {name_of(world)} | {count:,} | {told} |")
    return lines


def words_of(cell: Cell) -> str:
    """Write one cell."""
    if not cell.reported:
        return "not enough"
    shares = " / ".join(f"{share:.3f}" for share in cell.covered)
    return f"{shares} ({cell.reported})"


def misses_table(misses: dict[World, tuple[float, float, float]]) -> list[str]:
    """Lay out how often sequences miss."""
    counts = dict(WATCHED)
    lines = ["| log | decisions | live | new | difference |", "|---|---|---|---|---|"]
    for world, row in misses.items():
        told = " | ".join(f"{share:.1%}" for share in row)
        lines.append(f"| {name_of(world)} | {counts[world]:,} | {told} |")
    return lines


def people_words(by_decision: Floats, by_person: Floats) -> str:
    """Say how often intervals hold what others get."""
    shares = (" / ".join(f"{share:.3f}" for share in each) for each in (by_decision, by_person))
    return (
        "What people get who are not in the log, of whom each has rewards of his own "
        f"({PEOPLE_DECISIONS // PEOPLE.each} people in a log, {PEOPLE.each} decisions each): held "
        "by intervals by decision in {}, by person in {}.".format(*shares)
    )


def gate_words(even: Mask, better: Mask, shadow: Mask) -> str:
    """Say how often the gate opens, and when."""
    return (
        f"The gate to full, asked every {EVERY} decisions. Without a difference it opened in "
        f"{even[:, -1].mean():.1%} of {len(even)} runs of {CANARY_DECISIONS:,} canary decisions; "
        f"with 0.40 against 0.48 in {better[:, -1].mean():.1%}, and in half of them within "
        f"{reached(better, 0.5)}, in 80 % within {reached(better, LEAST_POWER)}. In the shadow "
        f"alone it opened in 80 % of {len(shadow)} runs within {reached(shadow, LEAST_POWER)}."
    )


def reached(opened_by: Mask, share: float) -> str:
    """Say after how many decisions so many runs have opened."""
    shares = opened_by.mean(axis=0)
    if shares[-1] < share:
        return f"more than {len(shares) * EVERY:,} decisions"
    return f"{(int(np.argmax(shares >= share)) + 1) * EVERY:,} decisions"


def draw(runs: tuple[Mask, Mask, Mask], path: Path) -> None:
    """Draw the share of runs in which the gate has opened."""
    path.parent.mkdir(exist_ok=True)
    names = "canary, no difference", "canary, 0.40 against 0.48", "shadow, 0.40 against 0.48"
    with drawing(path) as (panel,):
        for name, each, colour in zip(names, runs, COLOURS, strict=False):
            looks = EVERY * np.arange(1, each.shape[1] + 1)
            panel.plot(looks, each.mean(axis=0), color=colour, label=name)
        panel.axhline(LEAST_POWER, color="black", lw=0.8, ls=":")
        panel.set(xscale="log", xlabel="decisions", ylabel="share of runs", ylim=(0, 1))
        panel.legend()
