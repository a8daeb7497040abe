"""The demo's input: the history of git repositories, and a population around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from oo_profile.errors import InputError
from oo_profile.inputs.git_history import Author, HistoryReader
from oo_profile.inputs.git_log import Repository, open_repository
from oo_profile.inputs.simulation import SimulationConfig, simulate
from oo_profile.inputs.tasks import task_signals
from oo_profile.transport.signal_file import write_signals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Feed:
    """A file of signals and what is in it.

    Attributes:
        path: The file.
        signals: How many lines it has.
        authors: The real people in it, busiest first.
        missing: Why a repository gave nothing, in words.
    """

    path: Path
    signals: int
    authors: tuple[Author, ...] = ()
    missing: tuple[str, ...] = ()


def from_git(paths: Sequence[Path], out: Path, now: datetime) -> Feed:
    """Turn git histories into signals; a path without a history is said, and left out."""
    repositories: list[Repository] = []
    missing = []
    for path in paths:
        try:
            repositories.append(open_repository(path))
        except InputError as error:
            missing.append(str(error))
    reader = HistoryReader(now=now)
    signals = write_signals(out, task_signals(reader.read(repositories)))
    return Feed(out, signals, tuple(reader.authors()), tuple(missing))


def from_simulation(users: int, days: int, seed: int, out: Path, now: datetime) -> Feed:
    """Make a population that lives up to today, and write what it sends."""
    end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    simulation = simulate(SimulationConfig(users=users, days=days, seed=seed, end=end))
    return Feed(out, write_signals(out, simulation.signals))
