"""Hostile messages through a real stream, good signals between them, and what becomes of both."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.building import all_is_acknowledged, build_until, minutes_ago, number_of, rows
from support.hostile import rarely_large, wild
from support.payloads import OWN_FIELDS, SUBJECTS
from support.wholeness import assert_states_by_definition
from support.world import signal

from oo_profile.transport.connection import nats_connection
from oo_profile.transport.stream import ensure_stream
from oo_transforms.signals import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.hostile import Raw
    from support.world import World

GOOD, BAD, WILD = "good", "bad", "wild"
CHUNK = 500
"""Messages that are sent before their acknowledgement is waited for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and what it is.

    Attributes:
        kind: `GOOD`, `BAD` (it is to be rejected) or `WILD` (nobody can tell).
        subject: Its subject, any bytes.
        payload: Its content.
    """

    kind: str
    subject: bytes
    payload: bytes


def messages(seed: int, count: int) -> list[Sent]:
    """Make so many bad messages, and for ten of them two good signals and one wild message."""
    chance, sent = random.Random(seed), list[Sent]()
    for number in range(count):
        sent.append(Sent(BAD, *rarely_large(chance)))
        match number % 10:
            case 0 | 5:
                sent.append(Sent(GOOD, *_good(chance, number, count)))
            case 7:
                sent.append(Sent(WILD, *wild(chance)))
            case 9:
                sent.append(Sent(BAD, *_reused(chance, sent)))
    return sent


def _good(chance: random.Random, number: int, count: int) -> Raw:
    subject = chance.choice(SUBJECTS)
    name, data = signal(
        subject.removeprefix("signals."),
        f"good-{chance.randrange(5)}",
        minutes_ago((count - number) / count * 10_000 + 5),
        f"e{number}",
        **OWN_FIELDS[subject],
    )
    return name.encode(), json.dumps(data).encode()


def _reused(chance: random.Random, sent: Sequence[Sent]) -> Raw:
    """Make a signal with the id of one of the good ones before it, and another event time."""
    first = chance.choice([each for each in sent[-200:] if each.kind == GOOD])
    data = {**json.loads(first.payload), "occurred_at": minutes_ago(20_000).isoformat()}
    return first.subject, json.dumps(data).encode()


def fuzz(world: World, sent: Sequence[Sent], *, deadline_seconds: float) -> None:
    """Send messages, build from them, and assert that each is where it belongs."""
    asyncio.run(_publish(world.nats_url, sent))
    totals = build_until(
        world,
        lambda: number_of(world, "signals") > 0 and all_is_acknowledged(world),
        deadline_seconds=deadline_seconds,
    )
    assert totals.handled == len(sent)
    _assert_bad_are_kept(world, sent)
    good = [each.payload for each in sent if each.kind == GOOD]
    stored = rows(world, "SELECT payload FROM signals WHERE user_id LIKE 'good-%'")
    assert sorted(body for (body,) in stored) == sorted(good)
    assert_states_by_definition(world)


def _assert_bad_are_kept(world: World, sent: Sequence[Sent]) -> None:
    kept = {
        sequence: rest
        for sequence, *rest in rows(
            world,
            "SELECT stream_sequence, subject, payload, payload_bytes, payload_sha256, reason != ''"
            " FROM rejected_signals",
        )
    }
    bad = {number: each for number, each in enumerate(sent, start=1) if each.kind == BAD}
    lacking = [each for number, each in bad.items() if number not in kept]
    assert lacking == []
    for number, each in bad.items():
        assert kept[number] == [
            each.subject.decode(errors="backslashreplace"),
            each.payload[:MAX_PAYLOAD_BYTES],
            len(each.payload),
            hashlib.sha256(each.payload).hexdigest(),
            1,
        ]
    others = kept.keys() - bad.keys()
    assert {sent[number - 1].kind for number in others} <= {WILD}


async def _publish(url: str, sent: Sequence[Sent]) -> None:
    """Publish as no client library would, in order, and see that all of it is in the stream.

    The stream drops without a word what comes faster than it can store, so every chunk is waited
    for.
    """
    async with nats_connection(url) as connection:
        await ensure_stream(connection)
    host, port = url.removeprefix("nats://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b'CONNECT {"verbose":false,"headers":true}\r\nSUB acks 1\r\n')
    last = b""
    for begin in range(0, len(sent), CHUNK):
        *most, end = sent[begin : begin + CHUNK]
        for each in most:
            writer.write(b"PUB %b %d\r\n%b\r\n" % (each.subject, len(each.payload), each.payload))
        writer.write(b"PUB %b acks %d\r\n%b\r\n" % (end.subject, len(end.payload), end.payload))
        await writer.drain()
        while not last.startswith(b'{"stream"'):
            last = await reader.readuntil(b"\r\n")
        acknowledged, last = json.loads(last), b""
        assert acknowledged["seq"] == begin + len(most) + 1
    writer.close()
    await writer.wait_closed()
