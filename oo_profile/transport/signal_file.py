"""Files of signals: a line is `{"subject": "signals.…", "data": {…}}`, plain or gzip.

Reading checks what the stream needs (JSON, a subject it takes) and nothing of what a signal means:
`data` is passed on byte for byte, so that the builder sees, and visibly rejects, what is odd in it.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from oo_profile.errors import SignalFileError, SignalLineError
from oo_profile.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedIOBase

STDIN: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_SUBJECT: Final = re.compile(r"signals(\.[^\s.*>\x00-\x20\x7f]+)+")
_BAD_GZIP: Final = (gzip.BadGzipFile, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class SignalLine:
    """A signal as it is published.

    Attributes:
        subject: Its subject, below `signals.`.
        data: The message: JSON, exactly as in the file.
    """

    subject: str
    data: bytes


class _Line(msgspec.Struct):
    subject: str
    data: msgspec.Raw


_decoder = msgspec.json.Decoder(_Line)


def read_signals(path: str) -> Iterator[SignalLine]:
    """Give the signals of a file one by one; blank lines are left out.

    Args:
        path: Where the file is, or "-" for standard input; gzip is known by its first bytes.

    Raises:
        SignalFileError: It cannot be read, or its gzip is damaged.
        SignalLineError: A line is no signal; the ones before it have been given.
    """
    name = "<stdin>" if path == STDIN else path
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, 1):
                if not line.isspace():
                    yield _parsed(name, number, line)
    except _BAD_GZIP as error:
        message = f"{name} is damaged: {error}; compress it again, or take it from its source"
        raise SignalFileError(message) from error
    except OSError as error:
        message = f"cannot read {name}: {error.strerror or error}"
        raise SignalFileError(message) from error


def count_signals(path: str) -> int:
    """Read a whole file to check it, and return how many signals it has.

    Raises:
        SignalFileError: As `read_signals`.
    """
    return sum(1 for _ in read_signals(path))


def write_signals(path: Path, signals: Iterable[tuple[str, dict[str, object]]]) -> int:
    """Write pairs of subject and data as a file that `read_signals` reads.

    The same signals make the same bytes. The file is replaced as a whole when it is complete, so
    nobody reads half of one, and an error leaves the old one.

    Args:
        path: Where to; gzip if its name ends in `.gz`. Folders are made.
        signals: Subject and data of each; data are what JSON can hold.

    Returns:
        How many were written.

    Raises:
        SignalFileError: The file cannot be written.
    """
    encoder = msgspec.json.Encoder()
    count = 0
    with whole_file(path) as file:
        for subject, data in signals:
            file.write(encoder.encode({"subject": subject, "data": data}) + b"\n")
            count += 1
    return count


def _check_subject(subject: str) -> str | None:
    """Return why the stream would not take a subject, or None when it would.

    >>> _check_subject("signals.task.created")
    >>> _check_subject("task.created")
    "subject 'task.created' is not below signals. (letters, digits; no spaces, * or >)"
    """
    if _SUBJECT.fullmatch(subject):
        return None
    return f"subject {subject[:100]!r} is not below signals. (letters, digits; no spaces, * or >)"


def _parsed(name: str, number: int, line: bytes) -> SignalLine:
    try:
        parsed = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SignalLineError(name, number, str(error)) from error
    if (reason := _check_subject(parsed.subject)) is not None:
        raise SignalLineError(name, number, reason)
    return SignalLine(parsed.subject, bytes(parsed.data))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[BufferedIOBase]:
    # Descriptor 0 is standard input, whatever sys.stdin has been wrapped in; it stays open.
    file = open(0, "rb", closefd=False) if path == STDIN else Path(path).open("rb")  # noqa: SIM115 - closed below
    with file:
        if file.peek(2)[:2] != _GZIP_MAGIC:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked
