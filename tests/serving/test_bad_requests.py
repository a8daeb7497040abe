"""What cannot be answered is refused with its reason, and changes nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from ml_serving.examples import ECHO, FEEDBACK_REQUEST, RANK_REQUEST
from ml_serving.messages import MAX_BODY_BYTES, Problem
from support.serving import in_stream, make_stream, rank_request, serving

if TYPE_CHECKING:
    from ml_serving.config import ServingConfig
    from support.world import World

pytestmark = pytest.mark.live


def changed(request: msgspec.Struct, **fields: object) -> bytes:
    """Return a request with some fields changed, as JSON that Python's own library writes."""
    return json.dumps(msgspec.to_builtins(request) | fields).encode()


def candidates(count: int) -> list[dict[str, object]]:
    """Make candidates."""
    return [{"id": f"t{number}", "category": "fix"} for number in range(count)]


def echo(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of any type
    """Return an echo with some fields changed."""
    return {**msgspec.to_builtins(ECHO), **fields}


CANDIDATE = candidates(1)[0]
REFUSED: list[tuple[str, bytes, int, str, str]] = [
    ("/rank", b"", 400, "malformed", "no JSON"),
    ("/rank", b"{", 400, "malformed", "no JSON"),
    ("/rank", b'{"user_id": "\xff"}', 400, "malformed", "no JSON"),
    ("/rank", b"[" * 100_000, 422, "invalid", "Expected `object`"),
    ("/rank", b"[]", 422, "invalid", "Expected `object`"),
    ("/rank", changed(RANK_REQUEST, candidates=[]), 422, "invalid", "length >= 1"),
    ("/rank", changed(RANK_REQUEST, candidates=candidates(10_000)), 422, "invalid", "<= 1000"),
    ("/rank", b" " * (MAX_BODY_BYTES + 1), 413, "too_large", str(MAX_BODY_BYTES)),
    ("/rank", changed(RANK_REQUEST, now=float("nan")), 400, "malformed", "invalid character"),
    ("/rank", changed(RANK_REQUEST, now=-1), 422, "invalid", "$.now"),
    ("/rank", b'{"user_id": "ada", "now": 1e999}', 422, "invalid", "out of range"),
    ("/rank", changed(RANK_REQUEST, priority=1), 422, "invalid", "unknown field `priority`"),
    ("/rank", changed(RANK_REQUEST, utc_offset_minutes=900), 422, "invalid", "840"),
    ("/rank", changed(RANK_REQUEST, user_id=""), 422, "invalid", "length >= 1"),
    ("/rank", changed(RANK_REQUEST, user_id="a\nb"), 422, "invalid", "cannot be printed"),
    (
        "/rank",
        changed(RANK_REQUEST, candidates=[CANDIDATE, CANDIDATE]),
        422,
        "invalid",
        "two candidates are named 't0'",
    ),
    (
        "/rank",
        changed(RANK_REQUEST, candidates=[{**CANDIDATE, "created_at": float("inf")}]),
        400,
        "malformed",
        "invalid character",
    ),
    (
        "/rank",
        changed(RANK_REQUEST, candidates=[{**CANDIDATE, "priority": 5}]),
        422,
        "invalid",
        "$.candidates[0].priority",
    ),
    (
        "/rank",
        changed(RANK_REQUEST, candidates=[{**CANDIDATE, "title": "x"}]),
        422,
        "invalid",
        "unknown field `title`",
    ),
    ("/feedback", changed(FEEDBACK_REQUEST, action="later"), 422, "invalid", "$.action"),
    ("/feedback", changed(FEEDBACK_REQUEST, dwell_ms=-1), 422, "invalid", "$.dwell_ms"),
    ("/feedback", changed(FEEDBACK_REQUEST, now=9e9), 422, "from_the_future", "clock"),
    (
        "/feedback",
        changed(FEEDBACK_REQUEST, echo=echo(service="bandit_v1")),
        422,
        "invalid",
        "unknown ['category_acceptance'",
    ),
    (
        "/feedback",
        changed(FEEDBACK_REQUEST, echo=echo(service="bandit_v9")),
        422,
        "invalid",
        "none of ['bandit_v1', 'bandit_v2']",
    ),
    ("/feedback", changed(FEEDBACK_REQUEST, echo=echo(features={})), 422, "invalid", "lack"),
    ("/nothing", b"", 404, "not_found", "/nothing"),
]


def test_every_bad_request_is_refused_with_its_reason_and_nothing_is_logged(
    serving_config: ServingConfig, world: World
) -> None:
    """The answer is a problem that says what was refused; the next good request is served."""
    make_stream(world.nats_url)

    async def run() -> None:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            for path, body, status, error, reason in REFUSED:
                response = await running.client.post(path, content=body)
                problem = msgspec.json.decode(response.content, type=Problem)
                assert (response.status_code, problem.error) == (status, error), problem
                assert reason in problem.detail
            wrong_way = await running.client.get("/rank")
            assert (wrong_way.status_code, wrong_way.json()["error"]) == (405, "not_allowed")
            long_name = await running.client.delete(f"/users/{'x' * 129}/signals")
            assert (long_name.status_code, long_name.json()["error"]) == (422, "invalid")
            assert (await running.rank(rank_request(candidates=1000))).logged

    asyncio.run(run())
    assert [one.user_id for one in in_stream(world.nats_url)] == ["ada"]


def test_a_body_without_a_stated_size_is_bounded_too(serving_config: ServingConfig) -> None:
    """It is not read to its end."""

    async def parts() -> Any:  # noqa: ANN401 - a stream of bytes
        for _ in range(1_000):
            yield b" " * 65_536

    async def run() -> None:
        async with serving(serving_config) as running:
            response = await running.client.post("/rank", content=parts())
            assert (response.status_code, response.json()["error"]) == (413, "too_large")

    asyncio.run(run())
