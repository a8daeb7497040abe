"""Work that is done behind the pages, one after the other: a rebuild, a retry, and the like.

A job is begun once: whoever asks for the same work while it is under way is shown the same job,
and so is a button that was pressed twice, however soon its job was done.
Its row outlives this process; one that a killed process left is told as interrupted. All kinds
of work are safe to interrupt and to begin again.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from oo_admin.errors import NotFound
from oo_admin.job_results import JobResult  # noqa: TC001 - part of an alias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from oo_admin.accounts.database import AdminDatabase

Kind = Literal["rebuild", "forget", "retry", "drop", "alert test", "evaluate"]
JobState = Literal["waiting", "running", "done", "failed", "interrupted"]
Progress: TypeAlias = "Callable[[int, int], object]"
Work: TypeAlias = "Callable[[Progress], JobResult]"
"""Does the work, tells how much of it is done and of how much, and returns what came of it."""

UNDER_WAY: Final = ("waiting", "running")
_COLUMNS = "number, kind, account, person, state, done, total, began_at, ended_at, result"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work.

    Attributes:
        number: Its number.
        kind: What it does.
        account: Who began it.
        person: The keyed hash of whom, or what, it is about.
        state: How far it is; interrupted: the process that did it was killed.
        done: How much is done.
        total: Of how much; 0: not known.
        began_us: When it was asked for, microseconds.
        ended_us: When it ended; None: it has not.
        result: What came of it; it names nobody.
    """

    number: int
    kind: Kind
    account: str
    person: str
    state: JobState
    done: int
    total: int
    began_us: int
    ended_us: int | None
    result: JobResult

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state in UNDER_WAY


class Jobs:
    """Begins jobs and tells of them.

    Args:
        database: Where their rows are.
        clock: Tells the present in microseconds.
    """

    def __init__(self, database: AdminDatabase, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="admin-job")
        self._lock = threading.Lock()
        with database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'interrupted', ended_at = ? "
                "WHERE state IN ('waiting', 'running')",
                (clock(),),
            )

    def begin(
        self, kind: Kind, about: str, account: str, work: Work, press: str = ""
    ) -> tuple[Job, bool]:
        """Begin a job, unless the same work is under way, or this press of a button began one.

        Args:
            kind: What it does.
            about: The user, or the reason of rejected messages, that it is about.
            account: Who asks for it.
            work: What is to be done.
            press: What tells this press of a button from others; empty: nothing does.

        Returns:
            The job, and whether it is a new one.
        """
        person, is_new = self._database.person_hash(about), False
        with self._lock, self._database.writing() as connection:
            row = connection.execute(
                "SELECT number FROM jobs WHERE kind = ? AND person = ? "
                "AND state IN ('waiting', 'running')",
                (kind, person),
            ).fetchone() or _pressed(connection, kind, press)
            if row is None:
                row = connection.execute(
                    "INSERT INTO jobs (kind, account, person, state, done, total, began_at, "
                    "result, press) VALUES (?, ?, ?, 'waiting', 0, 0, ?, '{}', ?) RETURNING number",
                    (kind, account, person, self._clock(), press),
                ).fetchone()
                is_new = True
            (number,) = row
        if is_new:
            self._pool.submit(self._run, number, about, work)
        return self.get(number), is_new

    def get(self, number: int) -> Job:
        """Return a job.

        Raises:
            NotFound: There is none of this number.
        """
        with self._database.connected() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM jobs WHERE number = ?",  # noqa: S608 - ours
                (number,),
            ).fetchone()
        if row is None:
            raise NotFound(f"there is no job {number}: /admin/system lists the newest ones")
        return _job(row)

    def begun_by(self, kind: Kind, press: str) -> Job | None:
        """Return the job of a kind that a press of a button began; None: it began none.

        One that failed or was interrupted is none: a press may begin it again.
        """
        with self._database.connected() as connection:
            row = _pressed(connection, kind, press)
        return None if row is None else self.get(row[0])

    def newest(self, limit: int, user_id: str | None = None) -> list[Job]:
        """List jobs, the newest first, of all or those about one user."""
        about = "" if user_id is None else "WHERE person = ?"
        arguments = [] if user_id is None else [self._database.person_hash(user_id)]
        statement = f"SELECT {_COLUMNS} FROM jobs {about} ORDER BY number DESC LIMIT ?"  # noqa: S608
        with self._database.connected() as connection:
            return [_job(row) for row in connection.execute(statement, [*arguments, limit])]

    def wait(self) -> None:
        """Wait until everything that was begun by now has ended."""
        # There is one worker: what is asked for last is done last.
        self._pool.submit(lambda: None).result()

    def close(self) -> None:
        """Let the work under way end, and begin none of what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, number: int, about: str, work: Work) -> None:
        self._set(number, "running")
        try:
            result = work(lambda done, total: self._progress(number, done, total))
        except Exception as error:  # noqa: BLE001 - told on the job's page, whatever it is
            # The row outlives the person, should he be forgotten.
            self._set(number, "failed", {"error": str(error).replace(about, "(the user)")})
        else:
            self._set(number, "done", result)

    def _progress(self, number: int, done: int, total: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET done = ?, total = ? WHERE number = ?", (done, total, number)
            )

    def _set(self, number: int, state: JobState, result: JobResult | None = None) -> None:
        ended = self._clock() if result is not None else None
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, ended_at = ?, result = ? WHERE number = ?",
                (state, ended, json.dumps(result or {}), number),
            )


def _pressed(connection: sqlite3.Connection, kind: Kind, press: str) -> tuple[int] | None:
    if not press:
        return None
    found: tuple[int] | None = connection.execute(
        "SELECT number FROM jobs WHERE press = ? AND press <> '' AND kind = ? "
        "AND state NOT IN ('failed', 'interrupted')",
        (press, kind),
    ).fetchone()
    return found


def _job(row: Sequence[Any]) -> Job:
    *columns, result = row
    return Job(*[*columns, json.loads(result)])
