"""Forgetting a person, while the builder runs and his signals keep coming in.

First the tombstone: from then on nobody writes anything of his. Then his rows, Redis and the
stream; then a second look at each, since a batch may have been under way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.privacy import database_erasure, exports
from oo_profile.privacy.mentions import Person
from oo_profile.privacy.receipt import Receipt
from oo_profile.privacy.remains import files_naming, scrub
from oo_profile.privacy.stream_erasure import erase_from_stream
from oo_profile.storage import tombstones
from oo_transforms.clock import from_micros

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oo_profile.building.online import OnlineWriter
    from oo_profile.privacy.stream_erasure import Connect
    from oo_profile.privacy.writing import PoliteWriter

STREAM_FOLDER = "jetstream"
"""Where a NATS has the files of its streams, below its own folder."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a person may be.

    Attributes:
        writer: The database.
        path: Its file, in the data folder.
        online: Redis.
        nats: Connects to the stream's NATS; None leaves the stream out.
    """

    writer: PoliteWriter
    path: Path
    online: OnlineWriter
    nats: Connect | None


async def forget(  # noqa: PLR0913 - the knobs of an entry point
    places: Places,
    user_id: str,
    *,
    now_us: int,
    random_bytes: Callable[[int], bytes],
    vacuum: bool = False,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Receipt:
    """Remove everything of a person and keep him out for good; may be repeated at will.

    Args:
        places: Where he may be.
        user_id: Who.
        now_us: The present, microseconds.
        random_bytes: Gives the salt of the first tombstone.
        vacuum: Write the database file anew at the end, while the builder waits.
        progress: Told how many messages of the stream were read, and of how many.

    Raises:
        DatabaseError: Another writer held the database for too long, or SQLite refuses.
        OnlineServerError: Redis did not do what it was asked.
        NoNatsError: NATS does not answer.
        StreamRefusedError: NATS refuses.
    """
    writer, person = places.writer, Person(user_id)
    writer.write(
        lambda: tombstones.set_until(writer.connection, user_id, tombstones.FOR_GOOD, random_bytes)
    )
    exported = exports.made_until(writer.connection, now_us)
    rows = Counter(_erase_rows(writer, person))
    online = places.online.delete([user_id])
    stream = None
    if places.nats is not None:
        stream = await erase_from_stream(places.nats, person, progress=progress)
    # Whatever was under way when the tombstone was set has long ended.
    rows.update(_erase_rows(writer, person))
    online += places.online.delete([user_id])
    online_files = places.online.rewrite_files()
    if vacuum:
        writer.vacuum()
    log_is_empty = writer.truncate_wal()
    remains = scrub(writer, places.path, user_id.encode())
    naming_others = stream is not None and stream.naming_him > 0
    return Receipt(
        forgotten_at=from_micros(now_us).isoformat(),
        rows=rows,
        online=online,
        online_files=online_files,
        stream=stream,
        rows_left=_count_rows(writer, person),
        remains=remains,
        log_is_empty=log_is_empty,
        files=_files(places, user_id, without_stream=naming_others),
        exports=[(path, from_micros(at).isoformat()) for path, at in exported],
    )


def _erase_rows(writer: PoliteWriter, person: Person) -> dict[str, int]:
    rejected = database_erasure.erase_rejected(writer, person)
    exported = exports.erase(writer, person)
    rows = database_erasure.erase_rows(writer, person.user_id)
    return {**rows, "rejected_signals": rejected, "history_exports": exported}


def _count_rows(writer: PoliteWriter, person: Person) -> int:
    rejected = database_erasure.rejected_of(writer.connection, person)
    return len(rejected) + database_erasure.count_rows(writer.connection, person.user_id)


def _files(places: Places, user_id: str, *, without_stream: bool) -> list[str]:
    """List the files beside the database that name a user."""

    def is_looked_at_already(path: Path) -> bool:
        # Signals of others that name him are his neighbours' and stay in the stream's files.
        return path.name.startswith(places.path.name) or (
            without_stream and STREAM_FOLDER in path.parts
        )

    found = files_naming(
        places.path.parent, user_id, places.online.project, without=is_looked_at_already
    )
    return [str(path) for path in found]
