"""The receipt of a forgetting: what was removed where, and what was looked at after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oo_profile.privacy.remains import DatabaseRemains
    from oo_profile.privacy.stream_erasure import StreamErasure
    from oo_stores.redis.persistence import Rewritten


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done; it names nobody.

    Attributes:
        forgotten_at: When, RFC 3339.
        rows: Rows removed, by table of the database; tables without any are there too.
        online: Entities removed from Redis.
        online_files: What became of Redis' files.
        stream: What was found in the stream; None if it was left out.
        rows_left: Rows of this person that a second look found.
        remains: Where the database's files still hold the id.
        log_is_empty: Whether the write-ahead log was emptied.
        files: Other files of the data folder that name this person.
        exports: Exports of the history that were made before, with their times.
    """

    forgotten_at: str
    rows: Mapping[str, int]
    online: int
    online_files: Rewritten
    stream: StreamErasure | None
    rows_left: int
    remains: DatabaseRemains
    log_is_empty: bool
    files: Sequence[str]
    exports: Sequence[tuple[str, str]]

    @property
    def left(self) -> list[str]:
        """What is not as it should be, and what to do about it, one sentence each."""
        left = []
        if self.rows_left:
            left.append("something was written meanwhile: run `oo forget` again")
        if not self.log_is_empty:
            left.append(
                "the write-ahead log was not emptied, because a program has been reading the "
                "database for a while (a notebook, `oo train`, a backup): end it and run "
                "`oo forget` again"
            )
        if self.remains.outside_rows:
            left.append(
                f"{self.remains.outside_rows} pages of the database still hold the id outside of "
                "any row: run `oo forget` again with --vacuum, which writes the file anew while "
                "the builder waits"
            )
        if self.stream is None:
            left.append("the stream was left out: run `oo forget` again without --no-stream")
        if self.files:
            left.append(f"these files still name the person, delete them: {', '.join(self.files)}")
        return left

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        stream = self.stream and {
            "scanned": self.stream.scanned,
            "erased": self.stream.erased,
            "others_naming_the_person": self.stream.naming_him,
        }
        return {
            "forgotten_at": self.forgotten_at,
            "removed": {
                "database": dict(self.rows),
                "redis": self.online,
                "stream": stream,
            },
            "checked": {
                "rows_left": self.rows_left,
                "redis_files": self.online_files,
                "log_is_empty": self.log_is_empty,
                "pages_with_remains": self.remains.outside_rows,
                "mentions_in_rows_of_others": self.remains.in_rows,
                "files": list(self.files),
            },
            "exports": [{"path": path, "exported_at": at} for path, at in self.exports],
            "left": self.left,
        }


def receipt_text(receipt: Receipt) -> str:
    """Write a receipt for a terminal."""
    lines = ["removed"]
    removed = {table: count for table, count in receipt.rows.items() if count}
    lines += [f"  database  {table}: {_rows(count)}" for table, count in removed.items()]
    if not removed:
        lines.append("  database  no rows")
    lines.append(
        f"  Redis     {'everything of this person' if receipt.online else 'nothing there'}"
    )
    if (stream := receipt.stream) is not None:
        lines.append(f"  stream    {stream.erased:,} of {stream.scanned:,} messages, overwritten")
    lines += ["checked", f"  database  {_checked_database(receipt)}"]
    lines.append(f"  Redis     nothing is there; its files: {receipt.online_files}")
    lines += [
        f"exported before, look there yourself: {path} ({at})" for path, at in receipt.exports
    ]
    if others := max(receipt.remains.in_rows, stream.naming_him if stream else 0):
        lines.append(
            f"the bytes of the id are in {others:,} places that are other people's; they stay"
        )
    lines += [f"LEFT: {sentence}" for sentence in receipt.left] or ["Nothing is left."]
    return "\n".join(lines)


def _checked_database(receipt: Receipt) -> str:
    log = "the write-ahead log is empty" if receipt.log_is_empty else "the log is not empty"
    pages = receipt.remains.outside_rows
    return f"{_rows(receipt.rows_left)}, {pages} pages with remains, {log}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
