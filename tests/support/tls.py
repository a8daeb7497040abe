"""Certificates of our own, and TLS in front of a server that speaks none itself."""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import trustme

from oo_profile.development.ports import LOOPBACK

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from pathlib import Path

READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM form.

    Attributes:
        ca: The certificate authority's own certificate.
        server: Of a server on the loopback address, with its key behind it.
        client: Of a client, likewise.
    """

    ca: Path
    server: Path
    client: Path

    @classmethod
    def issue(cls, folder: Path) -> Self:
        """Make an authority, and certificates of a server and a client by it."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "client.pem")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(made.ca)
        for path, name in ((made.server, LOOPBACK), (made.client, "client@example.org")):
            authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(path)
        return made


class TlsFront:
    """A listener that speaks TLS to whoever comes, and plainly to the server behind it.

    Args:
        port: Of the server behind it, on the loopback address.
        certificates: The server's is shown.
        client_needed: Whether a client without a certificate of the authority is refused.

    Attributes:
        behind: As given.
        port: Where it listens.
    """

    def __init__(self, port: int, certificates: Certificates, *, client_needed: bool) -> None:
        self.behind, self.port = port, 0
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificates.server)
        if client_needed:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(certificates.ca)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        """Where it listens, "host:port"."""
        return f"{LOOPBACK}:{self.port}"

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._join, LOOPBACK, 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._stop.wait()
        server.close()
        joined = asyncio.all_tasks() - {asyncio.current_task()}
        for task in joined:
            task.cancel()
        await asyncio.gather(*joined, return_exceptions=True)

    async def _join(self, reader: StreamReader, writer: StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(LOOPBACK, self.behind)
        try:
            await asyncio.gather(_pass(reader, behind_writer), _pass(behind_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # whoever is left sees that his connection ends
        finally:
            for each in (writer, behind_writer):
                each.transport.abort()


async def _pass(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(READ_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()
