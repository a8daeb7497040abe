"""Histories compared with what the signals say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.upkeep.findings import Difference
from oo_profile.upkeep.raw_cells import KEY_COLUMNS, Matched, deviations, plain_cell
from oo_transforms.clock import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_profile.upkeep.findings import Findings, Kind


def check_history(
    table: StateTable, stored: Sequence[RawRow], expected: Sequence[RawRow], findings: Findings
) -> None:
    """Compare rows of a view with those of a replay, by key.

    Args:
        table: The view's table.
        stored: Rows of some users as the table has them.
        expected: Rows of the same users as they should be.
        findings: Is told.
    """
    matched = Matched.of(stored, expected)
    apart = deviations(table, matched.pairs)
    for number, field in enumerate(table.fields):
        for at in findings.compare("history", table.name, field.name, apart[number]):
            pair = matched.pairs[at]
            one, other = (plain_cell(field.dtype, row[KEY_COLUMNS + number]) for row in pair)
            key = table.name, field.name, pair[0][0], _at(pair[0])
            findings.tell(Difference("history", *key, "mismatched", one, other))
    _tell_rows(table, matched.missing, "missing", findings)
    _tell_rows(table, matched.extra, "extra", findings)


def _tell_rows(table: StateTable, rows: Iterable[RawRow], kind: Kind, findings: Findings) -> None:
    """Tell of whole rows, which count in each of their features."""
    for row in rows:
        for field in table.fields:
            tally = findings.tally("history", table.name, field.name)
            tally.missing += kind == "missing"
            tally.extra += kind == "extra"
        findings.tell(Difference("history", table.name, "row", row[0], _at(row), kind))


def _at(row: RawRow) -> str:
    try:
        event, created = (from_micros(instant).isoformat() for instant in row[1:KEY_COLUMNS])
    except (TypeError, ValueError, OverflowError):
        return f"{row[1]!r} created {row[2]!r}"
    return f"{event} created {created}"
