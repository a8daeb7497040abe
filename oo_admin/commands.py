"""`oo admin` and what belongs to it."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING

import click

from oo_profile.settings import current_settings
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from oo_admin.accounts.accounts import Accounts

_PASSWORD_BYTES = 15


@click.group(invoke_without_command=True, short_help="Serve the pages for admins.")
@click.option("--port", type=click.IntRange(0, (1 << 16) - 1), help="Instead of OO_ADMIN_PORT.")
@click.pass_context
def admin(context: click.Context, *, port: int | None) -> None:
    """Serve the pages for admins, until it is stopped; on this machine alone unless told.

    Everybody needs an account, see `oo admin adduser`. Settings: OO_ADMIN_ADDRESS,
    OO_ADMIN_PORT (8765), OO_ADMIN_HOSTS, OO_ADMIN_HTTPS, OO_ADMIN_PROXY, OO_ADMIN_DB.

    \b
    Example:
      oo admin adduser ada --role operator
      oo admin
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    if context.invoked_subcommand is None:
        _serve(port)


@admin.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["viewer", "operator"]), default="viewer", show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def adduser(*, name: str, role: str, password_stdin: bool) -> None:
    """Make an account, or give one another role and password.

    A viewer looks; an operator may also rebuild, export and forget. Without --password-stdin a
    password is made up and printed once.

    \b
    Example:
      oo admin adduser ada --role operator
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_admin.accounts.accounts import Role  # noqa: PLC0415 - imported when it is used

    made = secrets.token_urlsafe(_PASSWORD_BYTES)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else made
    _accounts().put(name, Role(role), password, wall_clock())
    click.echo(f"{name} is {role}" + ("" if password_stdin else f", password: {made}"))


@admin.command()
@click.argument("name")
def removeuser(*, name: str) -> None:
    """Remove an account and end its sessions.

    \b
    Example:
      oo admin removeuser ada
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    _accounts().remove(name)
    click.echo(f"{name} is removed")


@admin.command(name="users")
def list_users() -> None:
    """List the accounts and their roles.

    \b
    Example:
      oo admin users
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    for account in _accounts().all():
        click.echo(f"{account.name}\t{account.role}")


def _accounts() -> Accounts:
    from oo_admin.accounts.accounts import Accounts  # noqa: PLC0415 - imported when it is used
    from oo_admin.accounts.database import AdminDatabase  # noqa: PLC0415
    from oo_admin.config import admin_db  # noqa: PLC0415

    return Accounts(AdminDatabase(admin_db(os.environ, current_settings())))


def _serve(port: int | None) -> None:
    click.echo("Loading Feast and the registry ...", err=True)
    import dataclasses  # noqa: PLC0415

    from oo_admin.config import AdminConfig  # noqa: PLC0415 - these import Feast
    from oo_admin.web.app import make_app  # noqa: PLC0415
    from oo_admin.web.serving import listening, serve  # noqa: PLC0415
    from oo_profile.registry import open_store  # noqa: PLC0415

    settings = current_settings()
    config = AdminConfig.load(os.environ, settings)
    if port is not None:
        config = dataclasses.replace(config, port=port)
    app = make_app(config, settings, open_store(settings), wall_clock)
    if not app.state.admin.accounts.all():
        click.echo("Nobody can log in yet: `oo admin adduser NAME --role operator`", err=True)
    with listening(config) as socket:
        host, bound = socket.getsockname()[:2]
        click.echo(f"http://{host}:{bound}/admin", err=True)
        serve(app, socket)
