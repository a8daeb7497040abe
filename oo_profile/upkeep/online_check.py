"""What Redis has compared with what the signals say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.deviation import deviation
from oo_profile.upkeep.findings import Difference
from oo_profile.upkeep.raw_cells import KEY_COLUMNS, least_scale, plain_cell

if TYPE_CHECKING:
    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_profile.upkeep.findings import Findings
    from oo_stores.redis import StoredRow


def check_online(
    table: StateTable,
    user_id: str,
    stored: StoredRow | None,
    expected: RawRow | None,
    findings: Findings,
) -> None:
    """Compare a user's state in Redis with the newest row of a replay.

    Args:
        table: The view's table.
        user_id: The user.
        stored: What Redis has; None: nothing.
        expected: What it should have; None: nothing.
        findings: Is told.
    """
    if stored is None and expected is None:
        return
    if stored is not None and not stored.is_hash:
        row = Difference("redis", table.name, "row", user_id, "", "mismatched", "no hash", "a hash")
        findings.compare("redis", table.name, "row", [float("inf")])
        findings.tell(row)
        return
    there = {} if stored is None else _columns(stored)
    wanted = {} if expected is None else _expected(table, expected)
    for name in [*wanted, *(name for name in there if name not in wanted)]:
        _compare(table, user_id, name, there, wanted, findings)


def _compare(  # noqa: PLR0913, PLR0917 - a value's name in five parts, and who is told
    table: StateTable,
    user_id: str,
    name: str,
    there: dict[str, object],
    wanted: dict[str, object],
    findings: Findings,
) -> None:
    if name not in there:
        findings.tell(
            Difference("redis", table.name, name, user_id, "", "missing", None, wanted[name])
        )
        return
    if name not in wanted:
        findings.tell(Difference("redis", table.name, name, user_id, "", "extra", there[name]))
        return
    field = next((field for field in table.fields if field.name == name), None)
    apart = deviation(there[name], wanted[name], least_scale(field, wanted[name]))
    if findings.compare("redis", table.name, name, [apart]):
        findings.tell(
            Difference(
                "redis", table.name, name, user_id, "", "mismatched", there[name], wanted[name]
            )
        )


def _columns(stored: StoredRow) -> dict[str, object]:
    times = {
        "event_timestamp": stored.event_time_us,
        "created_timestamp": stored.created_time_us,
    }
    return {name: at for name, at in times.items() if at is not None} | stored.values


def _expected(table: StateTable, row: RawRow) -> dict[str, object]:
    columns: dict[str, object] = {"event_timestamp": row[1], "created_timestamp": row[2]}
    for field, cell in zip(table.fields, row[KEY_COLUMNS:], strict=True):
        columns[field.name] = plain_cell(field.dtype, cell)
    return columns
