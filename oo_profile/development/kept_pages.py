"""The pages for admins that `oo demo` starts, and how they are stopped again."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psutil  # type: ignore[import-untyped]

from oo_profile.development.ports import LOOPBACK
from oo_profile.errors import ServerSilentError

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT: Final = "demo"
RECORD: Final = "pages.json"
PATIENCE_SECONDS: Final = 90.0
_ASK_SECONDS = 2.0
_PAUSE_SECONDS = 0.1
_STOP_SECONDS = 10.0
_PASSWORD_BYTES = 12
# As commands, by name: this package knows nothing of the pages' own.
_COMMAND = (sys.executable, "-m", "oo_profile.cli", "admin")


@dataclass(frozen=True, slots=True)
class Login:
    """How to get in.

    Attributes:
        url: The pages' address.
        account: The account that was made.
        password: Its password.
    """

    url: str
    account: str
    password: str


def begin_pages(folder: Path, port: int) -> Login:
    """Make an account and start the pages; they need some seconds until they answer.

    Args:
        folder: Where the record of the process and its log are to be.
        port: Where they are to listen, on the loopback.
    """
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    adduser = (*_COMMAND, "adduser", ACCOUNT, "--role", "operator", "--password-stdin")
    subprocess.run(adduser, input=f"{password}\n", text=True, check=True, capture_output=True)  # noqa: S603 - our own command
    with (folder / "pages.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            (*_COMMAND, "--port", str(port)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    began = psutil.Process(process.pid).create_time()
    record = {"pid": process.pid, "began": began}
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    return Login(f"http://{LOOPBACK}:{port}/admin", ACCOUNT, password)


def await_pages(login: Login, folder: Path) -> None:
    """Wait until the pages answer.

    Raises:
        ServerSilentError: They do not, within a minute and a half.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(f"{login.url}/login", timeout=_ASK_SECONDS).close()  # noqa: S310 - our own address
            return
        time.sleep(_PAUSE_SECONDS)
    log = _tail(folder / "pages.log")
    end_pages(folder)
    raise ServerSilentError("oo admin", login.url, PATIENCE_SECONDS, log)


def end_pages(folder: Path) -> int | None:
    """Stop the pages that were left up; return their process, None if there was none."""
    record = folder / RECORD
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        process = psutil.Process(int(content["pid"]))
        # A pid is used again after a restart; when it began is this process' alone.
        is_ours = process.create_time() == content["began"]
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    record.unlink(missing_ok=True)
    if not is_ours:
        return None
    with contextlib.suppress(psutil.Error):
        process.terminate()
        process.wait(_STOP_SECONDS)
    return int(process.pid)


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
