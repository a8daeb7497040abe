"""`oo rejected`: messages that were no valid signals."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import click

from oo_profile.reports.words import instant_text
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oo_profile.privacy.writing import PoliteWriter
    from oo_profile.settings import Settings
    from oo_profile.storage.rejected_rows import RejectedKey, RejectedMessage
    from oo_profile.upkeep.rejections import RetryReport

DETAIL_CHARACTERS = 200
"""How much of a detail a line of the list shows."""


@click.group("rejected", short_help="Look at rejected messages, retry or drop them.")
def rejected() -> None:
    """Look at messages that were no valid signals; retry them after a fix, or drop them.

    \b
    Example:
      oo rejected list
    """  # noqa: D301 - click keeps the lines after a backspace as they are


def _chosen(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the ways to say which messages it is about."""
    decorators = [
        click.argument("keys", metavar="[KEY]...", nargs=-1),
        click.option("--reason", metavar="REASON", help="Those with this reason."),
        click.option("--all", "everything", is_flag=True, help="All of them."),
        click.option("--yes", is_flag=True, help="Do not ask."),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@rejected.command("list", short_help="List them, the newest first.")
@click.option("--reason", metavar="REASON", help="Only those with this reason.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=0))
@click.option("--json", "as_json", is_flag=True, help="As JSON, with what the messages hold.")
def list_(*, reason: str | None, limit: int, as_json: bool) -> None:
    """List rejected messages, the newest first, and how many there are of each reason.

    \b
    Example:
      oo rejected list --reason "out of bounds" --limit 5
      oo rejected list --json
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.storage import rejected_rows  # noqa: PLC0415 - as `oo rejected --help`
    from oo_profile.storage.database import reading  # noqa: PLC0415

    with reading(current_settings().db) as connection:
        counts = rejected_rows.count_by_reason(connection)
        messages = rejected_rows.newest(connection, reason, limit)
    if as_json:
        shown = {"counts": counts, "messages": [_as_json(message) for message in messages]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    click.echo("\n".join(f"{count:>9,}  {why}" for why, count in counts.items()) or "none")
    for message in messages:
        click.echo(_line(message))


@rejected.command(short_help="Publish them again.")
@_chosen
def retry(*, keys: tuple[str, ...], reason: str | None, everything: bool, yes: bool) -> None:
    """Publish rejected messages again, after a fix, each on its own subject.

    A message is removed from the rejected ones when the stream has taken it; what is still no
    valid signal is rejected anew. Of messages over 64 KiB only a part is kept, so they stay.

    \b
    Example:
      oo rejected retry 4711
      oo rejected retry --reason "unknown subject"
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    settings = current_settings()

    def work(writer: PoliteWriter, found: Sequence[RejectedKey]) -> None:
        report = asyncio.run(_retry(settings, writer, found))
        click.echo(f"{report.published:,} published again")
        if report.cut:
            click.echo(f"{report.cut:,} stay: only the first 64 KiB of them are kept")
        if report.unpublishable:
            click.echo(f"{report.unpublishable:,} stay: nobody can publish on their subject")

    _with_chosen(settings, keys, reason, ("publish", everything, yes), work)


@rejected.command(short_help="Remove them for good.")
@_chosen
def drop(*, keys: tuple[str, ...], reason: str | None, everything: bool, yes: bool) -> None:
    """Remove rejected messages for good.

    \b
    Example:
      oo rejected drop 4711 4712
      oo rejected drop --reason "not JSON" --yes
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.upkeep import rejections  # noqa: PLC0415 - as `oo rejected --help`

    def work(writer: PoliteWriter, found: Sequence[RejectedKey]) -> None:
        click.echo(f"{rejections.drop(writer, found):,} dropped")

    _with_chosen(current_settings(), keys, reason, ("drop", everything, yes), work)


def _with_chosen(
    settings: Settings,
    keys: tuple[str, ...],
    reason: str | None,
    what: tuple[str, bool, bool],
    work: Callable[[PoliteWriter, Sequence[RejectedKey]], None],
) -> None:
    """Find what is chosen, ask, and do the work."""
    from oo_profile.privacy.writing import Patience, open_writer  # noqa: PLC0415 - as `oo rejected --help`
    from oo_profile.storage.rejected_rows import Choice, keys_of  # noqa: PLC0415

    verb, everything, yes = what
    if sum(map(bool, (keys, reason, everything))) != 1:
        raise click.UsageError("say which: some keys, --reason REASON, or --all")
    with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
        found = keys_of(writer.connection, Choice(keys, reason))
        if found and not yes:
            click.confirm(f"{verb} {len(found):,} messages?", abort=True, err=True)
        work(writer, found)


async def _retry(
    settings: Settings, writer: PoliteWriter, keys: Sequence[RejectedKey]
) -> RetryReport:
    from oo_profile.transport.connection import connect_to_nats  # noqa: PLC0415
    from oo_profile.transport.stream import ensure_stream  # noqa: PLC0415
    from oo_profile.upkeep import rejections  # noqa: PLC0415

    async with connect_to_nats(settings, name="oo rejected retry") as connection:
        await ensure_stream(connection)
        return await rejections.retry(connection, writer, keys)


def _line(message: RejectedMessage) -> str:
    detail = message.detail[:DETAIL_CHARACTERS]
    return (
        f"{message.sequence}  {instant_text(message.received_us)}  {_plain(message.subject)}  "
        f"{message.reason}: {_plain(detail)}"
    )


def _plain(text: str) -> str:
    # What somebody has sent must not move the cursor or ring the bell.
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _as_json(message: RejectedMessage) -> dict[str, Any]:
    return {
        "key": f"{message.stream_created_at}/{message.sequence}",
        "received_at": instant_text(message.received_us),
        "subject": message.subject,
        "reason": message.reason,
        "detail": message.detail,
        "payload": message.payload.decode(errors="backslashreplace"),
        "payload_bytes": message.payload_bytes,
    }
