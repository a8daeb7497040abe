"""Notices are signed, tried again until they arrive, never lost and never about a person."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from oo_admin.errors import InputRefused, RoutesError
from oo_admin.quality.alerts import Alert, Mute, State
from oo_admin.quality.delivery.channels import Channels
from oo_admin.quality.delivery.notice import notice_of
from oo_admin.quality.delivery.outbox import FIRST_PAUSE_US, Outbox
from oo_admin.quality.delivery.routes import Routes, Webhook, load_routes
from oo_admin.quality.finding import Cause, Severity
from oo_admin.quality.lineage import Reach
from oo_admin.quality.manual import ADVICE
from oo_admin.quality.muting import mute_alert
from oo_admin.quality.report import AlertReport
from oo_admin.quality.store import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from oo_admin.quality.store import QualityStore

NOW_US = 1_772_366_400_000_000
SECRET = "of the two of us"  # noqa: S105 - of this test alone
OWNER = "profiles@oo.example"
ALERT = Alert(
    key="source-stopped:mood",
    cause=Cause.SOURCE_STOPPED,
    about="mood",
    state=State.FIRING,
    severity=Severity.CRITICAL,
    what="no moods came",
    since_us=NOW_US,
    seen_us=NOW_US,
    source="mood",
    subjects=("signals.mood.logged",),
    users=7,
)
REPORT = AlertReport(
    ALERT, ADVICE[ALERT.cause], Reach(("mood_score",), ("profile_v1",), (OWNER,)), None
)


@dataclass(slots=True)
class Receiver:
    """A program that takes notices.

    Attributes:
        url: Where.
        answer: What it says, a status of HTTP.
        got: Headers and bodies.
    """

    url: str
    answer: int = 200
    got: list[tuple[Message, bytes]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.headers, body))
            self.send_response(receiver.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[QualityStore]:
    """Open the engine's own file."""
    with opened(tmp_path / "quality.db") as store:
        yield store


def delivering(store: QualityStore, receiver: Receiver) -> tuple[Outbox, Channels]:
    """Make an outbox whose notices go to the receiver."""
    routes = Routes({OWNER: ("webhook",)}, Webhook(receiver.url, SECRET))
    return Outbox(store, routes), Channels(routes, lambda *_: None, lambda: NOW_US)


def test_a_webhook_can_tell_who_sent_it(store: QualityStore) -> None:
    """The signature covers time and body, and the body says what, who, and what to do."""
    with receiving() as receiver:
        outbox, channels = delivering(store, receiver)
        assert outbox.put([REPORT], NOW_US) == 1
        assert outbox.deliver(channels, NOW_US) == 1
    ((headers, body),) = receiver.got
    signed = f"{headers['X-OO-Timestamp']}.".encode() + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-OO-Signature"] == f"sha256={expected}"
    notice = json.loads(body)
    assert (notice["users"], notice["services"]) == (7, ["profile_v1"])
    assert "Likely: Its producer is down" in notice["text"]
    assert "user_id" not in notice


def test_what_is_refused_is_tried_again_in_growing_pauses(store: QualityStore) -> None:
    """It is kept in the file meanwhile, so that another process goes on with it."""
    with receiving() as receiver:
        outbox, channels = delivering(store, receiver)
        receiver.answer, now_us = 503, NOW_US
        outbox.put([REPORT], now_us)
        for attempt in range(4):
            assert outbox.deliver(channels, now_us) == 0
            pause_us = FIRST_PAUSE_US << attempt
            assert outbox.deliver(channels, now_us + pause_us - 1) == 0
            now_us += pause_us
            assert len(receiver.got) == attempt + 1
        receiver.answer = 200
        outbox, channels = delivering(store, receiver)
        assert outbox.deliver(channels, now_us) == 1
    assert store.undelivered() == 0


def test_nobody_is_told_of_a_muted_alert(store: QualityStore) -> None:
    """Up to the mute's end, and not without a reason."""
    with pytest.raises(InputRefused, match="reason"):
        mute_alert(store, ALERT.key, 1, " ", "eve", NOW_US)
    mute = mute_alert(store, ALERT.key, 1, "repairs", "eve", NOW_US)
    end_us = NOW_US + 3_600_000_000
    assert store.mutes(end_us) == {ALERT.key: mute}
    assert store.mutes(end_us + 1) == {}
    muted = AlertReport(ALERT, REPORT.advice, REPORT.reach, Mute(ALERT.key, end_us, "r", "eve"))
    outbox = Outbox(store, Routes({"*": ("nats",)}))
    assert outbox.put([muted], NOW_US) == 0
    mute_alert(store, ALERT.key, 0, "done", "eve", NOW_US)
    assert store.mutes(NOW_US) == {}


def test_owners_are_told_of_their_own_features(tmp_path: Path) -> None:
    """Everybody's addresses come first, and each address once."""
    path = tmp_path / "alerts.yaml"
    path.write_text(
        f'routes: {{"*": [nats], {OWNER}: [webhook, nats], other@oo.example: ["json://x"]}}\n'
        "webhook: {url: 'https://x.example', secret_variable: S}\n"
    )
    routes = load_routes(path, {"S": SECRET})
    assert routes.of([OWNER]) == ("nats", "webhook")
    assert SECRET not in repr(routes)
    with pytest.raises(RoutesError, match="environment variable 'S'"):
        load_routes(path, {})
    assert load_routes(tmp_path / "none.yaml", {}).of([OWNER]) == ("nats",)


def test_apprise_takes_a_notice() -> None:
    """By its own JSON service, to a real receiver; the text is the notice's."""
    with receiving() as receiver:
        channels = Channels(Routes({}), lambda *_: None, lambda: NOW_US)
        address = receiver.url.replace("http://", "json://")
        channels.deliver(address, notice_of(REPORT), b"")
    ((_, body),) = receiver.got
    assert json.loads(body)["title"] == "[critical, firing] A source has stopped (mood)"
