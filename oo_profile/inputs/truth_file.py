"""Files of simulated people: what their signals were drawn from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oo_profile.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from oo_profile.inputs.person import Person


def write_truths(path: Path, people: Iterable[Person]) -> int:
    """Write one person a line as JSON, with the fields of `Person`.

    Args:
        path: As for `whole_file`.
        people: In the order in which they are to stand.

    Returns:
        How many were written.

    Raises:
        SignalFileError: The file cannot be written.
    """
    count = 0
    with whole_file(path) as file:
        for person in people:
            file.write(json.dumps(person.as_json()).encode() + b"\n")
            count += 1
    return count
