"""`oo import`: what you have already, as signals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oo_profile.inputs.git_log import Repository, configured_author, open_repository
from oo_profile.whole_file import is_same_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.inputs.git_history import HistoryCounts, HistoryReader

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("import", short_help="Turn what you have already into signals.")
def import_() -> None:
    """Turn what you have already into signals.

    \b
    Example:
      oo import git .
    """  # noqa: D301 - click keeps the lines after a backspace as they are


@import_.command("git", short_help="Read the history of local git repositories.")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--out", type=FILE, default="git-signals.jsonl.gz", show_default=True)
@click.option("--all-branches", is_flag=True, help="Every branch and tag, not only HEAD.")
@click.option("--names", type=FILE, help="Write who is who to this CSV. Keep it to yourself.")
def import_git(
    *, paths: tuple[Path, ...], out: Path, all_branches: bool, names: Path | None
) -> None:
    """Read the history of local git repositories: authors are users, commits are tasks.

    A task is created at the author's time and completed at the committer's; runs of work without
    a pause of two hours are sessions. The mailmap is obeyed and addresses are hashed, so OUT
    names nobody; give all of a person's repositories at once, so that his sessions are whole.
    OUT is for `oo publish`. Commits dated after now or not after 1970 are left out and counted.

    \b
    Example:
      oo import git ~/src/a ~/src/b && oo publish git-signals.jsonl.gz
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # Imported here, so that `oo import --help` need not wait for them.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.inputs.author_file import write_authors  # noqa: PLC0415
    from oo_profile.inputs.git_history import HistoryReader  # noqa: PLC0415
    from oo_profile.inputs.tasks import task_signals  # noqa: PLC0415
    from oo_profile.transport.signal_file import write_signals  # noqa: PLC0415

    if is_same_file(out, names):
        raise click.UsageError(f"--out and --names are both {out}: give two files")
    repositories = [open_repository(path, every_branch=all_branches) for path in paths]
    total = sum(repository.commits for repository in repositories)
    with tqdm(total=total, desc="reading", unit=" commits", disable=None, leave=False) as bar:
        reader = HistoryReader(
            now=datetime.now(UTC), every_branch=all_branches, on_commit=bar.update
        )
        count = write_signals(out, task_signals(reader.read(repositories)))
    if names is not None:
        write_authors(names, reader.authors())
    _report(repositories, reader, count, out)


def _report(
    repositories: Sequence[Repository], reader: HistoryReader, count: int, out: Path
) -> None:
    authors, counts = reader.authors(), reader.counts()
    click.echo(
        f"{_number(len(repositories), 'repository', 'repositories')}, "
        f"{_number(counts.tasks, 'commit')} by {_number(len(authors), 'person', 'people')}: "
        f"{_number(count, 'signal')}"
    )
    for line in (*_left_out(counts), *_cut_off(repositories)):
        click.echo(line)
    click.echo(f"signals: {out}  (next: oo publish {out})")
    known = {author.address: author for author in authors if author.address}
    address = configured_author(repositories[0].path)
    if address is not None and (you := known.get(address.lower())):
        click.echo(f"you:     {you.user_id}  (then: oo profile {you.user_id})")
    if authors:
        click.echo(f"busiest: {authors[0].user_id}, {_number(authors[0].tasks, 'commit')}")


def _left_out(counts: HistoryCounts) -> list[str]:
    reasons = (
        (counts.shared, "left out: {} that an earlier repository has too"),
        (counts.future, "left out: {} dated after now, which the builder would reject"),
        (counts.undated, "left out: {} without a date, or dated 1970-01-01 or before"),
        (counts.odd_offset, "kept, read as UTC: {} with a UTC offset beyond 14 hours"),
    )
    return [line.format(_number(count, "commit")) for count, line in reasons if count]


def _cut_off(repositories: Sequence[Repository]) -> list[str]:
    return [
        f"{repository.path} is a shallow clone, its history is cut off: "
        f"`git -C {repository.path} fetch --unshallow` brings the rest"
        for repository in repositories
        if repository.is_shallow
    ]


def _number(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
