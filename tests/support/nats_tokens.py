"""A NATS whose users log in with credentials files, and such files."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

import nkeys

from oo_profile.development.servers import NatsServer

if TYPE_CHECKING:
    from pathlib import Path

_NEVER = 0


class Issuer:
    """A key that signs tokens; `kind` is one of the prefixes of nkeys."""

    def __init__(self, kind: int) -> None:
        self.seed = nkeys.encode_seed(os.urandom(32), kind)
        self._pair = nkeys.from_seed(bytearray(self.seed))
        self.public = self._pair.public_key.decode()

    def token(self, subject: str, expires_at: int = _NEVER, **claims: object) -> str:
        """Sign a token about the holder of a key."""
        header = {"typ": "JWT", "alg": "ed25519-nkey"}
        content = {"jti": "1", "iat": 1, "iss": self.public, "sub": subject, "nats": claims}
        if expires_at:
            content["exp"] = expires_at
        signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, content))
        return b".".join((signed, _encoded(self._pair.sign(signed)))).decode()


class TokenNats(NatsServer):
    """A NATS that trusts one operator, with one account.

    Args:
        folder: Its files.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._operator = Issuer(nkeys.PREFIX_BYTE_OPERATOR)
        self._account = Issuer(nkeys.PREFIX_BYTE_ACCOUNT)
        self._system = Issuer(nkeys.PREFIX_BYTE_ACCOUNT)

    def credentials(self, path: Path, expires_at: int = _NEVER) -> Path:
        """Write the credentials file of a new user; `expires_at` in Unix seconds."""
        user = Issuer(nkeys.PREFIX_BYTE_USER)
        unlimited = dict.fromkeys(("subs", "data", "payload"), -1)
        token = self._account.token(
            user.public, expires_at, type="user", version=2, pub={}, sub={}, **unlimited
        )
        path.write_text(
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n"
            "------END USER NKEY SEED------\n",
            encoding="utf-8",
        )
        return path

    def _config(self) -> str:
        names = ("subs", "conn", "leaf", "imports", "exports", "data", "payload")
        limits = dict.fromkeys(names, -1) | {"wildcards": True}
        operator = self._operator.token(self._operator.public, type="operator", version=2)
        accounts = "".join(
            f"  {each.public}: "
            f"{self._operator.token(each.public, type='account', version=2, limits=limits)}\n"
            for each in (self._account, self._system)
        )
        return (
            f"{super()._config()}operator: {operator}\nsystem_account: {self._system.public}\n"
            f"resolver: MEMORY\nresolver_preload {{\n{accounts}}}\n"
        )


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
