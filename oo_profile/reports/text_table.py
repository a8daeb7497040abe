"""Rows of texts as aligned columns, each cell wrapped to the width of its column."""

from __future__ import annotations

from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = 2
"""Spaces between two columns."""

UNBROKEN = "\N{NO-BREAK SPACE}"
"""A space in a cell at which it is not wrapped; written as any other space."""


def natural_widths(rows: Iterable[Sequence[str]]) -> list[int]:
    """Tell what each column needs for no cell to be wrapped."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def aligned(rows: Iterable[Sequence[str]], widths: Sequence[int] | None = None) -> list[str]:
    """Write rows as lines.

    Args:
        rows: The cells of each row.
        widths: Characters of each column; by default what they need.

    >>> aligned([["a", "first"], ["bcd", "second one"]], [3, 6])
    ['a    first', 'bcd  second', '     one']
    """
    rows = list(rows)
    sizes = natural_widths(rows) if widths is None else widths
    return [line.replace(UNBROKEN, " ") for row in rows for line in _row(row, sizes)]


def markdown_table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Write rows as a table in Markdown; the first one is its head. Cells have no bar in them.

    >>> markdown_table([["a", "b"], ["1", "2"]])
    ['| a | b |', '|---|---|', '| 1 | 2 |']
    """
    head, *others = rows
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *others)]
    return [lines[0], f"|{'---|' * len(head)}", *lines[1:]]


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [wrap(cell, max(size, 1)) for cell, size in zip(cells, widths, strict=True)]
    lines = zip_longest(*columns, fillvalue="")
    return [
        (" " * GAP).join(part.ljust(size) for part, size in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
