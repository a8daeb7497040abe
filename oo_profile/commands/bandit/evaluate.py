"""`oo bandit evaluate`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from oo_profile.commands.bandit.plot_option import plot_option
from oo_profile.reports.words import parse_instant
from oo_profile.settings import current_settings
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from pathlib import Path

    from oo_profile.evaluation.evaluation import Evaluation


def _instant(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(short_help="Judge the policies by the log of their decisions.")
@click.option("--live", type=click.Choice(list(POLICIES)), help="Compare with this one.")
@click.option("--new", type=click.Choice(list(POLICIES)), help="Judge this one.")
@click.option("--since", callback=_instant, metavar="T", help="Only decisions shown from then on.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@plot_option
def evaluate(
    *,
    live: str | None,
    new: str | None,
    since: datetime | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Estimate what each policy would have got, from decisions that were logged.

    Shown tips are joined with their answers; decisions of the last 24 hours are left out, since
    answers to them may still come. Rewards are estimated by inverse propensities (IPS), by the
    same over the sum of the weights (self-normalised), and doubly robust, by decision and by
    person, for all and for new, light and heavy users and each stage. What the log cannot tell is
    said and not reported. The policies are those of the rollout unless others are named. Only
    SQLite is read; the builder may run.

    \b
    Example:
      oo bandit evaluate
      oo bandit evaluate --since 2025-06-01 --json
      oo bandit evaluate --plot evidence.svg
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # These import NumPy and SQLite, for which `--help` need not wait.
    from oo_profile.evaluation.as_json import evaluation_json  # noqa: PLC0415
    from oo_profile.evaluation.in_words import lines_of  # noqa: PLC0415

    evaluation = _evaluation(live, new, since)
    if plot is not None:
        from oo_profile.evaluation.plot import draw  # noqa: PLC0415 - matplotlib takes a second

        draw(evaluation, plot)
    if as_json:
        click.echo(json.dumps(evaluation_json(evaluation), ensure_ascii=False, indent=2))
        return
    for line in lines_of(evaluation):
        click.echo(line)


def _evaluation(live: str | None, new: str | None, since: datetime | None) -> Evaluation:
    from tqdm import tqdm  # noqa: PLC0415 - as above

    from oo_profile.evaluation.evaluation import Question  # noqa: PLC0415
    from oo_profile.evaluation.evaluation import evaluate as evaluated  # noqa: PLC0415
    from oo_profile.storage import rollout_steps  # noqa: PLC0415
    from oo_profile.storage.database import reading_as_it_goes  # noqa: PLC0415

    with reading_as_it_goes(current_settings().db) as connection:
        rollout = rollout_steps.current(connection)
        question = Question(live or rollout.live, new or rollout.new, datetime.now(UTC), since)
        if question.live == question.new:
            raise click.UsageError(f"{question.live} is compared with itself: name two policies")
        with tqdm(unit=" decisions", unit_scale=True, disable=None, leave=False) as bar:
            return evaluated(connection, question, progress=bar.update)
