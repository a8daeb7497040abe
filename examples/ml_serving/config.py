"""The settings of the service.

| variable               | default                   |                                  |
|------------------------|---------------------------|----------------------------------|
| `OO_SERVING_REPO`      | the folder of this module | where `feature_store.yaml` is    |
| `OO_SERVING_SPOOL`     | `data/spool`              | signals that wait for NATS       |
| `OO_SERVING_SPOOL_MB`  | `256`                     | how much it may hold             |
| `OO_SERVING_SPOOL_DAYS`| `7`                       | and for how long                 |
| `OO_SERVING_READ_MS`   | `400`                     | how long Redis may take          |
| `OO_SERVING_ACK_MS`    | `500`                     | how long NATS may take           |
| `OO_NATS`              | `nats://localhost:4222`   | where NATS is                    |
| `OO_NATS_CREDS`        |                           | a credentials file to log in     |
| `OO_NATS_USER`         |                           | a user, with `OO_NATS_PASSWORD`  |
| `OO_NATS_CA`           | the system's authorities  | PEM file: whom to trust over TLS |

`OO_REDIS`, `OO_SERVING_REDIS_SECONDS` (how long one step of a read may take), `OO_REGISTRY` and
`OO_TTL_CLOCK` are read by `feature_store.yaml`. Relative paths start
at the working directory, but for those in the yaml, which start at its folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ml_serving.errors import ConfigError
from ml_serving.spool import MEBIBYTE, SpoolConfig
from ml_serving.stream import StreamConfig
from oo_bandit import Rollout
from oo_transforms.policies import BANDIT_V1, BANDIT_V2

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE: Final = Path(__file__).resolve().parent
FIRST_ROLLOUT: Final = Rollout(live=BANDIT_V1.service, new=BANDIT_V2.service)
"""What holds until a rollout was ever read: the old policy acts, the new one is in its shadow."""


@dataclass(frozen=True, slots=True)
class ServingConfig:
    """How the service runs.

    Attributes:
        repo: The folder with its `feature_store.yaml`.
        spool: Where signals wait.
        stream: Where they go.
        read_time_out: How long the online store may take for one request.
        look_every: How often the registry and the stage of the rollout are looked at.
        rollout: What holds until one was read.
    """

    repo: Path
    spool: SpoolConfig
    stream: StreamConfig
    read_time_out: timedelta = timedelta(milliseconds=400)
    look_every: timedelta = timedelta(seconds=1)
    rollout: Rollout = FIRST_ROLLOUT

    @classmethod
    def load(cls, environ: Mapping[str, str], cwd: Path) -> Self:
        """Read the settings.

        Raises:
            ConfigError: A value makes no sense.
        """
        password = environ.get("OO_NATS_PASSWORD") or None
        user = environ.get("OO_NATS_USER") or None
        if (user is None) != (password is None):
            raise ConfigError("OO_NATS_USER and OO_NATS_PASSWORD belong together: set both or none")
        return cls(
            repo=_path(environ, "OO_SERVING_REPO", cwd) or HERE,
            spool=SpoolConfig(
                folder=_path(environ, "OO_SERVING_SPOOL", cwd) or cwd / "data" / "spool",
                max_bytes=int(_number(environ, "OO_SERVING_SPOOL_MB", 256) * MEBIBYTE),
                max_age=timedelta(days=_number(environ, "OO_SERVING_SPOOL_DAYS", 7)),
            ),
            stream=StreamConfig(
                url=environ.get("OO_NATS") or StreamConfig().url,
                credentials=_path(environ, "OO_NATS_CREDS", cwd),
                user=user,
                password=password,
                ca=_path(environ, "OO_NATS_CA", cwd),
                ack_wait=timedelta(milliseconds=_number(environ, "OO_SERVING_ACK_MS", 500)),
            ),
            read_time_out=timedelta(milliseconds=_number(environ, "OO_SERVING_READ_MS", 400)),
        )


def _path(environ: Mapping[str, str], variable: str, cwd: Path) -> Path | None:
    given = environ.get(variable)
    return cwd / Path(given).expanduser() if given else None


def _number(environ: Mapping[str, str], variable: str, default: float) -> float:
    given = environ.get(variable)
    if not given:
        return default
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigError(f"{variable}={given!r}: it must be a number above 0, like {default:g}")
    return number
