"""Small plots that come out the same every time they are drawn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.axes import Axes

PANEL_INCHES: Final = (4.2, 3.2)
"""Width and height of one panel."""

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by those who do not see all colours (Okabe and Ito 2008)."""


@contextmanager
def drawing(path: Path, *, columns: int = 1, rows: int = 1) -> Iterator[list[Axes]]:
    """Draw panels and write them to a file when all went well.

    The same drawing gives the same bytes as SVG: no date, no random ids.

    Args:
        path: Where to; the suffix tells the format (.svg, .png, .pdf).
        columns: Panels beside each other.
        rows: Panels below each other.

    Yields:
        The panels, row by row.
    """
    width, height = PANEL_INCHES
    style = mpl.rc_context(
        {
            "axes.grid": True,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "font.size": 9,
            "grid.alpha": 0.3,
            "legend.frameon": False,
            "svg.fonttype": "none",  # text stays text: small, searchable, read aloud
            "svg.hashsalt": "oo",  # ids are random otherwise
        }
    )
    with style:
        figure = Figure((width * columns, height * rows), layout="constrained")
        yield list(figure.subplots(rows, columns, squeeze=False).flat)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=150)
