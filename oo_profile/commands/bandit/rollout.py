"""`oo bandit rollout`: shadow, canary, full, and back."""

from __future__ import annotations

import getpass
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from oo_profile.reports.words import instant_text
from oo_profile.settings import current_settings
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_bandit import Rollout
    from oo_profile.rollout.stepping import Judged, Mover
    from oo_profile.settings import Settings
    from oo_profile.storage.rollout_steps import RolloutStep

_percent = click.option(
    "--percent",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="P",
    help="Share of the people in the canary.",
)


@click.group(short_help="Let a new policy act for some people, for all, or for nobody.")
def rollout() -> None:
    """Bring a new policy from the shadow into a canary and to all people, and back.

    \b
    Example:
      oo bandit rollout show
      oo bandit rollout promote --percent 10
    """  # noqa: D301 - click keeps the lines after a backspace as they are


def _taken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the ways to say who takes a step and why."""
    decorators = [
        click.option(
            "--by", metavar="NAME", help="Who takes it.  [default: the user of the system]"
        ),
        click.option("--reason", default="", metavar="TEXT", help="Why; name nobody in it."),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@rollout.command(short_help="Show where it is, and who took which step on what evidence.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(min=0))
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the evidence of each step.")
def show(*, limit: int, as_json: bool) -> None:
    """Show the stage and the newest steps: who took them, when, why, and on what evidence.

    \b
    Example:
      oo bandit rollout show
      oo bandit rollout show --json
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.storage import rollout_steps  # noqa: PLC0415 - as `oo bandit rollout --help`
    from oo_profile.storage.database import reading  # noqa: PLC0415

    with reading(current_settings().db) as connection:
        current = rollout_steps.current(connection)
        steps = rollout_steps.steps(connection, limit)
    if as_json:
        shown = {"rollout": json.loads(current.to_json()), "steps": [_as_json(s) for s in steps]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    click.echo(_where(current))
    for step in steps:
        click.echo(_line(step))
        for found in json.loads(step.evidence).get("findings", ()):
            click.echo(f"      {_found(**found)}")


@rollout.command(short_help="Take the next step, if the log allows it.")
@_percent
@click.option("--force", is_flag=True, help="Take it although the gate does not allow it.")
@click.option("--dry-run", is_flag=True, help="Only say what the gate says.")
@_taken
def promote(
    *, percent: float | None, force: bool, dry_run: bool, by: str | None, reason: str
) -> None:
    """Take the new policy from the shadow into a canary, and from there to all people.

    The first step is a canary of 5 % of the people, or of --percent. In a canary --percent makes
    it larger, and without it the step is the one to all. Each is refused unless the log allows
    it: docs/bandit.md has the rules. The service follows within seconds, without a restart.

    \b
    Example:
      oo bandit rollout promote --dry-run
      oo bandit rollout promote --percent 10
      oo bandit rollout promote --force --reason "agreed on by the product team"
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.rollout.stepping import forward  # noqa: PLC0415 - as above

    _step(lambda before: forward(before, percent), _mover(by, reason, force=force), dry_run=dry_run)


@rollout.command(short_help="Take a step back, which is always allowed.")
@click.option(
    "--to",
    "stage",
    type=click.Choice(["shadow", "canary"]),
    help="Where to.  [default: shadow; with --percent canary]",
)
@_percent
@_taken
def back(*, stage: Any, percent: float | None, by: str | None, reason: str) -> None:  # noqa: ANN401 - a stage
    """Let the old policy act again: for all, or for all but a smaller canary.

    \b
    Example:
      oo bandit rollout back --reason "complaints about repeated tips"
      oo bandit rollout back --percent 2
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.rollout.stepping import back as stepped_back  # noqa: PLC0415 - as above

    _step(lambda before: stepped_back(before, stage, percent), _mover(by, reason))


@rollout.command(short_help="Put another policy into the shadow of the one that acts.")
@click.option("--live", required=True, type=click.Choice(list(POLICIES)), help="The one that acts.")
@click.option("--new", required=True, type=click.Choice(list(POLICIES)), help="The one to come.")
@click.option(
    "--exploration",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Share of decisions given to chance.  [default: as before]",
)
@_taken
def begin(*, live: str, new: str, exploration: float | None, by: str | None, reason: str) -> None:
    """Begin another rollout, when the last one has come to full or back to shadow.

    \b
    Example:
      oo bandit rollout begin --live bandit_v1 --new bandit_v2 --exploration 0.1
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.rollout.stepping import begun  # noqa: PLC0415 - as above

    _step(lambda before: begun(before, live, new, exploration), _mover(by, reason))


def _mover(by: str | None, reason: str, *, force: bool = False) -> Mover:
    from oo_profile.rollout.stepping import Mover  # noqa: PLC0415 - as above

    name = by or getpass.getuser()
    return Mover(name, time.time_ns() // 1000, reason=reason, force=force)


def _step(next_of: Callable[[Rollout], Rollout], mover: Mover, *, dry_run: bool = False) -> None:
    """Judge a step, show what the gate says, take it and tell Redis."""
    from oo_profile.privacy.writing import Patience, open_writer  # noqa: PLC0415 - as above
    from oo_profile.rollout.stepping import take  # noqa: PLC0415

    settings = current_settings()
    step = _judged(settings, next_of)
    for finding in step.verdict.findings:
        click.echo(_found(finding.rule, finding.found, is_kept=finding.is_kept))
    if dry_run:
        click.echo("allowed" if step.verdict.is_allowed else "refused")
        return
    with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
        taken = take(writer, step, mover)
    click.echo(_where(taken.rollout))
    _publish(settings)


def _judged(settings: Settings, next_of: Callable[[Rollout], Rollout]) -> Judged:
    from tqdm import tqdm  # noqa: PLC0415 - as above

    from oo_profile.rollout.stepping import judged  # noqa: PLC0415
    from oo_profile.storage import rollout_steps  # noqa: PLC0415
    from oo_profile.storage.database import reading_as_it_goes  # noqa: PLC0415

    with (
        reading_as_it_goes(settings.db) as connection,
        tqdm(unit=" decisions", unit_scale=True, disable=None, leave=False) as bar,
    ):
        before = rollout_steps.current(connection)
        after = next_of(before)
        return judged(connection, before, after, datetime.now(UTC), progress=bar.update)


def _publish(settings: Settings) -> None:
    """Tell Redis; what cannot be told now the builder tells when it can."""
    from oo_profile.building.online import OnlineWriter  # noqa: PLC0415 - Feast
    from oo_profile.building.rollout_copy import publish_rollout  # noqa: PLC0415
    from oo_profile.errors import NoRedisError, NotAppliedError  # noqa: PLC0415
    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.storage.database import reading_as_it_goes  # noqa: PLC0415
    from oo_profile.upkeep.refusals import refusals_told  # noqa: PLC0415

    try:
        with refusals_told(settings), reading_as_it_goes(settings.db) as connection:
            publish_rollout(connection, OnlineWriter(open_store(settings)))
    except (NoRedisError, NotAppliedError) as error:
        click.echo(f"The step is taken, and Redis does not have it yet: {error}")
        click.echo("`oo run` writes it as soon as it can, and so does `oo resync`")
        return
    click.echo("Redis has it; services follow within seconds")


def _where(current: Rollout) -> str:
    from oo_profile.rollout.stepping import words_of  # noqa: PLC0415 - as above

    return (
        f"{current.new} is in {words_of(current)}, and {current.acting} acts"
        f"{' for all others' if current.stage == 'canary' else ''} (step {current.step})"
    )


def _line(step: RolloutStep) -> str:
    from oo_profile.rollout.stepping import words_of  # noqa: PLC0415 - as above

    how = "forced" if step.forced else "allowed"
    return (
        f"{step.rollout.step:>4}  {instant_text(step.taken_at_us)}  {step.rollout.new} to "
        f"{words_of(step.rollout)}, {how}, by {step.taken_by}"
        f"{': ' + step.reason if step.reason else ''}"
    )


def _found(rule: str, found: str, *, is_kept: bool) -> str:
    return f"{'  ' if is_kept else '! '}{rule}: {found}"


def _as_json(step: RolloutStep) -> dict[str, Any]:
    return {
        "rollout": json.loads(step.rollout.to_json()),
        "taken_at": instant_text(step.taken_at_us),
        "taken_by": step.taken_by,
        "forced": step.forced,
        "reason": step.reason,
        "evidence": json.loads(step.evidence),
    }
