"""The settings of the `oo` command and the builder, the same that Feast comes to.

| variable      | key in `feature_store.yaml`       | default                                  |
|---------------|-----------------------------------|------------------------------------------|
| `OO_REPO`     |                                   | nearest `feature_repo/` upward           |
| `OO_DB`       | `offline_store: path`             | `data/oo.db` beside `feature_repo/`      |
| `OO_REGISTRY` | `registry: path`                  | `data/registry.db` beside it             |
| `OO_REDIS`    | `online_store: connection_string` | `localhost:6379`                         |
| `OO_NATS`     |                                   | `nats://localhost:4222`                  |

Environment beats yaml beats default. Feast reads the yaml by itself, so a variable works there only
where the yaml names it, as in `path: ${OO_DB:-../data/oo.db}`. Where it is set and the yaml says
something else without naming it, Feast and this command would work on two different places: that
is refused. A relative path, from the yaml or a variable it names, starts at the yaml's folder: it
is the same file from every working directory.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias
from urllib.parse import urlsplit

import yaml

from oo_profile.errors import RepoNotFoundError, SettingsError
from oo_profile.nats_login import NatsLogin
from oo_stores.settings import resolve, resolve_path

if TYPE_CHECKING:
    from collections.abc import Mapping

REPO_FOLDER = "feature_repo"
YAML_FILE = "feature_store.yaml"
DEFAULT_DB = "../data/oo.db"
DEFAULT_REGISTRY = "../data/registry.db"
DEFAULT_REDIS = "localhost:6379"
DEFAULT_NATS = "nats://localhost:4222"
_NATS_SCHEMES = ("nats", "tls", "ws", "wss")
_NATS_PORT = 4222

Endpoint: TypeAlias = tuple[str, int]
"""A host and a port."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is.

    Attributes:
        repo: The folder of `feature_store.yaml`.
        db: The SQLite file with the history.
        registry: Feast's registry file.
        redis: Feast's connection string of Redis: "host:port", then ",name=value" options.
        nats: The URL of NATS.
        nats_login: How to log in there.
    """

    repo: Path
    db: Path
    registry: Path
    redis: str
    nats: str
    nats_login: NatsLogin = field(default_factory=NatsLogin)

    def __post_init__(self) -> None:
        """Refuse addresses nobody can connect to.

        Raises:
            SettingsError: `redis` or `nats` is no address.
        """
        redis_endpoint(self.redis)
        nats_endpoint(self.nats)

    @classmethod
    def load(cls, environ: Mapping[str, str], cwd: Path) -> Self:
        """Read the settings as seen from a working directory.

        Raises:
            RepoNotFoundError: No `feature_repo/` from there upward, and no `OO_REPO`.
            SettingsError: The yaml is missing or no yaml, or a value makes no sense.
        """
        repo = find_repo(environ, cwd)
        values = _Yaml(repo / YAML_FILE, environ)
        return cls(
            repo=repo,
            db=values.path("offline_store", "path", "OO_DB", DEFAULT_DB),
            registry=values.path("registry", "path", "OO_REGISTRY", DEFAULT_REGISTRY),
            redis=values.text("online_store", "connection_string", "OO_REDIS", DEFAULT_REDIS),
            nats=nats_url(environ),
            nats_login=NatsLogin.load(environ, cwd),
        )

    @property
    def project(self) -> Path:
        """The folder that holds `feature_repo/`."""
        return self.repo.parent

    @property
    def data(self) -> Path:
        """The project's data folder; may not exist yet."""
        return self.project / "data"


def current_settings() -> Settings:
    """Return the settings of this process, for entry points.

    Raises:
        SettingsError: As `Settings.load`.
    """
    return Settings.load(os.environ, Path.cwd())


def find_repo(environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the folder of the feature definitions.

    Raises:
        RepoNotFoundError: No `feature_repo/` from `cwd` upward, and no `OO_REPO`.
        SettingsError: `OO_REPO` is no folder.
    """
    if given := environ.get("OO_REPO"):
        repo = (cwd / Path(given).expanduser()).resolve()
        if not repo.is_dir():
            message = f"OO_REPO={given!r} is no folder: set it to the path of a feature_repo/"
            raise SettingsError(message)
        return repo
    start = cwd.resolve()
    for folder in (start, *start.parents):
        if (repo := folder / REPO_FOLDER).is_dir():
            return repo
    raise RepoNotFoundError(start)


def nats_url(environ: Mapping[str, str]) -> str:
    """Return the URL of NATS; needs no `feature_repo/`.

    Raises:
        SettingsError: `OO_NATS` is no URL of a NATS.
    """
    url = environ.get("OO_NATS") or DEFAULT_NATS
    nats_endpoint(url)
    return url


def nats_endpoint(url: str) -> Endpoint:
    """Return host and port of a NATS URL.

    >>> nats_endpoint("nats://localhost")
    ('localhost', 4222)

    Raises:
        SettingsError: It is no such URL.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port or _NATS_PORT
    except ValueError:  # brackets that do not match, a port that is no number
        scheme, host, port = "", None, 0
    if host is None or scheme not in _NATS_SCHEMES:
        message = (
            f"OO_NATS={_without_password(url)!r} is no address of a NATS: write it like "
            f"{DEFAULT_NATS}"
        )
        raise SettingsError(message)
    return host, port


def redis_endpoint(connection_string: str) -> Endpoint:
    """Return host and port of the first node of Feast's connection string.

    >>> redis_endpoint("localhost:6379,db=1,ssl=true")
    ('localhost', 6379)

    Raises:
        SettingsError: It names no node.
    """
    nodes = [part for part in connection_string.split(",") if "=" not in part]
    host, _, port = nodes[0].rpartition(":") if nodes else ("", "", "")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        message = (
            f"the address of Redis {','.join(nodes)!r} (OO_REDIS, or connection_string in "
            f"{YAML_FILE}) is none: write host:port like {DEFAULT_REDIS}, options after it as "
            "in localhost:6379,db=1"
        )
        raise SettingsError(message)
    return host, int(port)


def _without_password(address: str) -> str:
    """Return an address as a message may show it.

    >>> _without_password("nats://ada:secret@host")
    'nats://host'
    >>> _without_password("host:1,password=secret,db=1")
    'host:1,password=***,db=1'
    """
    return re.sub(r"(password=)[^,]*", r"\1***", re.sub(r"//[^/]*@", "//", address))


class _Yaml:
    """The values of a `feature_store.yaml`, resolved against an environment."""

    def __init__(self, file: Path, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ
        self._content = _read(file)

    def text(self, section: str, key: str, variable: str, default: str) -> str:
        """Return a setting by environment, then yaml, then default."""
        content = self._content.get(section)
        # `registry: PATH` is Feast's short form of `registry: {path: PATH}`.
        raw = content.get(key) if isinstance(content, dict) else None
        if section == "registry" and isinstance(content, str):
            raw = content
        value = resolve(str(raw or ""), default=default, environ=self._environ)
        given = self._environ.get(variable)
        if given and given != value and f"${{{variable}" not in str(raw):
            shown = _without_password(value)
            message = (
                f"{variable}={_without_password(given)!r} is set, but Feast would use {shown!r}: "
                f"{self._file} does not name the variable. Write `{key}: ${{{variable}:-{shown}}}` "
                f"below `{section}:` there, or unset {variable}"
            )
            raise SettingsError(message)
        return value

    def path(self, section: str, key: str, variable: str, default: str) -> Path:
        """Return a file; a relative path starts at the yaml's folder."""
        value = self.text(section, key, variable, default)
        return resolve_path(value, folder=self._file.parent)


def _read(file: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"cannot read {file}: {error}. It holds Feast's configuration of the project"
        raise SettingsError(message) from error
    if not isinstance(content, dict):
        message = f"{file} holds no settings but {type(content).__name__}: it must be a mapping"
        raise SettingsError(message)
    return content
