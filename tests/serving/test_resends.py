"""Whoever asks again gets the answer that he had; what is remembered is bounded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ml_serving import resends
from ml_serving.resends import Resends

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest


def _work(answer: bytes, *, kept: bool) -> Callable[[], Awaitable[tuple[bytes, bool]]]:
    async def work() -> tuple[bytes, bool]:
        return answer, kept

    return work


def test_an_answer_that_was_logged_is_given_again() -> None:
    """One that was lost is worked on anew."""

    async def course() -> list[bytes]:
        answers = Resends()
        await answers.answer("logged", _work(b"first", kept=True))
        await answers.answer("lost", _work(b"first", kept=False))
        return [await answers.answer(name, _work(b"new", kept=True)) for name in ("logged", "lost")]

    assert asyncio.run(course()) == [b"first", b"new"]


def test_answers_that_were_lost_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the spool full for hours every answer is one, and what was logged before stays known."""
    monkeypatch.setattr(resends, "MAX_BYTES", 20)

    async def course() -> bytes:
        answers = Resends()
        await answers.answer("logged", _work(b"first", kept=True))
        for number in range(50):
            await answers.answer(f"lost {number}", _work(b"never kept", kept=False))
        return await answers.answer("logged", _work(b"new", kept=True))

    assert asyncio.run(course()) == b"first"


def test_the_oldest_answers_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound in bytes."""
    monkeypatch.setattr(resends, "MAX_BYTES", 20)

    async def course() -> list[bytes]:
        answers = Resends()
        for name in ("1", "2", "3"):
            await answers.answer(name, _work(b"eight by", kept=True))
        return [await answers.answer(name, _work(b"new", kept=False)) for name in ("1", "2", "3")]

    assert asyncio.run(course()) == [b"new", b"eight by", b"eight by"]
