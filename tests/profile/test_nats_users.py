"""The sample configuration of NATS lets each user do what he needs, and nothing else."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support.building import build_until, minutes_ago, number_of, until
from support.secured_nats import SecuredNats
from support.world import World, signal

from oo_profile.cli import oo
from oo_profile.errors import NotPermittedError
from oo_profile.settings import current_settings
from oo_profile.transport.connection import PRIVATE_INBOX, PUBLIC_INBOX, nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import CONSUMER, STREAM, ensure_stream, request_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from nats.aio.client import Client

pytestmark = pytest.mark.live

LINE = SignalLine("signals.app.session", b'{"user_id": "ada"}')


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredNats]:
    """Give the NATS of the sample configuration, with a stream."""
    with SecuredNats(tmp_path_factory.mktemp("secured")) as server:

        async def make() -> None:
            async with connected(server, "keeper") as connection:
                await ensure_stream(connection)

        asyncio.run(make())
        yield server


def connected(server: SecuredNats, user: str) -> AbstractAsyncContextManager[Client]:
    """Connect as one of the users."""
    inbox = PUBLIC_INBOX if user == "producer" else PRIVATE_INBOX
    return nats_connection(server.secure_url, login=server.login(user), inbox_prefix=inbox)


def test_a_producer_publishes(
    secured: SecuredNats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its signals are acknowledged, and `oo publish` needs no more rights than that."""
    secured.set_environment(monkeypatch, "producer")
    file, before = tmp_path / "signals.jsonl", messages(secured)
    file.write_text(json.dumps({"subject": LINE.subject, "data": json.loads(LINE.data)}))
    result = CliRunner().invoke(oo, ["publish", str(file)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert messages(secured) == before + 1


@pytest.mark.parametrize(
    ("request_name", "body"),
    [
        (f"STREAM.INFO.{STREAM}", {}),
        (f"STREAM.MSG.GET.{STREAM}", {"seq": 1}),
        (f"STREAM.MSG.DELETE.{STREAM}", {"seq": 1}),
        (f"STREAM.PURGE.{STREAM}", {}),
        (f"STREAM.DELETE.{STREAM}", {}),
        (f"STREAM.UPDATE.{STREAM}", {}),
        (f"CONSUMER.CREATE.{STREAM}.spy", {"stream_name": STREAM, "config": {"name": "spy"}}),
        (f"CONSUMER.MSG.NEXT.{STREAM}.{CONSUMER}", {}),
        (f"CONSUMER.DELETE.{STREAM}.{CONSUMER}", {}),
    ],
)
def test_a_producer_may_not_touch_the_stream(
    secured: SecuredNats, request_name: str, body: dict[str, object]
) -> None:
    """It neither reads nor deletes what is there, and hears so at once."""

    async def law() -> None:
        async with connected(secured, "producer") as connection:
            with pytest.raises(NotPermittedError, match=r"may not publish on .*OO_NATS_CREDS"):
                await request_api(connection, request_name, body)

    asyncio.run(law())


@pytest.mark.parametrize("subject", ["signals.>", ">", f"{PRIVATE_INBOX}.>", "$JS.>"])
def test_a_producer_may_not_listen(
    secured: SecuredNats, subject: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither to signals nor to where they are delivered."""

    async def law() -> None:
        async with connected(secured, "producer") as connection:
            await connection.subscribe(subject)
            await until(lambda: "permissions violation for subscription" in caplog.text.lower())

    asyncio.run(law())


@pytest.mark.parametrize(
    ("request_name", "body"),
    [
        (f"STREAM.PURGE.{STREAM}", {}),
        (f"STREAM.DELETE.{STREAM}", {}),
        (f"STREAM.UPDATE.{STREAM}", {}),
        (f"CONSUMER.CREATE.{STREAM}.other", {"stream_name": STREAM, "config": {"name": "other"}}),
        (f"CONSUMER.DELETE.{STREAM}.{CONSUMER}", {}),
    ],
)
def test_the_builder_may_no_more_than_it_needs(
    secured: SecuredNats, request_name: str, body: dict[str, object]
) -> None:
    """It can neither empty the stream nor change it, nor make up signals."""

    async def law() -> None:
        async with connected(secured, "builder") as connection:
            with pytest.raises(NotPermittedError):
                await request_api(connection, request_name, body)
            with pytest.raises(NotPermittedError, match=r"may not publish on signals\."):
                await publish(connection, [LINE])

    asyncio.run(law())


def test_builder_and_keeper_do_their_work(
    world: World, secured: SecuredNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signals are built by one user, forgotten by the other, and erased by the first after it."""

    def send(user_id: str, event_id: str) -> None:
        subject, data = signal("app.session", user_id, minutes_ago(1), event_id, duration_seconds=1)
        line = SignalLine(subject, json.dumps(data).encode())

        async def work() -> None:
            async with connected(secured, "producer") as connection:
                await publish(connection, [line])

        asyncio.run(work())

    def build(condition: Callable[[], bool]) -> None:
        secured.set_environment(monkeypatch, "builder")
        build_until(replace(world, settings=current_settings()), condition)

    for user_id in ("ada", "bob"):
        send(user_id, "first")
    build(lambda: number_of(world, "signals") == 2)
    secured.set_environment(monkeypatch, "keeper")
    receipt = json.loads(world.oo("forget", "ada", "--yes", "--json").stdout)
    assert (receipt["removed"]["stream"]["erased"] > 0, receipt["left"]) == (True, [])
    send("ada", "second")
    before = messages(secured)
    build(lambda: messages(secured) < before)
    assert number_of(world, "signals") == 1


def messages(server: SecuredNats) -> int:
    """Count the messages of the stream."""

    async def work() -> int:
        async with connected(server, "keeper") as connection:
            return (await ensure_stream(connection)).messages

    return asyncio.run(work())
