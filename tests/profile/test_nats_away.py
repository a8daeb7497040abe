"""A NATS that goes away, or loses what it had, is waited for, and the builder goes on."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal as signals
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from live import PATIENCE_SECONDS, jetstream, with_nats
from support.building import (
    all_is_acknowledged,
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    redis_has_all,
    rows,
    until,
)
from support.events import captured
from support.world import SignalData, World, signal

from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.development.servers import NatsServer
from oo_profile.errors import NoNatsError
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.reconnecting import ReconnectPauses
from oo_profile.transport.stream import CONSUMER, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nats.aio.client import Client

pytestmark = pytest.mark.live

COUNT = 30
SOON = ReconnectPauses(first_seconds=0.01, longest_seconds=0.02)


class GuardedNats(NatsServer):
    """A NATS that asks for a password, which may be changed while it runs."""

    password = "first"  # noqa: S105 - of a server for one test

    def _config(self) -> str:
        return super()._config() + f"authorization {{ user: me, password: {self.password} }}\n"

    def change_password(self, password: str) -> None:
        """Have it read its configuration again, with another password."""
        self.password = password
        self.config_path.write_text(self._config(), encoding="utf-8")
        os.kill(self.pid or 0, signals.SIGHUP)

    def url_for(self, password: str) -> str:
        """Return its URL with a password."""
        return self.url.replace("//", f"//me:{password}@")


def moods(first: int) -> list[SignalData]:
    """Make signals of five users, and one message that is none."""
    valid = [
        signal("mood.logged", f"u{n % 5}", minutes_ago(90 - n), f"e{n}", score=1 + n % 5)
        for n in range(first, first + COUNT)
    ]
    return [*valid, ("signals.mood.logged", {})]


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    """Keep what is logged when all is well, too."""
    caplog.set_level("INFO", logger="oo_profile")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """Give a NATS that may be stopped and started."""
    with NatsServer(tmp_path / "nats", port=free_port()) as running:
        yield running


@pytest.fixture
def there(world: World, server: NatsServer) -> World:
    """Give a world at that NATS, with some signals built."""
    moved = replace(world, settings=replace(world.settings, nats=server.url), nats_url=server.url)
    moved.publish_and_build(moods(0))
    return moved


async def publish_more(world: World) -> None:
    """Publish the second half, once the builder has nothing more before it."""
    await asyncio.to_thread(publish_signals, world, moods(COUNT))


def is_whole(world: World) -> bool:
    """Say whether both halves are stored, served and acknowledged."""
    return (
        number_of(world, "signals") == 2 * COUNT
        and number_of(world, "rejected_signals") == 2
        and all_is_acknowledged(world)
        and redis_has_all(world)
    )


def test_a_restart_is_said_once_and_nothing_is_lost(
    there: World, server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What is published after it is built, and what was built stays as it is."""

    async def restart() -> None:
        await until(lambda: captured(caplog, "builder.started") != [])
        await asyncio.to_thread(server.stop)
        await until(lambda: captured(caplog, "nats.away") != [])
        await asyncio.to_thread(server.start)
        await publish_more(there)

    totals = build_until(there, lambda: is_whole(there), meanwhile=restart)
    assert (totals.stored.total(), totals.duplicates) == (COUNT, 0)
    reasons = [event.context["reason"] for event in captured(caplog, "nats.away")]
    assert len(reasons) == len(set(reasons))
    assert len(captured(caplog, "nats.back")) == 1


def test_a_consumer_that_was_deleted_is_made_again(
    there: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It delivers from the start, all of which is known, and then what is new."""

    async def delete(connection: Client) -> None:
        await jetstream(connection).delete_consumer(STREAM, CONSUMER)

    async def delete_and_publish() -> None:
        await until(lambda: captured(caplog, "builder.started") != [])
        await asyncio.to_thread(with_nats, there.nats_url, delete)
        await publish_more(there)

    totals = build_until(there, lambda: is_whole(there), meanwhile=delete_and_publish)
    assert (totals.stored.total(), totals.duplicates) == (COUNT, COUNT)
    made = captured(caplog, "builder.consumer_made")
    assert [event.context for event in made] == [{"stream_made": False}]


def test_a_stream_that_was_deleted_is_made_again(
    there: World, caplog: pytest.LogCaptureFixture
) -> None:
    """New signals are built, and a rejection is not taken for one of the old stream."""

    async def delete(connection: Client) -> None:
        await jetstream(connection).delete_stream(STREAM)

    async def delete_and_publish() -> None:
        await until(lambda: captured(caplog, "builder.started") != [])
        await asyncio.to_thread(with_nats, there.nats_url, delete)
        await until(lambda: captured(caplog, "builder.consumer_made") != [])
        await publish_more(there)

    build_until(there, lambda: is_whole(there), meanwhile=delete_and_publish)
    made = captured(caplog, "builder.consumer_made")
    assert [event.context for event in made] == [{"stream_made": True}]
    keys = rows(there, "SELECT stream_created_at, stream_sequence FROM rejected_signals")
    assert len({created for created, _ in keys}) == 2
    assert {sequence for _, sequence in keys} == {COUNT + 1}


def test_a_nats_that_lost_its_files_is_set_up_again(
    there: World, server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes back without stream and consumer, and both are made."""

    async def lose() -> None:
        await until(lambda: captured(caplog, "builder.started") != [])
        await asyncio.to_thread(server.stop)
        shutil.rmtree(server.folder / "jetstream")
        await asyncio.to_thread(server.start)
        await publish_more(there)

    build_until(there, lambda: is_whole(there), meanwhile=lose)


def test_however_often_it_is_looked_for_it_is_said_once(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Twenty attempts in vain are one line, and so is the one that succeeds."""
    attempts = 0

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        writer.close()

    async def law() -> None:
        async with nats_connection(server.url, pauses=SOON):
            await asyncio.to_thread(server.stop)
            async with await asyncio.start_server(hang_up, LOOPBACK, server.port):
                await until(lambda: attempts >= 20)
            await asyncio.to_thread(server.start)
            await until(lambda: bool(captured(caplog, "nats.back")))

    asyncio.run(law())
    reasons = [event.context["reason"] for event in captured(caplog, "nats.away")]
    assert len(reasons) == len(set(reasons)) >= 1
    assert len(captured(caplog, "nats.back")) == 1


def test_it_is_looked_for_although_it_refused_us(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that hangs up with an error, and denies us for a while, is tried for ever."""

    async def law() -> None:
        async with nats_connection(guarded.url_for("first"), pauses=SOON) as connection:
            guarded.change_password("second")
            await until(lambda: "Authorization Violation" in caplog.text)
            assert not connection.is_closed
            guarded.change_password("first")
            await until(lambda: connection.is_connected)

    with GuardedNats(tmp_path, port=free_port()) as guarded:
        asyncio.run(law())


def test_a_wrong_password_is_an_error_at_the_start(tmp_path: Path) -> None:
    """It says so, without the password, and does not try for ever."""

    async def law() -> None:
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            nats_connection(guarded.url_for("hidden")),
        ):
            pass

    with (
        GuardedNats(tmp_path) as guarded,
        pytest.raises(NoNatsError, match="Authorization Violation") as caught,
    ):
        asyncio.run(law())
    assert "hidden" not in str(caught.value)
