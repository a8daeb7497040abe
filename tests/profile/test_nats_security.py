"""A login to NATS over TLS: what is wrong is said plainly, and no password goes unprotected."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from live import PATIENCE_SECONDS
from support.nats_tokens import TokenNats
from support.secured_nats import PASSWORDS, SecuredNats
from support.tls import Certificates

from oo_profile.development.ports import LOOPBACK
from oo_profile.errors import NatsLoginError, NatsTlsError, SettingsError
from oo_profile.nats_login import NatsLogin
from oo_profile.transport.connection import nats_connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live

WRONG = f"not-{PASSWORDS['keeper']}"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredNats]:
    """Give a NATS that asks every client for a certificate."""
    with SecuredNats(tmp_path_factory.mktemp("secured"), client_needed=True) as server:
        yield server


@pytest.fixture
def login(secured: SecuredNats) -> NatsLogin:
    """Give a login that it takes."""
    return replace(secured.login("keeper"), certificate=secured.certificates.client)


async def connect(url: str, login: NatsLogin) -> None:
    """Connect, and no more."""
    async with asyncio.timeout(PATIENCE_SECONDS), nats_connection(url, login=login) as connection:
        await connection.flush()


def test_with_certificate_and_password_one_is_in(secured: SecuredNats, login: NatsLogin) -> None:
    """Whether the address says so or the authority alone asks for TLS."""
    asyncio.run(connect(secured.secure_url, login))
    asyncio.run(connect(secured.url, login))


def test_an_authority_that_did_not_issue_it_is_an_error(
    secured: SecuredNats, login: NatsLogin, tmp_path: Path
) -> None:
    """It names the variable to set."""
    other = Certificates.issue(tmp_path)
    with pytest.raises(NatsTlsError, match=r"verify failed.*OO_NATS_CA"):
        asyncio.run(connect(secured.secure_url, replace(login, ca=other.ca)))
    with pytest.raises(NatsTlsError, match="OO_NATS_CA"):
        asyncio.run(connect(secured.secure_url, replace(login, ca=None)))


def test_without_our_certificate_the_error_names_it(secured: SecuredNats, login: NatsLogin) -> None:
    """Where the server asks for one."""
    with pytest.raises(NatsTlsError, match="OO_NATS_CERT"):
        asyncio.run(connect(secured.secure_url, replace(login, certificate=None)))


def test_a_wrong_password_is_said_and_not_shown(secured: SecuredNats, login: NatsLogin) -> None:
    """The error names the server and what to set; the password is in no part of it."""
    wrong = replace(login, password=WRONG)
    with pytest.raises(
        NatsLoginError, match=r"does not let this user in.*OO_NATS_PASSWORD"
    ) as told:
        asyncio.run(connect(secured.secure_url, wrong))
    assert str(secured.port) in str(told.value)
    assert WRONG not in f"{told.value!r} {told.value} {wrong!r}"


@pytest.mark.parametrize("scheme", ["tls", "nats"])
def test_no_password_is_sent_in_the_clear(login: NatsLogin, scheme: str) -> None:
    """A server that speaks no TLS, or someone in its place, hears nothing of us."""
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.12.0","max_payload":1048576}\r\n')
        heard.extend(await reader.read(4096))
        writer.close()

    async def law() -> None:
        async with await asyncio.start_server(listen, LOOPBACK, 0) as server:
            port = server.sockets[0].getsockname()[1]
            await connect(f"{scheme}://{LOOPBACK}:{port}", login)

    with pytest.raises(NatsTlsError, match="speaks no TLS"):
        asyncio.run(law())
    assert bytes(heard) == b""


def test_a_credentials_file_lets_in(tmp_path: Path) -> None:
    """One that the server's operator does not know, or that has expired, is a clear error."""
    with TokenNats(tmp_path / "nats") as server:
        good = NatsLogin(credentials=server.credentials(tmp_path / "good.creds"))
        asyncio.run(connect(server.url, good))
        expired = NatsLogin(credentials=server.credentials(tmp_path / "old.creds", expires_at=2))
        other = TokenNats(tmp_path / "other")
        unknown = NatsLogin(credentials=other.credentials(tmp_path / "unknown.creds"))
        for login in (expired, unknown, NatsLogin()):
            with pytest.raises(NatsLoginError, match=r"OO_NATS_CREDS.*expired must be issued"):
                asyncio.run(connect(server.url, login))


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"OO_NATS_CREDS": "missing.creds"}, "OO_NATS_CREDS='missing.creds' cannot be read"),
        ({"OO_NATS_CREDS": "here", "OO_NATS_USER": "ada"}, "unset one of them"),
        ({"OO_NATS_USER": "ada"}, "OO_NATS_USER is set without OO_NATS_PASSWORD"),
        ({"OO_NATS_PASSWORD": "secret"}, "OO_NATS_PASSWORD is set without OO_NATS_USER"),
        ({"OO_NATS_KEY": "here"}, "OO_NATS_KEY is set without OO_NATS_CERT"),
        ({"OO_NATS_CA": "missing.pem"}, "OO_NATS_CA='missing.pem' cannot be read"),
        ({"OO_NATS_CA": "here"}, "holds no certificate"),
        ({"OO_NATS_CREDS": "here"}, "is no credentials file"),
        ({"OO_NATS_CERT": "here"}, "no certificate with its key"),
    ],
)
def test_variables_that_make_no_sense_are_refused(
    tmp_path: Path, variables: dict[str, str], told: str
) -> None:
    """The error names the variable, and never a password."""
    (tmp_path / "here").write_text("nothing of the kind", encoding="utf-8")
    with pytest.raises(SettingsError, match=told) as caught:
        NatsLogin.load(variables, tmp_path).options("nats://localhost")
    assert "secret" not in str(caught.value)
