"""What each state view was declared as when its table was filled, kept beside it.

Rows of one table must all mean the same: a sum that decayed with one half-life cannot be added to
with another. So the declaration that a table's rows were made by is kept with it, and whoever
writes state compares. What a signal weighs is a function, and cannot be compared, only the
constants that it declares: who changes more rebuilds the view.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oo_profile.errors import DefinitionChangedError
from oo_transforms.state import MAX_CATEGORIES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from oo_transforms.state_view import StateView


def definition_of(view: StateView) -> str:
    """Write down all of a declaration that decides what its rows mean, as JSON."""
    half_life = None if view.half_life is None else view.half_life.total_seconds()
    columns = [[field.name, field.dtype, field.length] for field in view.fields()]
    definition = {
        "half_life_seconds": half_life,
        "subjects": view.subjects,
        "columns": columns,
        "keeps_maximum": view.keeps_maximum,
        "kept_categories": MAX_CATEGORIES if view.categories else 0,
    }
    if view.constants:
        definition["constants"] = json.loads(view.constants)
    return json.dumps(definition, sort_keys=True)


def record(connection: sqlite3.Connection, view: StateView) -> None:
    """Keep that a view's table holds rows of its present declaration."""
    connection.execute(
        "INSERT OR REPLACE INTO state_definitions (view_name, definition) VALUES (?, ?)",
        (view.name, definition_of(view)),
    )


def adopt(connection: sqlite3.Connection, views: Iterable[StateView]) -> None:
    """Keep the present declarations of tables that have none yet, made by an older program."""
    kept = _kept(connection)
    for view in views:
        # Asked first: a start that has nothing to write waits for nobody who does.
        if view.name not in kept:
            record(connection, view)


def changed(connection: sqlite3.Connection, views: Iterable[StateView]) -> list[StateView]:
    """List the views whose tables hold rows of another declaration."""
    kept = _kept(connection)
    return [
        view for view in views if kept.get(view.name, definition_of(view)) != definition_of(view)
    ]


class DefinitionGuard:
    """Refuses to write state of declarations that the tables were not made by.

    Args:
        views: The views that are written.
    """

    def __init__(self, views: Iterable[StateView]) -> None:
        self._definitions = {view.name: definition_of(view) for view in views}

    def check(self, connection: sqlite3.Connection) -> None:
        """Compare, inside the transaction that writes: a rebuild may have come before it.

        Raises:
            DefinitionChangedError: A view is declared otherwise than its table was filled.
        """
        for name, definition in _kept(connection).items():
            declared = self._definitions.get(name, definition)
            if declared != definition:
                raise DefinitionChangedError(name, json.loads(definition), json.loads(declared))


def _kept(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT view_name, definition FROM state_definitions"))
