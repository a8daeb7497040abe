"""The stream of signals and the consumer that builds profiles from it.

A signal counts as accepted when the stream has acknowledged it, so the stream's settings are a
promise to every producer. One of them cannot be seen from here: whether the server syncs its files
before it acknowledges (`jetstream { sync_interval: always }` in its configuration). Servers
started by `oo up` do; whoever runs another one sets it there.

Requests are made as JSON, not through the client library's classes, which lack newer settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

import nats.errors

from oo_profile.errors import NoNatsError, StreamMismatchError, StreamRefusedError
from oo_profile.transport.refusals import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nats.aio.client import Client

STREAM: Final = "SIGNALS"
SUBJECTS: Final = "signals.>"
CONSUMER: Final = "profile-builder"
MAX_AGE: Final = timedelta(days=30)
ACK_WAIT: Final = timedelta(seconds=30)
MAX_ACK_PENDING: Final = 28_000
"""Seven of the builder's largest batches: one on its way to Redis, one at work, two made ready, and
three here or on their way."""

_NANOSECONDS: Final = 1_000_000_000
_REQUEST_SECONDS: Final = 10.0
_NOT_FOUND: Final = 404

Json: TypeAlias = dict[str, object]
"""A JSON object, as the JetStream API sends and takes it."""

STREAM_CONFIG: Final[Mapping[str, object]] = {
    "name": STREAM,
    "subjects": [SUBJECTS],
    "storage": "file",
    "retention": "limits",
    "discard": "new",
    "max_age": int(MAX_AGE.total_seconds()) * _NANOSECONDS,
    "allow_atomic": True,
    "no_ack": False,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_msgs_per_subject": -1,
    "max_msg_size": -1,
}
"""What the stream is made with."""

# What would lose signals, or refuse them, or not take them at all. An operator's other choices
# (replicas, compression, limits of size: full means refused, never dropped) are his own.
_CHECKED: Final = (
    "subjects",
    "storage",
    "retention",
    "discard",
    "max_age",
    "allow_atomic",
    "no_ack",
    "max_msgs_per_subject",
)


@dataclass(frozen=True, slots=True)
class StreamState:
    """What `ensure_stream` found or did.

    Attributes:
        created: Whether the stream was made.
        updated: The settings that were brought up to date, by name.
        messages: How many messages are in the stream.
        created_at: When the stream was made, RFC 3339; with a sequence it names a message for good.
    """

    created: bool
    updated: tuple[str, ...]
    messages: int
    created_at: str


async def ensure_stream(connection: Client) -> StreamState:
    """Make the stream of signals, or check the one that is there.

    Settings that can be put right without losing a message are: atomic batches switched on,
    messages refused rather than dropped when it is full, kept for longer. Others are an error.

    Raises:
        NoNatsError: NATS does not answer.
        StreamMismatchError: The stream is there with settings that need a decision; each is named.
        StreamRefusedError: NATS refuses: no JetStream, too old, subjects taken by another stream.
    """
    info = await _info(connection)
    created = info is None
    if info is None:
        # Making it twice with the same settings is no error, so nobody can come in between.
        info = await request_api(connection, f"STREAM.CREATE.{STREAM}", dict(STREAM_CONFIG))
    config = _config(info)
    differing = [name for name in _CHECKED if not _agrees(name, config)]
    if any(not _can_update(name, config) for name in differing):
        raise StreamMismatchError(STREAM, [_difference(name, config) for name in differing])
    if differing:
        wanted = {**config, **{name: STREAM_CONFIG[name] for name in differing}}
        info = await request_api(connection, f"STREAM.UPDATE.{STREAM}", wanted)
    _require_atomic(_config(info))
    return StreamState(created, tuple(differing), _messages(info), str(info.get("created")))


async def ensure_consumer(
    connection: Client, *, ack_wait: timedelta = ACK_WAIT, first_sequence: int = 1
) -> None:
    """Make the durable consumer of the builder, or bring the one that is there up to date.

    It is pulled from, acknowledged message by message, and delivers again without limit what is
    not acknowledged in time. At most `MAX_ACK_PENDING` messages are out at a time.

    Args:
        connection: A connection to NATS.
        ack_wait: How long an acknowledgement may take. What a killed builder had is delivered
            again after that.
        first_sequence: Where a consumer that is made begins; one that is there stays where it is.

    Raises:
        NoNatsError: NATS does not answer.
        StreamRefusedError: There is no stream, or a consumer of this name of another kind.
    """
    config = {
        "name": CONSUMER,
        "durable_name": CONSUMER,
        **await _start(connection, first_sequence),
        "ack_policy": "explicit",
        "ack_wait": int(ack_wait.total_seconds() * _NANOSECONDS),
        "max_deliver": -1,
        "max_ack_pending": MAX_ACK_PENDING,
        "replay_policy": "instant",
    }
    body: Json = {"stream_name": STREAM, "config": config}
    await request_api(connection, f"CONSUMER.CREATE.{STREAM}.{CONSUMER}", body)


async def find_consumer(connection: Client) -> Json | None:
    """Ask for the consumer's state and settings; None if there is no such consumer.

    Raises:
        NoNatsError: NATS does not answer.
        StreamRefusedError: NATS refuses.
    """
    return await _found(connection, f"CONSUMER.INFO.{STREAM}.{CONSUMER}")


async def request_api(connection: Client, request: str, body: Json) -> Json:
    """Make a request of JetStream's API and return the answer.

    Args:
        connection: A connection to NATS.
        request: Its name, which is the subject behind `$JS.API.`.
        body: What it takes.

    Raises:
        NoNatsError: NATS does not answer.
        StreamRefusedError: NATS refuses.
        NotPermittedError: Since this user may not.
    """
    try:
        reply = await ask(
            connection,
            f"$JS.API.{request}",
            json.dumps(body).encode(),
            timeout_seconds=_REQUEST_SECONDS,
        )
    except nats.errors.NoRespondersError as error:
        raise StreamRefusedError(request, 503, 0, "JetStream is not enabled") from error
    except (TimeoutError, nats.errors.Error) as error:
        server = connection.connected_url
        raise NoNatsError(server.geturl() if server else "its address", request) from error
    answer: Json = json.loads(reply.data)
    if isinstance(refused := answer.get("error"), dict):
        raise StreamRefusedError(
            request,
            int(refused.get("code", 0)),
            int(refused.get("err_code", 0)),
            str(refused.get("description", "no reason given")),
        )
    return answer


async def _start(connection: Client, first_sequence: int) -> Json:
    """Say where the consumer begins, which NATS lets nobody change."""
    known = await find_consumer(connection)
    if known is not None:
        config = _config(known)
        names = ("deliver_policy", "opt_start_seq", "opt_start_time")
        return {name: config[name] for name in names if name in config}
    if first_sequence > 1:
        return {"deliver_policy": "by_start_sequence", "opt_start_seq": first_sequence}
    return {"deliver_policy": "all"}


async def _info(connection: Client) -> Json | None:
    return await _found(connection, f"STREAM.INFO.{STREAM}")


async def _found(connection: Client, request: str) -> Json | None:
    try:
        return await request_api(connection, request, {})
    except StreamRefusedError as error:
        if error.code == _NOT_FOUND:
            return None
        raise


def _config(info: Json) -> Json:
    config = info.get("config")
    return config if isinstance(config, dict) else {}


def _messages(info: Json) -> int:
    state = info.get("state")
    return int(state.get("messages", 0)) if isinstance(state, dict) else 0


def _value(name: str, config: Json) -> object:
    # The server leaves out what has its zero value.
    default: object = {"allow_atomic": False, "no_ack": False, "max_age": 0}.get(name, -1)
    return config.get(name, default)


def _agrees(name: str, config: Json) -> bool:
    return _value(name, config) == STREAM_CONFIG[name]


def _can_update(name: str, config: Json) -> bool:
    """Say whether a setting can be changed to ours without losing a message."""
    if name == "max_age":
        age = _value(name, config)
        return isinstance(age, int) and 0 < age < int(MAX_AGE.total_seconds()) * _NANOSECONDS
    return name in {"allow_atomic", "discard"}


def _difference(name: str, config: Json) -> str:
    return f"{name} is {_shown(name, _value(name, config))}, expected {_shown(name)}"


def _shown(name: str, value: object = None) -> str:
    value = STREAM_CONFIG[name] if value is None else value
    if name == "max_age" and isinstance(value, int):
        return str(timedelta(seconds=value / _NANOSECONDS)) if value else "unlimited"
    return json.dumps(value)


def _require_atomic(config: Json) -> None:
    # An older server ignores a setting it does not know, without a word.
    if config.get("allow_atomic") is not True:
        raise StreamRefusedError(
            f"STREAM.UPDATE.{STREAM}", 400, 0, "this server knows no atomic batches"
        )
