"""Who is behind the user ids of a git history."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from oo_profile.whole_file import OWNER_ONLY, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from oo_profile.inputs.git_history import Author

COLUMNS = ("user_id", "name", "address", "commits")


def write_authors(path: Path, authors: Iterable[Author]) -> None:
    """Write who is who as CSV, readable by the user who runs this alone.

    Args:
        path: As for `whole_file`.
        authors: In the order in which they are to stand.

    Raises:
        SignalFileError: The file cannot be written.
    """
    with whole_file(path, mode=OWNER_ONLY) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        rows.writerows((one.user_id, one.name, one.address, one.tasks) for one in authors)
        # Else the wrapper would close the file under it when it is dropped.
        text.detach()
