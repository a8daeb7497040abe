"""A person who returns."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from oo_profile.errors import NotForgottenError
from oo_profile.storage import tombstones

if TYPE_CHECKING:
    from oo_profile.privacy.writing import PoliteWriter


def unforget(writer: PoliteWriter, user_id: str, now_us: int) -> None:
    """Let the tombstone hold up to now, and no longer.

    Args:
        writer: The database.
        user_id: Who returns.
        now_us: The present, microseconds; what both happens and is received later is stored.

    Raises:
        NotForgottenError: This person is not forgotten, or has returned before.
        DatabaseError: Another writer held the database for too long.
    """

    def let_in() -> None:
        connection = writer.connection
        if not tombstones.forgotten(connection, [user_id]):
            raise NotForgottenError
        tombstones.set_until(connection, user_id, now_us, secrets.token_bytes)

    writer.write(let_in)
