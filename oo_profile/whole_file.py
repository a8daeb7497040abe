"""Files that appear when they are complete."""

from __future__ import annotations

import contextlib
import gzip
import os
from typing import TYPE_CHECKING, BinaryIO, cast

from oo_profile.errors import SignalFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYBODY = 0o666
"""Less what the umask takes away, as for any new file."""

OWNER_ONLY = 0o600


@contextlib.contextmanager
def whole_file(path: Path, *, mode: int = EVERYBODY) -> Iterator[BinaryIO]:
    """Open a file for writing that replaces `path` at the end, or never if there is an error.

    The same content makes the same bytes.

    Args:
        path: Where to; gzip if its name ends in `.gz`. Folders are made.
        mode: Who may read and write it.

    Raises:
        SignalFileError: It cannot be written; what was at `path` is as before.
    """
    # Without links: replacing one would leave its target as it was.
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise SignalFileError(
            f"cannot write {path}: it is no file; name one, it is made or replaced"
        )
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as raw, _compressed(raw, path) as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise SignalFileError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        # It may be that there can be none, below a file.
        with contextlib.suppress(OSError):
            part.unlink()


def is_same_file(one: Path, other: Path | None) -> bool:
    """Say whether two paths lead to one file, which may not exist yet."""
    return other is not None and one.resolve() == other.resolve()


def _compressed(raw: BinaryIO, path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    if path.suffix == ".gz":
        # Neither name nor time in the header.
        file = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
        return cast("contextlib.AbstractContextManager[BinaryIO]", file)
    return contextlib.nullcontext(raw)
