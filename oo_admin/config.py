"""The settings of the pages.

| variable                | default                   |                                        |
|-------------------------|---------------------------|----------------------------------------|
| `OO_ADMIN_DB`           | `data/admin.db`           | accounts, sessions, jobs, audit log    |
| `OO_ADMIN_ADDRESS`      | `127.0.0.1`               | where to listen                        |
| `OO_ADMIN_PORT`         | `8765`                    | 0: a free port, which is printed       |
| `OO_ADMIN_HOSTS`        | this machine's own names  | host names that requests may carry     |
| `OO_ADMIN_HTTPS`        |                           | `1`: browsers come by https            |
| `OO_ADMIN_PROXY`        |                           | address of a proxy that tells who asks |
| `OO_ADMIN_PROXY_HEADER` | `X-Forwarded-User`        | the header in which it tells           |
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from oo_profile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_profile.settings import Settings

DEFAULT_ADDRESS = "127.0.0.1"
DEFAULT_PORT = 8765
DEFAULT_HEADER = "X-Forwarded-User"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_PORTS = range(1 << 16)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class AdminConfig:
    """How the pages are served.

    Attributes:
        db: The file with accounts, sessions, jobs and audit log.
        address: Where to listen.
        port: On which port; 0: a free one.
        hosts: Host names, without ports, that a request may be addressed to.
        https: Whether browsers come by TLS, which ends before this process.
        proxy: The address from which `proxy_header` is believed; None: from nowhere.
        proxy_header: The header that names the account.
    """

    db: Path
    address: str = DEFAULT_ADDRESS
    port: int = DEFAULT_PORT
    hosts: tuple[str, ...] = LOOPBACK_NAMES
    https: bool = False
    proxy: str | None = None
    proxy_header: str = DEFAULT_HEADER

    def __post_init__(self) -> None:
        """Refuse what would not work, or be unsafe in silence.

        Raises:
            SettingsError: A value makes no sense.
        """
        if self.port not in _PORTS:
            raise SettingsError(f"OO_ADMIN_PORT={self.port}: a port is 0 to {_PORTS[-1]}")
        if not _HEADER.fullmatch(self.proxy_header):
            raise SettingsError(
                f"OO_ADMIN_PROXY_HEADER={self.proxy_header!r} is no name of a header: letters, "
                f"digits and '-', like {DEFAULT_HEADER}"
            )
        if self.proxy is not None:
            _check_address("OO_ADMIN_PROXY", self.proxy)

    @classmethod
    def load(cls, environ: Mapping[str, str], settings: Settings) -> Self:
        """Read the settings; relative paths start at the project's folder.

        Raises:
            SettingsError: A value makes no sense.
        """
        address = environ.get("OO_ADMIN_ADDRESS") or DEFAULT_ADDRESS
        named = [name for name in environ.get("OO_ADMIN_HOSTS", "").split(",") if name.strip()]
        return cls(
            db=admin_db(environ, settings),
            address=address,
            port=_port(environ.get("OO_ADMIN_PORT") or str(DEFAULT_PORT)),
            hosts=tuple(dict.fromkeys((*LOOPBACK_NAMES, address, *map(str.strip, named)))),
            https=environ.get("OO_ADMIN_HTTPS") == "1",
            proxy=environ.get("OO_ADMIN_PROXY") or None,
            proxy_header=environ.get("OO_ADMIN_PROXY_HEADER") or DEFAULT_HEADER,
        )


def admin_db(environ: Mapping[str, str], settings: Settings) -> Path:
    """Return the file with accounts, sessions, jobs and audit log; it may not exist yet."""
    given = environ.get("OO_ADMIN_DB")
    return settings.project / Path(given).expanduser() if given else settings.data / "admin.db"


def _port(text: str) -> int:
    if not text.isdecimal():
        raise SettingsError(f"OO_ADMIN_PORT={text!r} is no port: a number from 0 to {_PORTS[-1]}")
    return int(text)


def _check_address(variable: str, text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise SettingsError(
            f"{variable}={text!r} is no IP address: write the one that the proxy connects from"
        ) from error
