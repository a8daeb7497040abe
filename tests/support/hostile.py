"""Messages that are no signals, in every way that we could think of, from a seed.

Each recipe spoils a valid message so that it is surely none; where that is not sure (`wild`), the
message names users that no good signal names.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from support.payloads import OWN_FIELDS, SUBJECTS, payload

from oo_transforms.signals import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Raw = tuple[bytes, bytes]
    """Subject and payload."""

    Recipe = Callable[[random.Random], Raw]

LARGEST = (1 << 20) - 4096
"""Bytes of a payload, some less than NATS takes."""

MANY_LEVELS = 20_000
SELDOM = 0.01

_WRONG: tuple[Any, ...] = (None, True, [], {}, [[]], {"a": 1}, [5], "\x00")
_NO_ID = ("", 5, 1e9, "a\x00b", "\x00", "a\nb", "\x7f", "\u2028", "\ue000", "x" * 129, "\ud800")
_NO_NUMBER = (
    b"1e999",
    b"-1e999",
    b"1" + b"0" * 400,
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"-1e300",
    b"01",
    b"+1",
    b"1.",
    b".5",
    b"0x10",
    b"1_000",
    b"--1",
    b"1e",
    b'"5"',
    b"9" * 5000,
)
_NO_UTF8 = (
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xc0\x80",
    b"\xe2\x82",
)
_NO_INSTANT: tuple[Any, ...] = (
    "",
    "now",
    "yesterday",
    "2026-01-01",
    "2026-01-01T11:00:00",
    "2026-01-01T11:00Z",
    "11:00:00Z",
    "2026-13-01T11:00:00Z",
    "2026-02-30T11:00:00Z",
    "2026-01-01T25:00:00Z",
    "2026-W01-1T11:00:00Z",
    "2026-01-01T11:00:60Z",
    "2026-01-01T11:00:00+24:00",
    "+12026-01-01T11:00:00Z",
    "1767268800",
    "0000-01-01T00:00:00Z",
    "-001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999Z",
    0,
    -1,
    1e308,
    1767268800,
    1767268800.5,
    2**63,
    -(2**63),
    10**400,
    True,
    None,
    [],
    {},
    ["2026-01-01T11:00:00Z"],
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2999-01-01T00:00:00Z",
    "2026-01-01T11:00:00+23:59",
    "2026-01-01T11:00:00\u00a0Z",
    "\u0662026-01-01T11:00:00Z",
)
_NO_DOCUMENT = (
    b"",
    b" ",
    b"\n\n",
    b"null",
    b"true",
    b"0",
    b'"text"',
    b"[]",
    b"{}",
    b"{]",
    b"}{",
    b"[{}]",
    b"\xef\xbb\xbf{}",
    b"'{}'",
    b"// {}\n{}",
    b"{'a': 1}",
    b'{"a" 1}',
    b"{,}",
    b'{"a":}',
    b"\x00",
)
_TOKENS = (
    "app",
    "session",
    "SESSION",
    "task",
    "created",
    "x" * 200,
    "ünï",
    "日本",
    "\U0001f980",
    "'",
    '"',
    "$JS",
    "_INBOX",
    "\\",
    "%00",
    "--",
    ";DROP",
    "\x01",
    "\x7f",
    "0",
    "-1",
    "null",
)


def hostile(chance: random.Random) -> Raw:
    """Make a message that is surely no signal."""
    return chance.choice(_RECIPES)(chance)


def wild(chance: random.Random) -> Raw:
    """Make a message of which nobody can tell: some bytes of a valid one are others, or twice."""
    subject = chance.choice(SUBJECTS)
    body = bytearray(_body(chance, subject, user_id="wild-one"))
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at]
            case _:
                body[at:at] = body[at : at + chance.randrange(20)]
    return subject.encode(), bytes(body)


def _body(chance: random.Random, subject: str, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Write a message of somebody who has good signals, valid but for the changes."""
    return payload(
        subject,
        **{
            "user_id": f"good-{chance.randrange(5)}",
            "event_id": f"bad-{chance.getrandbits(64)}",
            **changes,
        },
    )


def _any(chance: random.Random, **changes: Any) -> Raw:  # noqa: ANN401 - as above
    subject = chance.choice(SUBJECTS)
    return subject.encode(), _body(chance, subject, **changes)


def _replaced(chance: random.Random, raw: bytes, *, only_numbers: bool = False) -> Raw:
    """Put bytes in the place of a field's value."""
    mark, subject = "?" * 9, chance.choice(SUBJECTS)
    own = OWN_FIELDS[subject]
    names = [name for name, value in own.items() if isinstance(value, int)] or ["occurred_at"]
    name = chance.choice(names if only_numbers else ["event_id", "user_id", *own])
    body = _body(chance, subject, **{name: mark})
    return subject.encode(), body.replace(f'"{mark}"'.encode(), raw)


def _truncated(chance: random.Random) -> Raw:
    subject, body = _any(chance)
    return subject, body[: chance.randrange(len(body))]


def _followed_by_more(chance: random.Random) -> Raw:
    subject, body = _any(chance)
    return subject, body + chance.choice([b"x", b"{}", body, b"\x00", b",", b"]"])


def _wrong_type(chance: random.Random) -> Raw:
    subject = chance.choice(SUBJECTS)
    name = chance.choice(["event_id", "user_id", *OWN_FIELDS[subject]])
    return subject.encode(), _body(chance, subject, **{name: chance.choice(_WRONG)})


def _missing(chance: random.Random) -> Raw:
    subject = chance.choice(SUBJECTS)
    data = json.loads(_body(chance, subject))
    del data[chance.choice(sorted(data))]
    return subject.encode(), json.dumps(data).encode()


def _no_id(chance: random.Random) -> Raw:
    return _any(chance, **{chance.choice(["event_id", "user_id"]): chance.choice(_NO_ID)})


def _no_number(chance: random.Random) -> Raw:
    return _replaced(chance, chance.choice(_NO_NUMBER), only_numbers=True)


def _no_offset(chance: random.Random) -> Raw:
    bad = chance.choice([841, -841, 10**30, 2.5, "60", True, math.nan, [60], 2**64])
    return _any(chance, utc_offset_minutes=bad)


def _no_utf8(chance: random.Random) -> Raw:
    text = b'"a' + chance.choice(_NO_UTF8) + b'b"'
    subject, body = _any(chance)
    if chance.random() < 0.5:
        # In a field that nobody knows, and in a name.
        return subject, body[:-1] + b', "note": ' + text + b"}"
    return _replaced(chance, text)


def _no_instant(chance: random.Random) -> Raw:
    return _any(chance, occurred_at=chance.choice(_NO_INSTANT))


def _nested(chance: random.Random) -> Raw:
    subject, body = _any(chance)
    levels = MANY_LEVELS if chance.random() < SELDOM else chance.randrange(65, 300)
    begin, end = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
    inner = begin * levels + (b"1" + end * levels if chance.random() < 0.5 else b"")
    return subject, body[:-1] + b', "note": ' + inner + b"}"


def _large(chance: random.Random) -> Raw:
    subject, body = _any(chance)
    size = LARGEST if chance.random() < 0.1 else MAX_PAYLOAD_BYTES + 1
    return subject, body.ljust(size)


def _twice_the_same_key(chance: random.Random) -> Raw:
    subject, body = _any(chance)
    other = b'"user_id": ' + chance.choice([b"5", b"null", b'""', b"[]"])
    if chance.random() < 0.5:
        return subject, b"{" + other + b", " + body[1:]
    return subject, body[:-1] + b", " + other + b"}"


def _noise(chance: random.Random) -> Raw:
    subject, _ = _any(chance)
    return subject, chance.randbytes(chance.randrange(400))


def _no_document(chance: random.Random) -> Raw:
    return chance.choice(SUBJECTS).encode(), chance.choice(_NO_DOCUMENT)


def _odd_subject(chance: random.Random) -> Raw:
    tokens = [chance.choice(_TOKENS).encode() for _ in range(chance.randrange(1, 6))]
    if chance.random() < 0.2:
        tokens.append(bytes(chance.randrange(128, 256) for _ in range(3)))
    # No subject of ours has a token like this, so no choice makes a valid one.
    return b".".join([b"signals", *tokens, b"\xe2\x80\xa6"]), _any(chance)[1]


_RECIPES: tuple[Recipe, ...] = (
    *(_truncated, _followed_by_more, _wrong_type, _missing, _no_id, _no_number, _no_offset),
    *(_no_utf8, _no_instant, _nested, _twice_the_same_key, _noise, _no_document, _odd_subject),
)


def rarely_large(chance: random.Random) -> Raw:
    """Make a message that is surely no signal, a large one now and then."""
    return _large(chance) if chance.random() < SELDOM / 5 else hostile(chance)
