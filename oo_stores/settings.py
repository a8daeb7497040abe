"""Settings in `feature_store.yaml` that the environment may override.

Feast expands `${NAME}` in the yaml, knows no fallback, and leaves the text as it is where the
variable is not set. So a value is written the way a shell writes it, and resolved by the config
classes of this package, always in the order environment, yaml, default:

| in the yaml                 | `NAME` set   | `NAME` not set or empty      |
|-----------------------------|--------------|------------------------------|
| `path: ${NAME}`             | its value    | the config class's default   |
| `path: ${NAME:-data/x.db}`  | its value    | `data/x.db`                  |
| `path: data/x.db`           | `data/x.db`  | `data/x.db`                  |
| no `path`                   | the default  | the config class's default   |

Feast does not touch the second form, since it takes all of it for a name. The yaml names the
variable, so nothing here knows any variable's name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<fallback>[^}]*))?\}")


def resolve(value: str | None, *, default: str, environ: Mapping[str, str] | None = None) -> str:
    """Return a setting's value: from the environment, else from the yaml, else the default.

    Args:
        value: What the yaml holds, after Feast's own expansion; may hold `${NAME}` and
            `${NAME:-fallback}` anywhere.
        default: The answer where the value comes to nothing (None or empty text).
        environ: The environment; `os.environ` if not given.

    Returns:
        The value with every reference replaced; an unset or empty variable counts as not set.

    >>> resolve("${DB:-data/x.db}", default="y.db", environ={"DB": "/srv/z.db"})
    '/srv/z.db'
    >>> resolve("${DB:-data/x.db}", default="y.db", environ={})
    'data/x.db'
    >>> resolve("${DB}", default="y.db", environ={})
    'y.db'
    """
    variables = os.environ if environ is None else environ

    def replacement(match: re.Match[str]) -> str:
        return variables.get(match["name"]) or match["fallback"] or ""

    return _REFERENCE.sub(replacement, value or "") or default


def resolve_optional(value: str | None, *, environ: Mapping[str, str] | None = None) -> str | None:
    """Return a setting's value as `resolve` does, or None where it comes to nothing.

    >>> resolve_optional("${CLOCK}", environ={}) is None
    True
    """
    return resolve(value, default="", environ=environ) or None


def resolve_path(path: str, *, folder: str | Path | None) -> Path:
    """Return where a file is: a relative path is taken from the yaml's folder.

    The same file has one name, whichever way a setting says it: without `..` and links.

    Args:
        path: The resolved setting.
        folder: The folder of `feature_store.yaml` (`RepoConfig.repo_path`); the working
            directory if None.

    >>> resolve_path("data/x.db", folder="/srv/repo").as_posix()
    '/srv/repo/data/x.db'
    """
    return (Path(folder or Path.cwd()) / Path(path).expanduser()).resolve()
