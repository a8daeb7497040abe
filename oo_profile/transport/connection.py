"""A connection to NATS whose failures say what to do."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Final

import nats.errors
from nats.aio.client import Client

from oo_profile.errors import NatsLoginError, NatsTlsError, NoNatsError
from oo_profile.nats_login import NatsLogin
from oo_profile.settings import nats_endpoint
from oo_profile.transport.reconnecting import Reconnecting, ReconnectPauses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from oo_profile.settings import Settings

PUBLIC_INBOX: Final = "_INBOX"
"""Where answers go that hold nothing of users: producers listen there for acknowledgements."""

PRIVATE_INBOX: Final = "_OO_INBOX"
"""Where signals are delivered to, and whatever else no producer may read."""

_PROBE_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_GIVE_UP_SECONDS = 0.5
_LOGIN_WORDS = ("authorization violation", "authentication")
_TLS_WORDS = ("certificate", "tls")


@contextlib.asynccontextmanager
async def nats_connection(
    url: str,
    *,
    name: str = "oo",
    login: NatsLogin | None = None,
    inbox_prefix: str = PUBLIC_INBOX,
    pauses: ReconnectPauses | None = None,
) -> AsyncIterator[Client]:
    """Connect to NATS; closed on leaving the context.

    A NATS that is not there is an error at once. One that goes away later is looked for until it
    is back, in growing pauses, and both are logged once: how long to wait for an answer is up to
    whoever asks.

    Args:
        url: Its URL, as in the settings.
        name: What the server shows this connection as.
        login: Who we are to it.
        inbox_prefix: Where answers to us go: `PRIVATE_INBOX` for what no producer may read.
        pauses: Between the attempts to find a NATS that went away.

    Raises:
        NoNatsError: Nobody answers, or not as a NATS.
        NatsLoginError: It does not let this user in.
        NatsTlsError: No secure connection comes about.
        SettingsError: A file of the login is none of its kind.
    """
    login = login or NatsLogin()
    options = login.options(url) | {"inbox_prefix": inbox_prefix}
    # The client's own first attempt would try for two minutes before it says anything.
    await _probe(url)
    options |= {"name": name}
    connection, reconnecting = await _connected(url, login, options, pauses)
    reconnecting.begin(connection)
    try:
        yield connection
    finally:
        reconnecting.end()
        # With the server away there is nobody to say goodbye to; the client raises that.
        with contextlib.suppress(OSError, nats.errors.Error):
            await connection.close()


async def _connected(
    url: str, login: NatsLogin, options: dict[str, Any], pauses: ReconnectPauses | None
) -> tuple[Client, Reconnecting]:
    connection, reconnecting = Client(), Reconnecting(pauses)
    if login.needs_tls(url):
        _say_nothing_in_the_clear(connection)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await connection.connect(url, **options, **reconnecting.options())
    except (OSError, TimeoutError, nats.errors.Error) as error:
        reason = reconnecting.last_reason or _reason(error)
        await _give_up(connection)
        if isinstance(error, ConnectionError) and connection._server_info:  # noqa: SLF001 - what it has asked for
            # It hung up when we had logged in, and now and then its reason is lost on the way.
            reason = _likely_reason(connection._server_info, login) or reason  # noqa: SLF001
        raise _failure(url, error, reason) from error
    return connection, reconnecting


def connect_to_nats(
    settings: Settings, *, name: str = "oo"
) -> contextlib.AbstractAsyncContextManager[Client]:
    """Connect as the settings say, with answers where no producer may read them.

    Raises:
        NoNatsError: As `nats_connection`, when the context is entered.
    """
    return nats_connection(
        settings.nats, name=name, login=settings.nats_login, inbox_prefix=PRIVATE_INBOX
    )


async def _probe(url: str) -> None:
    host, port = nats_endpoint(url)
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise NoNatsError(url, _reason(error)) from error
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _give_up(connection: Client) -> None:
    # After a handshake that failed the library would wait for an end that never comes.
    with contextlib.suppress(OSError, TimeoutError, nats.errors.Error):
        async with asyncio.timeout(_GIVE_UP_SECONDS):
            await connection.close()


class _NoTlsError(nats.errors.Error):
    """A server speaks no TLS that must."""


def _say_nothing_in_the_clear(connection: Client) -> None:
    """Break off before the login where a server asks for no TLS, at every reconnect too.

    The library would go on and send the password, whatever its URL and its context say.
    """
    login = connection._connect_command  # noqa: SLF001 - the last step before the login

    def command() -> bytes:
        if not connection._server_info.get("tls_required"):  # noqa: SLF001 - as above
            raise _NoTlsError("it speaks no TLS")
        return login()

    connection._connect_command = command  # type: ignore[method-assign]  # noqa: SLF001 - as above


def _likely_reason(server: Mapping[str, object], login: NatsLogin) -> str:
    if server.get("tls_verify") and not login.certificate:
        return "it asks for a certificate"
    return "authentication failed" if server.get("auth_required") else ""


def _failure(url: str, error: Exception, reason: str) -> NoNatsError:
    """Tell a login that was refused, or a certificate, from a server that is not there."""
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(cause, ssl.SSLError | _NoTlsError) for cause in causes):
        return NatsTlsError(url, reason)
    told = reason.lower()
    if any(word in told for word in _TLS_WORDS):
        return NatsTlsError(url, reason)
    if any(word in told for word in _LOGIN_WORDS):
        return NatsLoginError(url, reason)
    return NoNatsError(url, reason)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
