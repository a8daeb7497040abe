"""Ports of this machine: a free one, whether one is busy, and who holds it."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class PortHolder:
    """The process that listens on a port.

    Attributes:
        pid: Its process id.
        command: Its command line, shortened to 200 characters.
    """

    pid: int
    command: str

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.command})"


def free_port() -> int:
    """Return a loopback port that is free at this moment.

    Somebody may take it before the caller does: who binds it must be ready to ask again.
    """
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_busy(host: str, port: int) -> bool:
    """Say whether somebody listens on a port of a host of this machine.

    A name with several addresses (`localhost`) counts as busy when any of them is: a client
    would reach whoever listens on the first.
    """
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return not _can_bind(port)
    return True


def holder_of(port: int) -> PortHolder | None:
    """Return who listens on a port, or None when this user may not see it."""
    for pid in _listeners(port):
        try:
            process = psutil.Process(pid)
            command = " ".join(process.cmdline()) or process.name()
        except psutil.Error:
            continue
        return PortHolder(pid, command[:200])
    return None


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free, one with a listener is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _listeners(port: int) -> list[int]:
    try:
        found = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS shows the whole machine to root only
        return _own_listeners(port)
    return [c.pid for c in found if c.pid and c.status == "LISTEN" and c.laddr.port == port]


def _own_listeners(port: int) -> list[int]:
    pids = []
    for process in psutil.process_iter():
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue
        if any(c.status == "LISTEN" and c.laddr.port == port for c in connections):
            pids.append(process.pid)
    return pids
