"""The NATS of docs/nats-server.conf, with its users and with certificates of our own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from support.tls import Certificates

from oo_profile.development.servers import NatsServer
from oo_profile.nats_login import NatsLogin

if TYPE_CHECKING:
    import pytest

SAMPLE = Path(__file__).parents[2] / "docs" / "nats-server.conf"
PASSWORDS = {"producer": "publish-only", "builder": "fold-it", "keeper": "keys-of-the-house"}


class SecuredNats(NatsServer):
    """The sample configuration on a free port; only places and certificates are changed.

    Args:
        folder: Its files.
        client_needed: Whether a client must show a certificate.

    Attributes:
        certificates: The server's, a client's, and the authority of both.
    """

    def __init__(self, folder: Path, *, client_needed: bool = False) -> None:
        super().__init__(folder)
        self.certificates = Certificates.issue(folder / "certificates")
        self._client_needed = client_needed

    @property
    def secure_url(self) -> str:
        """Its URL, as one who insists on TLS writes it."""
        return self.url.replace("nats://", "tls://")

    def login(self, user: str, password: str | None = None) -> NatsLogin:
        """Return the login of one of its users."""
        return NatsLogin(user=user, password=password or PASSWORDS[user], ca=self.certificates.ca)

    def set_environment(self, environment: pytest.MonkeyPatch, user: str) -> None:
        """Set the variables with which commands log in as one of its users."""
        environment.setenv("OO_NATS", self.secure_url)
        environment.setenv("OO_NATS_USER", user)
        environment.setenv("OO_NATS_PASSWORD", PASSWORDS[user])
        environment.setenv("OO_NATS_CA", str(self.certificates.ca))

    def _config(self) -> str:
        text = SAMPLE.read_text(encoding="utf-8")
        changes = {
            r"^server_name: .*": f"server_name: {self._server_name}\nhost: {self.host}",
            r"^port: .*": f"port: {self.port}",
            r"store_dir: .*": f'store_dir: "{self.folder}"',
            r"cert_file: .*": f'cert_file: "{self.certificates.server}"',
            r"key_file: .*": f'key_file: "{self.certificates.server}"',
        }
        if self._client_needed:
            changes[r"# ca_file: .*"] = f'ca_file: "{self.certificates.ca}"'
            changes[r"# verify: true"] = "verify: true"
        for user, password in PASSWORDS.items():
            changes[rf"\$OO_{user.upper()}_PASSWORD,"] = f'"{password}",'
        for pattern, new in changes.items():
            text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
            assert count == 1, pattern
        return text
