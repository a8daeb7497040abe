"""`oo bandit export`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from oo_profile.errors import UnknownNameError
from oo_profile.reports.words import counted
from oo_profile.settings import current_settings


@click.command(short_help="Write what a policy has learned about every user.")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--service", default="bandit_v2", show_default=True, metavar="NAME", help="Of which policy."
)
def export(*, path: Path, service: str) -> None:
    """Write what a policy has learned about every user, for `oo bandit import` or another bandit.

    FILE is JSON lines (.jsonl, .jsonl.gz) or one .npz, readable by its owner alone, and appears
    when it is complete. Where to is remembered, and told when somebody is forgotten. The builder
    may run meanwhile.

    \b
    Example:
      oo bandit export learned.jsonl --service bandit_v1
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from tqdm import tqdm  # noqa: PLC0415 - as --help

    from oo_profile.learned.exporting import learned_records  # noqa: PLC0415
    from oo_profile.learned.files import write_records  # noqa: PLC0415
    from oo_profile.privacy import exports  # noqa: PLC0415
    from oo_profile.privacy.writing import Patience, open_writer  # noqa: PLC0415
    from oo_profile.storage.database import reading  # noqa: PLC0415
    from oo_transforms.policies import POLICIES  # noqa: PLC0415

    policy = POLICIES.get(service)
    if policy is None:
        raise UnknownNameError("policy", service, list(POLICIES))
    settings, path = current_settings(), path.absolute()
    # First the note: whoever is forgotten while the file is written is in it.
    with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
        now_us = time.time_ns() // 1000
        writer.write(lambda: exports.record(writer.connection, str(path), now_us))
    with (
        reading(settings.db) as connection,
        tqdm(unit=" users", unit_scale=True, disable=None, leave=False) as bar,
    ):
        written = write_records(path, learned_records(connection, policy), bar.update)
    click.echo(f"what {service} has learned about {counted(written, 'user')} is in {path}")
