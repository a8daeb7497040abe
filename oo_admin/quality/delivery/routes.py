"""Who is told of what: the owners of the features that an alert affects, and where they are.

A file of YAML, `data/alerts.yaml` unless `OO_ALERTS` says otherwise:

    routes:
      "*": [webhook, nats]                       # of everything
      profiles@oo.example: ["mailto://..."]      # of what affects this owner's features
    webhook: {url: "https://...", secret_variable: OO_ALERT_SECRET}

An address is `webhook`, `nats`, or a URL of Apprise (mail, Slack and a hundred more).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import yaml

from oo_admin.errors import RoutesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NATS: Final = "nats"
WEBHOOK: Final = "webhook"
EVERYBODY: Final = "*"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where signed notices are posted.

    Attributes:
        url: An address of HTTP or HTTPS.
        secret: What they are signed with.
    """

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Routes:
    """Where notices go.

    Attributes:
        addresses: By owner, and by `*` for everybody.
        webhook: The webhook; None: there is none.
    """

    addresses: Mapping[str, tuple[str, ...]]
    webhook: Webhook | None = None

    def of(self, owners: Iterable[str]) -> tuple[str, ...]:
        """List the addresses for these owners, each once."""
        wanted = [*self.addresses.get(EVERYBODY, ())]
        for owner in owners:
            wanted += self.addresses.get(owner, ())
        return tuple(dict.fromkeys(wanted))


DEFAULT: Final = Routes({EVERYBODY: (NATS,)})
"""Without a file: the subject `alerts.quality` alone."""


def load_routes(path: Path, environ: Mapping[str, str]) -> Routes:
    """Read the routes; those by default if there is no file.

    Raises:
        RoutesError: The file is not as described, or the secret is not in the environment.
    """
    if not path.exists():
        return DEFAULT
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RoutesError(path, str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("routes"), dict):
        raise RoutesError(path, "it has no mapping `routes`, of owners to lists of addresses")
    addresses = {}
    for owner, given in content["routes"].items():
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise RoutesError(path, f"the addresses of {owner!r} are no list of texts")
        addresses[str(owner)] = tuple(given)
    webhook = _webhook(path, content.get("webhook"), environ)
    if webhook is None and any(WEBHOOK in given for given in addresses.values()):
        raise RoutesError(path, "a route says webhook, and no `webhook` is given")
    return Routes(addresses, webhook)


def _webhook(path: Path, given: object, environ: Mapping[str, str]) -> Webhook | None:
    if given is None:
        return None
    if not isinstance(given, dict) or not str(given.get("url", "")).startswith(
        ("http://", "https://")
    ):
        raise RoutesError(path, "`webhook` needs a `url` of HTTP or HTTPS")
    variable = str(given.get("secret_variable", ""))
    secret = environ.get(variable, "")
    if not secret:
        raise RoutesError(
            path, f"the secret of the webhook is not in the environment variable {variable!r}"
        )
    return Webhook(str(given["url"]), secret)
