"""A NATS that goes away is looked for until it is back: said once, in growing pauses."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nats import errors as nats_errors

from oo_profile.insight.events import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from nats.aio.client import Client, Server

_log = EventLog(__name__)

_PERMISSIONS = "permissions violation"

PING_SECONDS: Final = 20
"""A server that answers none of two pings is away: its host may have gone without a word."""


@dataclass(frozen=True, slots=True)
class ReconnectPauses:
    """How long to wait between looking for NATS.

    Attributes:
        first_seconds: The first pause; it doubles each time all servers have been tried.
        longest_seconds: Where the doubling ends.
    """

    first_seconds: float = 0.1
    longest_seconds: float = 15.0

    def seconds(self, tried: int, chance: float) -> float:
        """Return a pause, between half of its length and all of it.

        Args:
            tried: How often all servers have been tried.
            chance: From 0 to 1; by it, clients that lost one server come back one by one.

        >>> [ReconnectPauses().seconds(tried, 1.0) for tried in (0, 1, 2, 99)]
        [0.1, 0.2, 0.4, 15.0]
        """
        # Beyond that many doublings a float would overflow.
        pause = min(self.first_seconds * 2.0 ** min(tried, 64), self.longest_seconds)
        return pause * (0.5 + chance / 2)


class Reconnecting:
    """What a client of nats-py is told to do, and what it tells, when its server goes away.

    Args:
        pauses: How long to wait between attempts.
        chance: Gives numbers from 0 to 1.
        monotonic: Tells seconds that only grow.

    Attributes:
        last_reason: The last failure in words.
    """

    def __init__(
        self,
        pauses: ReconnectPauses | None = None,
        *,
        chance: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pauses = pauses or ReconnectPauses()
        self._chance = chance
        self._monotonic = monotonic
        self._attempts = 0
        self._away_since: float | None = None
        self._said: set[str] = set()
        self._connection: Client | None = None
        self.last_reason = ""

    def options(self) -> dict[str, Any]:
        """Return the options for `nats.connect`."""
        return {
            "error_cb": self._on_error,
            "disconnected_cb": self._on_disconnected,
            "reconnected_cb": self._on_reconnected,
            "reconnect_to_server_handler": self._next_server,
            # Not yet: the first attempt is to fail for whatever reason there is.
            "allow_reconnect": False,
            "max_reconnect_attempts": -1,
            "ping_interval": PING_SECONDS,
        }

    def begin(self, connection: Client) -> None:
        """Begin to watch a connection that has just been made, and to make it anew."""
        self._connection = connection
        connection.options["allow_reconnect"] = True
        _never_give_up(connection)

    def end(self) -> None:
        """Tell nothing any more: it is closed on purpose."""
        self._connection = None

    def _next_server(self, servers: list[Server], _info: object) -> tuple[Server, float]:
        if self._attempts and self._connection is not None:
            _hang_up(self._connection)
        rounds, place = divmod(self._attempts, len(servers))
        self._attempts += 1
        pause = 0.0 if place else self._pauses.seconds(rounds, self._chance())
        return servers[place], pause

    async def _on_error(self, error: Exception) -> None:
        self.last_reason = str(error) or type(error).__name__
        # The end of a connection is told when it has ended.
        if self._connection is None or isinstance(error, nats_errors.UnexpectedEOF):
            return
        if self._away_since is None:
            _log.warning("nats.error", reason=self.last_reason)
        elif self.last_reason not in self._said:
            # Once each: several servers may have several reasons, in turn.
            self._said.add(self.last_reason)
            _log.warning("nats.away", reason=self.last_reason)

    async def _on_disconnected(self) -> None:
        if self._connection is not None and self._away_since is None:
            self._away_since = self._monotonic()

    async def _on_reconnected(self) -> None:
        since, self._away_since = self._away_since, None
        seconds = round(self._monotonic() - since, 1) if since is not None else 0.0
        _log.info("nats.back", seconds=seconds)
        self._attempts = 0
        self._said.clear()


def _hang_up(connection: Client) -> None:
    """Close what an attempt has opened that failed; the library leaves it open."""
    transport = connection._transport  # noqa: SLF001 - the library has no method for it
    if transport is not None:
        transport.close()  # type: ignore[no-untyped-call]


def _never_give_up(connection: Client) -> None:
    """Have the client reconnect after any error that the server names before it hangs up.

    By itself it closes for good at all but one: after a reload of the server's users, say, though
    the next attempt may find everything in order.
    """
    process_err = connection._process_err  # noqa: SLF001 - the library has no option for it

    async def process(err_msg: str) -> None:
        if _PERMISSIONS in err_msg.lower():
            # About one request; the connection stays.
            await process_err(err_msg)
            return
        error = nats_errors.Error(f"nats: {err_msg}")
        await connection._error_cb(error)  # noqa: SLF001 - as above
        await connection._process_op_err(error)  # noqa: SLF001 - as above

    connection._process_err = process  # type: ignore[method-assign]  # noqa: SLF001 - as above
