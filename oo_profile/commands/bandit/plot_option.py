"""The option of commands that draw what they found."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

SUFFIXES: Final = (".svg", ".png", ".pdf")


def _picture(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    # Looked at before minutes of work, not after them.
    if path is None:
        return None
    if path.suffix not in SUFFIXES:
        raise click.BadParameter(f"{path} must end in one of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}: make it, or name another")
    return path


plot_option = click.option(
    "--plot",
    callback=_picture,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Draw it too, as .svg, .png or .pdf.",
)
