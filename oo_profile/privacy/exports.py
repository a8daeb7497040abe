"""Where histories were exported to: copies that nobody else knows of when a person is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.privacy.mentions import Person
    from oo_profile.privacy.writing import PoliteWriter


def record(connection: sqlite3.Connection, path: str, now_us: int) -> None:
    """Remember an export; a later one to the same place takes its place."""
    connection.execute("INSERT OR REPLACE INTO history_exports VALUES (?, ?)", (path, now_us))


def made_until(connection: sqlite3.Connection, time_us: int) -> list[tuple[str, int]]:
    """List path and time, microseconds, of the exports made until then."""
    return connection.execute(
        "SELECT path, exported_at FROM history_exports WHERE exported_at <= ? ORDER BY path",
        (time_us,),
    ).fetchall()


def erase(writer: PoliteWriter, person: Person) -> int:
    """Remove the exports whose very path names a person; return how many."""
    paths = writer.connection.execute("SELECT path FROM history_exports").fetchall()
    naming = [(path,) for (path,) in paths if person.is_named_in(path)]
    statement = "DELETE FROM history_exports WHERE path = ?"
    if naming:
        writer.write(lambda: writer.connection.executemany(statement, naming))
    return len(naming)
