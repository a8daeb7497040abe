"""Rows on their way to Redis: which commands write them, and sending these."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from redis.exceptions import NoScriptError

from oo_stores.redis.rows import NoRows
from oo_stores.redis.scripts import DELETE_VIEW, REPLACE_VIEW, WRITE_NEWER, sha_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from oo_stores.redis.connections import AsyncClient, Client
    from oo_stores.redis.rows import FieldNames, HashRow

    Rows: TypeAlias = Mapping[bytes, Sequence[HashRow]]
    """By Redis key, in the order in which they are written."""

    Replaced: TypeAlias = Mapping[bytes, Sequence[HashRow | NoRows]]
    """By Redis key, what is to be there and what is not."""

T = TypeVar("T")
# The pipelines of four clients, which have these methods and no class in common.
P = TypeVar("P", bound=Any)

ROWS_PER_CALL = 100
"""Rows that one run of the script takes: a millisecond or two in which Redis serves nobody else."""

VALUES_PER_CALL = 20_000
"""Where fewer rows fill a run already."""

BYTES_PER_CALL = 1 << 20  # 1 MiB
"""As well; Redis takes no argument above 512 MiB."""

_SHA = {script: sha_of(script) for script in (WRITE_NEWER, REPLACE_VIEW, DELETE_VIEW)}


@dataclass(frozen=True, slots=True)
class Command:
    """One command to Redis.

    Args:
        words: The command as it is sent.
        script: The script that it names by its digest, in case Redis does not have it.
    """

    words: Sequence[str | bytes | int]
    script: bytes | None = None

    def in_full(self) -> Command:
        """Return the command that hands its script over, after which Redis has it."""
        if self.script is None:
            return self
        return Command(("EVAL", self.script, *self.words[2:]))


def checked(rows: Rows, lifetime_seconds: int | None, *, keys_per_call: int) -> list[Command]:
    """Return the calls of the script that writes what is newer.

    Args:
        rows: What to write; rows of one key stay together, up to what one run takes.
        lifetime_seconds: After which a written key expires; None or 0: never.
        keys_per_call: 1 where keys lie on several servers.
    """
    lifetime = b"%d" % (lifetime_seconds or 0)
    return [call.command(WRITE_NEWER, lifetime) for call in _calls(rows, keys_per_call)]


def replacing(rows: Replaced, lifetime_seconds: int | None, *, keys_per_call: int) -> list[Command]:
    """Return the calls of the script that replaces views' fields, whatever is stored.

    Args:
        rows: What is to be there, each row with all fields of its view.
        lifetime_seconds: As above.
        keys_per_call: As above.
    """
    lifetime = b"%d" % (lifetime_seconds or 0)
    return [call.command(REPLACE_VIEW, lifetime) for call in _calls(rows, keys_per_call)]


def _calls(rows: Replaced, keys_per_call: int) -> Iterator[_Call]:
    call, keys = _Call(), 0
    for key, versions in rows.items():
        if keys >= keys_per_call or not call.has_room_for(len(versions)):
            yield call
            call, keys = _Call(), 0
        keys += 1
        for row in versions:
            if call.is_full:
                yield call
                call, keys = _Call(), 1
            call.add(key, row)
    if keys:
        yield call


class _Call:
    """One run of a script that writes rows, gathered row by row."""

    def __init__(self) -> None:
        self._keys: list[bytes] = []
        self._kinds: dict[FieldNames, int] = {}
        self._numbers: list[int] = []
        self._values: list[bytes] = []
        self._bytes = 0
        self.is_full = False

    def has_room_for(self, rows: int) -> bool:
        """Say whether so many rows may be added; any number to an empty run."""
        return not self._keys or not (self.is_full or len(self._keys) + rows > ROWS_PER_CALL)

    def add(self, key: bytes, row: HashRow | NoRows) -> None:
        """Add a row of a key, or that there is none of some views."""
        if isinstance(row, NoRows):
            self._keys.append(key)
            self._numbers += (0, len(row.views), *map(self._kind, row.views))
            self.is_full = len(self._keys) >= ROWS_PER_CALL
            return
        names, values = row
        sizes = [*map(len, values)]
        size = sum(sizes)
        self._keys.append(key)
        self._numbers += (self._kind(names), size, *sizes)
        self._values += values
        self._bytes += size
        self.is_full = (
            len(self._keys) >= ROWS_PER_CALL
            or len(self._values) >= VALUES_PER_CALL
            or self._bytes >= BYTES_PER_CALL
        )

    def _kind(self, names: FieldNames) -> int:
        return self._kinds.setdefault(names, len(self._kinds) + 1)

    def command(self, script: bytes, lifetime: bytes) -> Command:
        """Return the command that runs the script."""
        keys, numbers = self._keys, self._numbers
        words: list[str | bytes | int] = ["EVALSHA", _SHA[script], len(keys), *keys]
        words += (lifetime, len(self._kinds))
        for names in self._kinds:
            words += (len(names), *names)
        words += (struct.pack(f"<{len(numbers)}I", *numbers), b"".join(self._values))
        return Command(words, script)


def unchecked(rows: Rows, lifetime_seconds: int | None) -> list[Command]:
    """Return plain commands, which write whatever is stored."""
    commands: list[Command] = []
    for key, versions in rows.items():
        for names, values in versions:
            fields = [word for pair in zip(names, values, strict=True) for word in pair]
            if values[0]:
                commands.append(Command(("HSET", key, *fields)))
            else:
                commands.append(Command(("HDEL", key, names[0])))
                commands.append(Command(("HSET", key, *fields[2:])))
        if lifetime_seconds:
            commands.append(Command(("EXPIRE", key, lifetime_seconds)))
    return commands


def deletions(
    keys: Sequence[bytes], fields: Sequence[bytes], *, keys_per_call: int
) -> list[Command]:
    """Return the calls of the script that deletes a view's fields from hashes.

    Args:
        keys: The hashes.
        fields: All of the view's fields, that of its event time first.
        keys_per_call: 1 where keys lie on several servers.
    """
    size = min(keys_per_call, ROWS_PER_CALL)
    return [
        Command(("EVALSHA", _SHA[DELETE_VIEW], len(chunk), *chunk, *fields), DELETE_VIEW)
        for chunk in chunks(keys, size)
    ]


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def send(client: Client, commands: Sequence[Command]) -> list[object]:
    """Send commands in one round trip, and once more from the first whose script Redis lacked.

    Those after it are sent again too, so that rows of one key are written in their order.

    Returns:
        The answers, in the order of the commands.

    Raises:
        redis.RedisError: One was answered by an error; others may have been done.
    """
    with client.pipeline(transaction=False) as pipe:
        answers: list[object] = _queued(pipe, commands).execute(raise_on_error=False)
        done = _done(answers)
        if done < len(commands):
            again = _queued(pipe, [command.in_full() for command in commands[done:]])
            answers[done:] = again.execute(raise_on_error=False)
    return _without_errors(answers)


async def send_async(client: AsyncClient, commands: Sequence[Command]) -> list[object]:
    """Do as `send` does, without blocking the event loop."""
    async with client.pipeline(transaction=False) as pipe:
        answers: list[object] = await _queued(pipe, commands).execute(raise_on_error=False)
        done = _done(answers)
        if done < len(commands):
            again = _queued(pipe, [command.in_full() for command in commands[done:]])
            answers[done:] = await again.execute(raise_on_error=False)
    return _without_errors(answers)


def _queued(pipe: P, commands: Iterable[Command]) -> P:
    # redis-py's own methods are typed for text, and our keys are bytes; they add nothing else.
    for command in commands:
        pipe.execute_command(*command.words)
    return pipe


def _done(answers: Sequence[object]) -> int:
    """Return how many commands came before the first whose script Redis lacked."""
    lost = (n for n, answer in enumerate(answers) if isinstance(answer, NoScriptError))
    return next(lost, len(answers))


def _without_errors(answers: Sequence[object]) -> list[object]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return list(answers)
