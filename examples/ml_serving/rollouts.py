"""How far a new policy has come, as its steps reach a running service: by a key in Redis."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeAlias

from oo_bandit import STAGES, Rollout, RolloutError
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from ml_serving.metrics import Metrics

ReadRollout: TypeAlias = "Callable[[], Awaitable[bytes | None]]"
"""Reads the rollout as it stands in Redis; None if there is none."""

_log = logging.getLogger(__name__)


class Rollouts:
    """The rollout that holds now. It is looked at beside the requests, which never wait for it.

    While Redis is away, or has none, or one that makes no sense, the last one that was read holds.

    Args:
        first: What holds until one was read.
        read: Reads it.
        metrics: Told of the stage.
    """

    def __init__(self, first: Rollout, read: ReadRollout, metrics: Metrics) -> None:
        self._current = first
        self._read = read
        self._metrics = metrics
        self._tell()

    @property
    def current(self) -> Rollout:
        """The rollout that holds now."""
        return self._current

    async def run(self, every: timedelta) -> None:
        """Follow the rollout; never ends."""
        while True:
            await self.look()
            await asyncio.sleep(every.total_seconds())

    async def look(self) -> None:
        """Look at it once."""
        try:
            text = await self._read()
            rollout = self._current if text is None else _decoded(text)
        except Exception as error:  # noqa: BLE001 - the one that was read holds, whatever is wrong
            _log.warning("rollout.unreadable reason=%s", str(error) or type(error).__name__)
            return
        if rollout != self._current:
            _log.info("rollout.step stage=%s step=%d", rollout.stage, rollout.step)
            self._current = rollout
            self._tell()

    def _tell(self) -> None:
        for stage in STAGES:
            self._metrics.stage.labels(stage).set(stage == self._current.stage)


def _decoded(text: bytes) -> Rollout:
    rollout = Rollout.from_json(text)
    if unknown := {rollout.live, rollout.new} - POLICIES.keys():
        raise RolloutError(f"policies {sorted(unknown)} are none of {sorted(POLICIES)}")
    return rollout
