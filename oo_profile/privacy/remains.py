"""What is left of a person in files, byte by byte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.privacy.pages import BTreePage
from oo_profile.privacy.scrubbing import scrub_page
from oo_profile.storage.database import power_cut_may_undo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oo_profile.privacy.writing import PoliteWriter

ROUNDS: Final = 12
"""How often pages are scrubbed: a builder may write one of them in between."""

_CHUNK = 8 << 20
_WAL_HEADER = 32
_FRAME_HEADER = 24
_WORD = rb"[0-9A-Za-z_\x80-\xff]"


@dataclass(frozen=True, slots=True)
class DatabaseRemains:
    """Where a database file and its log still hold bytes.

    Attributes:
        pages: Pages with such bytes outside of any row, by number.
        others: Places outside of any row that are in no page of a table: overflow, free pages.
        in_rows: Places within rows, which are other people's.
    """

    pages: dict[int, BTreePage]
    others: int
    in_rows: int

    @property
    def outside_rows(self) -> int:
        """How many pages hold what belongs to no row."""
        return len(self.pages) + self.others


def scrub(writer: PoliteWriter, path: Path, needle: bytes) -> DatabaseRemains:
    """Overwrite what is left outside of rows, page by page; return what is left then.

    The log beside the file should be empty, or what lies in it is not seen to.

    Raises:
        DatabaseError: Another writer held the file for too long.
    """
    remains = search_database(path, needle)
    for attempt in range(ROUNDS):
        if not remains.pages:
            break
        with power_cut_may_undo(writer.connection):
            done = [scrub_page(writer, page, attempt) for page in remains.pages.values()]
        writer.truncate_wal()
        remains = search_database(path, needle)
        if not any(done):
            break
    return remains


def search_database(path: Path, needle: bytes) -> DatabaseRemains:
    """Look for bytes in a database file and its log, which other programs may be writing."""
    pages: dict[int, BTreePage] = {}
    others, in_rows = 0, 0
    size, usable = _page_sizes(path)
    for number, page, places in _pages_with(path, size, needle):
        parsed = BTreePage.parse(page, number, usable)
        for place in places:
            if parsed is None:
                # The rest of a long row, or a page that nobody uses.
                if number in free_pages(path, size):
                    others += 1
                else:
                    in_rows += 1
            elif parsed.is_live(place, place + len(needle)):
                in_rows += 1
            else:
                pages[number] = parsed
    return DatabaseRemains(pages, others, in_rows)


def free_pages(path: Path, size: int) -> set[int]:
    """List the pages of a database file that nobody uses."""
    found: set[int] = set()
    with path.open("rb") as file:
        file.seek(32)
        trunk = int.from_bytes(file.read(4), "big")
        while trunk and trunk not in found:
            found.add(trunk)
            file.seek((trunk - 1) * size)
            page = file.read(size)
            count = int.from_bytes(page[4:8], "big")
            leaves = (page[8 + 4 * n : 12 + 4 * n] for n in range(min(count, size // 4 - 2)))
            found.update(int.from_bytes(leaf, "big") for leaf in leaves)
            trunk = int.from_bytes(page[:4], "big")
    return found


def files_naming(
    folder: Path, user_id: str, suffix: str, *, without: Callable[[Path], bool]
) -> list[Path]:
    """List the files below a folder that name a user as a word of its own.

    Args:
        folder: Where to look.
        user_id: The user.
        suffix: What may follow the id without a gap, as Feast's project does in keys of Redis.
        without: Says which files not to look at.
    """
    id_bytes, suffix_bytes = user_id.encode(errors="surrogatepass"), suffix.encode()
    name = rb"%b(?:%b)?" % (re.escape(id_bytes), re.escape(suffix_bytes))
    word = re.compile(rb"(?<!%b)%b(?!%b)" % (_WORD, name, _WORD))
    overlap = len(id_bytes) + len(suffix_bytes) + 2
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not without(path)]
    return [path for path in files if _holds(path, word, overlap)]


def _page_sizes(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        header = file.read(100)
    size = int.from_bytes(header[16:18], "big")
    size = 65536 if size == 1 else size
    return size, size - header[20]


def _pages_with(path: Path, size: int, needle: bytes) -> Iterator[tuple[int, bytes, list[int]]]:
    """Give number, bytes and places of each page that holds bytes, of the file and of its log."""
    wal = path.with_name(f"{path.name}-wal")
    yield from _hits(path, needle, 0, 0, size)
    if wal.exists():
        yield from _hits(wal, needle, _WAL_HEADER, _FRAME_HEADER, size)


def _hits(
    path: Path, needle: bytes, begin: int, header: int, size: int
) -> Iterator[tuple[int, bytes, list[int]]]:
    with path.open("rb") as file:
        file.seek(begin)
        at_once = max(_CHUNK // (header + size), 1)
        first = 1
        while chunk := file.read(at_once * (header + size)):
            for index in sorted({at // (header + size) for at in _places(chunk, needle)}):
                frame = chunk[index * (header + size) : (index + 1) * (header + size)]
                number = int.from_bytes(frame[:4], "big") if header else first + index
                page = frame[header:]
                yield number, page, list(_places(page, needle))
            first += at_once


def _places(data: bytes, needle: bytes) -> Iterator[int]:
    at = data.find(needle)
    while at >= 0:
        yield at
        at = data.find(needle, at + 1)


def _holds(path: Path, word: re.Pattern[bytes], overlap: int) -> bool:
    kept = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if word.search(kept + chunk):
                    return True
                kept = chunk[-overlap:]
    except FileNotFoundError:
        pass  # Removed meanwhile.
    return False
