"""How to log in to NATS, from the environment: nothing of it stands in a file of the project.

| variable           | what it is                                                            |
|--------------------|-----------------------------------------------------------------------|
| `OO_NATS_CREDS`    | a credentials file, as `nsc` makes it: token and key of a user        |
| `OO_NATS_USER`     | a user name, with `OO_NATS_PASSWORD`; instead of a file               |
| `OO_NATS_CA`       | PEM file of the authority whose certificates are trusted              |
| `OO_NATS_CERT`     | PEM file with our own certificate, if the server asks for one         |
| `OO_NATS_KEY`      | PEM file with its key, if that is not in the same file                |

With an address that begins with `tls://`, an authority or a certificate, nothing is said to a
server that does not speak TLS.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from oo_profile.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TLS_SCHEMES = ("tls://", "wss://")


@dataclass(frozen=True, slots=True)
class NatsLogin:
    """Who we are to NATS, and whom we trust; by default nobody in particular.

    Attributes:
        credentials: A credentials file.
        user: A user name.
        password: Its password; in no message and no log.
        ca: File of the authority that is trusted; None: those of the system.
        certificate: File with our certificate.
        key: File with its key; None: it is in the same file.
    """

    credentials: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def load(cls, environ: Mapping[str, str], cwd: Path) -> Self:
        """Read the environment; relative paths start at the working directory.

        Raises:
            SettingsError: A file is not there, or variables contradict each other.
        """
        if environ.get("OO_NATS_CREDS") and environ.get("OO_NATS_USER"):
            raise SettingsError(
                "OO_NATS_CREDS and OO_NATS_USER are both set, and a login is one or the other: "
                "unset one of them"
            )
        _require(environ, "OO_NATS_PASSWORD", "OO_NATS_USER")
        _require(environ, "OO_NATS_USER", "OO_NATS_PASSWORD")
        _require(environ, "OO_NATS_KEY", "OO_NATS_CERT")
        return cls(
            credentials=_file(environ, "OO_NATS_CREDS", cwd),
            user=environ.get("OO_NATS_USER") or None,
            password=environ.get("OO_NATS_PASSWORD") or None,
            ca=_file(environ, "OO_NATS_CA", cwd),
            certificate=_file(environ, "OO_NATS_CERT", cwd),
            key=_file(environ, "OO_NATS_KEY", cwd),
        )

    def needs_tls(self, url: str) -> bool:
        """Say whether to talk to nobody who does not speak TLS."""
        return url.startswith(_TLS_SCHEMES) or bool(self.ca or self.certificate)

    def options(self, url: str) -> dict[str, Any]:
        """Return the options for `nats.connect`.

        Raises:
            SettingsError: A file is none of its kind.
        """
        options: dict[str, Any] = {}
        if self.credentials:
            _check_credentials(self.credentials)
            options["user_credentials"] = str(self.credentials)
        if self.user:
            options |= {"user": self.user, "password": self.password}
        if self.needs_tls(url):
            options["tls"] = self._context()
        return options

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"OO_NATS_CA={str(self.ca)!r} holds no certificate ({error}): name the PEM file of "
                "the authority that issued the server's"
            ) from error
        if self.certificate:
            try:
                # Without a password of its own OpenSSL would ask for one on the terminal.
                context.load_cert_chain(self.certificate, self.key, password="")
            except (OSError, ssl.SSLError, ValueError) as error:
                raise SettingsError(
                    f"OO_NATS_CERT={str(self.certificate)!r} with OO_NATS_KEY={str(self.key)!r} is "
                    f"no certificate with its key ({error}): name PEM files that belong together, "
                    "the key without a passphrase"
                ) from error
        return context


def _require(environ: Mapping[str, str], given: str, needed: str) -> None:
    if environ.get(given) and not environ.get(needed):
        raise SettingsError(f"{given} is set without {needed}: set both or neither")


def _file(environ: Mapping[str, str], variable: str, cwd: Path) -> Path | None:
    given = environ.get(variable)
    if not given:
        return None
    path = cwd / Path(given).expanduser()
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise SettingsError(
            f"{variable}={given!r} cannot be read ({error.strerror}): name a file that this user "
            "may read"
        ) from error


def _check_credentials(path: Path) -> None:
    content = path.read_bytes()
    if b"BEGIN NATS USER JWT" not in content or b"BEGIN USER NKEY SEED" not in content:
        raise SettingsError(
            f"OO_NATS_CREDS={str(path)!r} is no credentials file: it must hold a user's token and "
            "key, as `nsc generate creds` writes them"
        )
