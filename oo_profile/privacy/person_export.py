"""One person's data, as he has a right to it: everything that is kept under his id."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from oo_profile.errors import UnknownUserError
from oo_profile.privacy.database_erasure import USER_COLUMN, rejected_of, user_tables
from oo_profile.privacy.mentions import Person
from oo_profile.storage import rejected_rows
from oo_profile.storage.near_users import near_users
from oo_profile.storage.state_table import StateTable
from oo_stores.sqlite.connection import quoted
from oo_transforms.clock import from_micros
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_transforms.history import Version

Exported = dict[str, Any]
"""What JSON takes."""

_INSTANTS = "TIMESTAMP_US"


def export_person(connection: sqlite3.Connection, user_id: str, now_us: int) -> Exported:
    """Gather what is kept of a person.

    Args:
        connection: Where to read, in one transaction.
        user_id: Who.
        now_us: The present, microseconds: when this was exported.

    Returns:
        Signals as they came, the history of each view, the profile, rejected messages that name
        him, and his rows of any other table. Instants are RFC 3339, in UTC.

    Raises:
        UnknownUserError: Nothing is kept of this person.
    """
    views = {view.name: StateTable(view) for view in STATE_VIEWS}
    known = {
        table.name: _rows(connection, table.name, user_id) for table in user_tables(connection)
    }
    rejected = [_rejected(connection, key) for key in rejected_of(connection, Person(user_id))]
    if not any(known.values()) and not rejected:
        raise UnknownUserError(user_id, near_users(connection, user_id))
    others = {
        name: rows for name, rows in known.items() if name not in {*views, "signals", "profile"}
    }
    return {
        "user_id": user_id,
        "exported_at": _instant(now_us),
        "signals": [_signal(row) for row in known.get("signals", ())],
        "history": {
            name: [_version(table, version) for version in table.history(connection, user_id)]
            for name, table in views.items()
            if name in known
        },
        "profile": known.get("profile", []),
        "rejected": rejected,
        "other": {name: rows for name, rows in others.items() if rows},
    }


def _rows(connection: sqlite3.Connection, table: str, user_id: str) -> list[Exported]:
    columns = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    named = [(name, kind) for _, name, kind, *_ in columns if name != USER_COLUMN]
    if not named:
        named = [(USER_COLUMN, "TEXT")]
    listed = ", ".join(quoted(name) for name, _ in named)
    rows = connection.execute(
        f"SELECT {listed} FROM {quoted(table)} WHERE {USER_COLUMN} = ?",  # noqa: S608 - quoted
        (user_id,),
    )
    return [
        {name: _plain(value, kind) for (name, kind), value in zip(named, row, strict=True)}
        for row in rows
    ]


def _signal(row: Exported) -> Exported:
    data = row.pop("payload")
    return {**row, "data": data}


def _version(table: StateTable, version: Version) -> Exported:
    names = [field.name for field in table.view.fields()]
    cells = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in version.cells]
    return {
        "event_timestamp": _instant(version.event_time_us),
        "created_timestamp": _instant(version.created_us),
        **dict(zip(names, cells, strict=True)),
    }


def _rejected(connection: sqlite3.Connection, key: Sequence[Any]) -> Exported:
    created_at, sequence = key
    message = rejected_rows.find(connection, (created_at, sequence))
    if message is None:
        return {}
    return {
        "subject": message.subject,
        "reason": message.reason,
        "detail": message.detail,
        "received_at": _instant(message.received_us),
        "data": _content(message.payload),
    }


def _plain(value: object, kind: str) -> object:
    if isinstance(value, bytes):
        return _content(value)
    return _instant(value) if kind == _INSTANTS and isinstance(value, int) else value


def _content(payload: bytes) -> object:
    """Return JSON as what it says, other texts as they are, and anything else in base64."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        pass
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(payload).decode()}


def _instant(instant_us: int) -> str:
    return from_micros(instant_us).isoformat()
