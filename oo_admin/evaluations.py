"""The last evaluation of the policies: it reads the whole log, so it is kept, and not made anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from oo_admin.reading.evaluation_facts import EvaluationFacts, evaluation_facts
from oo_profile.evaluation.evaluation import Question, evaluate
from oo_profile.storage import rollout_steps
from oo_profile.storage.database import reading_as_it_goes
from oo_transforms.clock import from_micros

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_admin.accounts.database import AdminDatabase
    from oo_admin.job_results import JobResult
    from oo_admin.jobs import Progress, Work
    from oo_profile.settings import Settings

_KEPT: Final = 20
"""So many are kept, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvaluation:
    """An evaluation that was made here.

    Attributes:
        made_us: When, microseconds.
        made_by: Who asked for it.
        found: What it found.
    """

    made_us: int
    made_by: str
    found: EvaluationFacts


class Evaluations:
    """Keeps evaluations.

    Args:
        database: Where.
    """

    def __init__(self, database: AdminDatabase) -> None:
        self._database = database

    def keep(self, made: KeptEvaluation) -> None:
        """Keep an evaluation, and let the oldest go."""
        text = msgspec.json.encode(made.found).decode()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO evaluations (made_at, made_by, found) VALUES (?, ?, ?)",
                (made.made_us, made.made_by, text),
            )
            connection.execute(
                "DELETE FROM evaluations WHERE number <= (SELECT max(number) FROM evaluations) - ?",
                (_KEPT,),
            )

    def newest(self) -> KeptEvaluation | None:
        """Return the last evaluation; None: there is none that this version can read."""
        with self._database.connected() as connection:
            row = connection.execute(
                "SELECT made_at, made_by, found FROM evaluations ORDER BY number DESC LIMIT 1"
            ).fetchone()
        if row is None:
            return None
        made_us, made_by, text = row
        try:
            found = msgspec.json.decode(text, type=EvaluationFacts)
        except msgspec.ValidationError:  # of a version that told something else
            return None
        return KeptEvaluation(made_us=made_us, made_by=made_by, found=found)


def evaluation_work(
    settings: Settings, evaluations: Evaluations, clock: Callable[[], int], account: str
) -> Work:
    """Return the work that evaluates the policies of the rollout, and keeps what it finds.

    Args:
        settings: Where the log is.
        evaluations: Where it is kept.
        clock: Tells the present in microseconds.
        account: Who asked for it.
    """

    def work(progress: Progress) -> JobResult:
        now_us, done = clock(), 0

        def on_decisions(count: int) -> None:
            nonlocal done
            done += count
            progress(done, 0)

        with reading_as_it_goes(settings.db) as connection:
            rollout = rollout_steps.current(connection)
            question = Question(rollout.live, rollout.new, from_micros(now_us))
            evaluation = evaluate(connection, question, progress=on_decisions)
        found = evaluation_facts(evaluation, rollout)
        evaluations.keep(KeptEvaluation(made_us=now_us, made_by=account, found=found))
        everybody = found.groups[0]
        return {"decisions": everybody.decisions, "people": everybody.people}

    return work
