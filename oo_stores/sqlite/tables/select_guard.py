"""Whether SQL text that a user gave is one SELECT and nothing else."""

from __future__ import annotations

import sqlite3
from typing import Final

from oo_stores.errors import QueryError, TableMissingError

_READING: Final = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_FORBIDDEN_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer"})
_TEXT_ERRORS: Final = frozenset({None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH})
_SCHEMA_TABLES: Final = frozenset({"sqlite_master", "sqlite_temp_master"})
_SCHEMA_WRITES: Final = frozenset(
    {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
)
# The one table-valued PRAGMA that does something: it may run ANALYZE.
_OPTIMIZE: Final = "pragma_optimize"
_WORDS: Final = {
    code: name.removeprefix("SQLITE_").replace("_", " ")
    for name, code in vars(sqlite3).items()
    if name.startswith(("SQLITE_CREATE_", "SQLITE_DROP_", "SQLITE_ALTER_"))
    or name.removeprefix("SQLITE_")
    in {
        *("INSERT", "UPDATE", "DELETE", "PRAGMA", "ATTACH", "DETACH"),
        *("TRANSACTION", "SAVEPOINT", "ANALYZE", "REINDEX"),
    }
}
"""What SQLite calls the actions that its compiler asks about."""


def check_select(connection: sqlite3.Connection, query: str, what: str) -> None:
    """Refuse SQL text that is not one SELECT. Nothing of it is run, it is only compiled.

    It may begin with white space and end with a semicolon or a comment. What it may not do is
    decided by SQLite's compiler (an authorizer), not by looking for words: no write, no temporary
    object, no ATTACH, no PRAGMA, no transaction, no extension.

    Args:
        connection: An open connection; its authorizer is taken.
        query: The text.
        what: Whose text it is, for the message.

    Raises:
        QueryError: It is refused, or SQLite cannot compile it.
        TableMissingError: It reads a table that there is not.
        sqlite3.Error: The file cannot be read.
    """
    refused: list[str] = []

    def authorize(
        action: int, first: str | None, second: str | None, _database: str | None, _by: str | None
    ) -> int:
        if action == sqlite3.SQLITE_FUNCTION and second in _FORBIDDEN_FUNCTIONS:
            refused.append(f"call {second}")
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and first == _OPTIMIZE:
            refused.append("PRAGMA optimize")
            return sqlite3.SQLITE_DENY
        # Table-valued functions declare their columns by a write to the schema that is none; real
        # ones are asked about again, by what they make.
        if action in _READING or (action in _SCHEMA_WRITES and first in _SCHEMA_TABLES):
            return sqlite3.SQLITE_OK
        refused.append(f"{_WORDS.get(action, 'do')} {first}")
        return sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
    try:
        connection.execute(f"EXPLAIN {query}").close()
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        if not refused and not is_about_text(error):
            raise
        raise _refusal(what, refused, error) from error
    finally:
        connection.set_authorizer(None)


def is_about_text(error: Exception) -> bool:
    """Tell an error of SQL text from one of the file, which may be locked or damaged."""
    return getattr(error, "sqlite_errorcode", None) in _TEXT_ERRORS


def _refusal(what: str, refused: list[str], error: Exception) -> QueryError | TableMissingError:
    if refused:
        return QueryError(
            f"{what} is refused: it may only SELECT, and would {refused[0]}; give one SELECT "
            f"statement, and make tables and settings beforehand"
        )
    if str(error).startswith("no such table"):
        return TableMissingError(
            f"{what} reads a table that the file has not: {error}; write it first, or correct "
            f"the query"
        )
    return QueryError(
        f"{what} cannot be read: {error}; give one SELECT statement of SQLite, without parameters"
    )
