"""`oo bandit backtest`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click

from oo_profile.commands.bandit.plot_option import plot_option

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
"""Beside the project's folder."""

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(short_help="Let policies choose anew what real people once chose.")
@click.option(
    "--data",
    type=FOLDER,
    default=SHARED_DATA,
    show_default="../shared/data beside the project",
    help="Where the files are; they are read there and never copied.",
)
@click.option(
    "--seed",
    default=20261128,
    show_default=True,
    type=click.IntRange(min=0),
    help="Of all that chance chooses.",
)
@click.option(
    "--logs",
    default=3,
    show_default=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="How many logs of choices by chance to draw.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--markdown", is_flag=True, help="As Markdown, for a document.")
@plot_option
def backtest(  # noqa: PLR0913 - one parameter for each option
    *, data: Path, seed: int, logs: int, as_json: bool, markdown: bool, plot: Path | None
) -> None:
    """Let policies choose anew what real people once chose.

    Which of my open tasks next, and what kind of work next, from work_log.csv.gz: what every
    candidate would have come to is known, so that estimates from a log in which chance chose
    stand next to the truth. Real tips, from heartsteps_decisions.jsonl.gz and heartsteps.jsonl.gz:
    what always the same would have come to, and whether a profile helps to predict a thumbs up.
    A part whose file is missing is left out. It takes a minute or two.

    \b
    Example:
      oo bandit backtest
      oo bandit backtest --data ~/data --logs 20 --plot backtest.svg
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # These import numpy, for which `oo bandit backtest --help` need not wait.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.backtest.backtest_text import MARKDOWN, TERMINAL, backtest_lines  # noqa: PLC0415
    from oo_profile.backtest.parts import backtest as run  # noqa: PLC0415

    def progress(what: str, total: int) -> tqdm[NoReturn]:
        return tqdm(total=total, desc=what, unit=" decisions", disable=None, leave=False)

    click.echo(f"seed {seed}, reading {data} ...", err=True)
    result = run(data, seed=seed, logs=logs, progress=progress)
    if as_json:
        click.echo(json.dumps(asdict(result), indent=2))
    else:
        layout = MARKDOWN if markdown else TERMINAL
        click.echo("\n".join(backtest_lines(result, layout)).strip())
    if plot is not None and not result.is_empty:
        from oo_profile.backtest.backtest_plot import draw_backtest  # noqa: PLC0415 - matplotlib

        draw_backtest(result, plot)
