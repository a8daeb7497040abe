"""`oo admin adduser` and its file."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from oo_admin.accounts.accounts import Accounts
from oo_admin.accounts.database import AdminDatabase
from oo_admin.config import AdminConfig
from oo_profile.cli import oo
from oo_profile.errors import SettingsError
from oo_profile.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SENSELESS = (
    ("OO_ADMIN_PORT", "x"),
    ("OO_ADMIN_PORT", "70000"),
    ("OO_ADMIN_PROXY", "proxy"),
    ("OO_ADMIN_PROXY_HEADER", "a b"),
)


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give where the accounts are to be, in a project without data."""
    (tmp_path / "feature_repo").mkdir()
    (tmp_path / "feature_repo" / "feature_store.yaml").write_text("project: oo\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "admin.db"


def run(*arguments: str, code: int = 0, typed: str = "") -> str:
    """Run `oo admin` and return what it prints."""
    result = CliRunner().invoke(oo, ["admin", *arguments], input=typed)
    assert result.exit_code == code, result.output
    return result.output


def test_an_account_is_made_with_a_password_that_is_kept_nowhere(db: Path) -> None:
    """It is printed once; the file has an argon2id hash, and only its owner reads it."""
    password = run("adduser", "ada", "--role", "operator").rpartition("password: ")[2].strip()
    accounts = Accounts(AdminDatabase(db))
    account = accounts.check("ada", password)
    assert account is not None
    assert account.is_operator
    assert accounts.check("ada", password + "x") is None
    content = b"".join(file.read_bytes() for file in db.parent.glob("admin.db*"))
    assert password.encode() not in content
    assert b"$argon2id$" in content
    assert stat.S_IMODE(db.stat().st_mode) == 0o600
    assert run("users") == "ada\toperator\n"


def test_what_cannot_be_an_account_is_refused(db: Path) -> None:
    """Short passwords and odd names, with what is allowed; and nothing was made."""
    assert "12 to 256" in run("adduser", "ada", "--password-stdin", code=1, typed="short\n")
    assert "no account name" in run("adduser", "a b", code=1)
    assert run("users") == ""
    assert "there is no account 'ada'" in run("removeuser", "ada", code=1)
    assert db.exists()


def test_settings_that_make_no_sense_are_refused(db: Path) -> None:
    """The message has the variable; without any, only this machine is served."""
    settings = Settings.load({}, db.parents[1])
    config = AdminConfig.load({}, settings)
    assert (config.address, config.db, config.https) == ("127.0.0.1", db, False)
    for variable, value in SENSELESS:
        with pytest.raises(SettingsError, match=variable):
            AdminConfig.load({variable: value}, settings)
