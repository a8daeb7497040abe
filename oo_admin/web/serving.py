"""Serving the application on a socket."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

from oo_admin.errors import ListenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from oo_admin.config import AdminConfig

_BACKLOG = 128


@contextlib.contextmanager
def listening(config: AdminConfig) -> Iterator[socket.socket]:
    """Listen at the configured address; closed on leaving the context.

    Raises:
        ListenError: Nobody can listen there.
    """
    try:
        family = socket.AF_INET6 if ":" in config.address else socket.AF_INET
        listener = socket.create_server(
            (config.address, config.port), family=family, backlog=_BACKLOG
        )
    except OSError as error:
        raise ListenError(config.address, config.port, str(error)) from error
    with listener:
        yield listener


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C, and let answers under way end.

    Who the peer is comes from the connection alone: no header of a proxy changes it.
    """
    config = uvicorn.Config(
        app, log_level="warning", proxy_headers=False, server_header=False, access_log=False
    )
    uvicorn.Server(config).run(sockets=[listener])
