"""Redis behind TLS: the certificates are checked, and what fails is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support.redis_repo import Project, make_project
from support.tls import Certificates, TlsFront

from oo_profile.development.ports import LOOPBACK
from oo_stores.errors import OnlineServerError, ServerUnavailableError
from oo_stores.redis import OnlineRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """Give certificates of one authority."""
    return Certificates.issue(tmp_path / "own")


@pytest.fixture
def front(redis_address: str, certificates: Certificates) -> Iterator[TlsFront]:
    """Give a Redis that answers over TLS alone, and only to clients with a certificate."""
    port = int(redis_address.split(":")[1])
    with TlsFront(port, certificates, client_needed=True) as front:
        yield front


def options(ca: Path, client: Path) -> str:
    """Return the options of a connection string."""
    return f"ssl=true,ssl_ca_certs={ca},ssl_certfile={client},ssl_keyfile={client}"


def project_of(folder: Path, front: TlsFront, given: str) -> Project:
    """Return a project that connects so."""
    plain = f"{LOOPBACK}:{front.behind}"
    return make_project(folder / "repo", plain, connection_string=f"{front.address},{given}")


def write(project: Project) -> None:
    """Write a mood, as a builder does."""
    row = OnlineRow({"user_id": "u"}, {"joy": 0.5}, 1, 1)
    project.online.write_rows(project.config, project.view("mood"), [row])


def test_reads_and_writes_go_over_tls(
    tmp_path: Path, front: TlsFront, certificates: Certificates
) -> None:
    """With the authority and a client's certificate all is as without TLS, in both twins."""
    project = project_of(tmp_path, front, options(certificates.ca, certificates.client))
    write(project)
    assert project.read("mood", {"user_id": "u"})["joy"] == 0.5

    async def read() -> object:
        rows = [{"user_id": "u"}]
        answer = await project.feast.get_online_features_async(["mood:joy"], rows)
        await project.feast.close()
        return answer.to_dict()["joy"]

    assert asyncio.run(read()) == [0.5]


def test_a_server_of_another_authority_is_refused(
    tmp_path: Path, front: TlsFront, certificates: Certificates
) -> None:
    """A certificate that the given authority has not signed ends the connection by name."""
    other = Certificates.issue(tmp_path / "other")
    project = project_of(tmp_path, front, options(other.ca, certificates.client))
    with pytest.raises(ServerUnavailableError, match=f"{front.address}.*[Cc]ertificate"):
        write(project)


def test_a_client_of_another_authority_is_refused(
    tmp_path: Path, front: TlsFront, certificates: Certificates
) -> None:
    """So does a client's certificate that the server does not know."""
    other = Certificates.issue(tmp_path / "other")
    project = project_of(tmp_path, front, options(certificates.ca, other.client))
    with pytest.raises(OnlineServerError, match=front.address):
        write(project)


def test_a_client_without_tls_is_told(tmp_path: Path, front: TlsFront) -> None:
    """Plain words to a server that speaks TLS are an error that names it, not a wait."""
    project = project_of(tmp_path, front, "db=0")
    with pytest.raises(OnlineServerError, match=front.address):
        write(project)
