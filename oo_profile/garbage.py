"""When Python looks for objects that refer to each other in circles, and to nothing else."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

OBJECTS_BETWEEN: Final = 100_000
"""So many more containers are there when they are looked through: some milliseconds' work."""


@contextlib.contextmanager
def collecting_rarely() -> Iterator[None]:
    """Look for circles as rarely as suits a process that makes many objects and few circles.

    Feast leaves some hundred thousand objects, which every full collection would walk: they are
    left out. And a batch makes ten objects a signal that live until it is written; by default they
    were walked several times each, a tenth of the builder's time.
    """
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
