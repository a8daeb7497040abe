"""Events in the log have fixed names and context, and read the same as text and as JSON."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
from support.events import captured

from oo_profile.insight.events import Event, EventLog, LogFormat, configure

if TYPE_CHECKING:
    from collections.abc import Iterator

log = EventLog("oo_profile.test")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Give the log of this process back to whoever had it."""
    ours, root = logging.getLogger("oo_profile"), logging.getLogger()
    before = ours.level, root.handlers[:]
    yield
    ours.level, root.handlers[:] = before


def lines(log_format: LogFormat) -> io.StringIO:
    """Show the log of this process in a buffer."""
    shown = io.StringIO()
    configure(log_format, shown)
    return shown


def test_an_event_is_captured_as_it_was_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Name and context can be compared, without reading any text."""
    caplog.set_level("INFO", logger="oo_profile")
    log.info("builder.started", database="oo.db", stream="SIGNALS")
    log.warning("nats.error", reason="gone")
    assert captured(caplog) == [
        Event("builder.started", {"database": "oo.db", "stream": "SIGNALS"}),
        Event("nats.error", {"reason": "gone"}),
    ]
    assert captured(caplog, "nats.error") == captured(caplog)[1:]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/data/oo.db", "/data/oo.db"),
        ("database is locked", '"database is locked"'),
        ('say "no"', r'"say \"no\""'),
        ("a\nb", r'"a\nb"'),
        ("a=b", '"a=b"'),
        ("", '""'),
        (0.1 + 0.2, "0.3"),
        (12, "12"),
        (None, "None"),
    ],
)
def test_context_is_one_word_or_quoted(value: object, shown: str) -> None:
    """Whatever a value holds, the event stays one line, and where the value ends is clear."""
    assert str(Event("e", {"key": value, "next": 1})) == f"e key={shown} next=1"


def test_text_has_the_time_in_utc_and_the_level() -> None:
    """A line for a terminal begins with them."""
    shown = lines("text")
    log.warning("builder.waiting", part="redis", reason="not there")
    time, rest = shown.getvalue().split(" ", 1)
    assert time.endswith("Z")
    assert rest == 'WARNING builder.waiting part=redis reason="not there"\n'


def test_json_is_one_object_a_line_with_the_same_context() -> None:
    """Numbers stay numbers, and what has no form in JSON is text."""
    shown = lines("json")
    log.info("builder.stopped", handled=7, seconds=0.5, path=io)
    line = json.loads(shown.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "builder.stopped",
        "handled": 7,
        "seconds": 0.5,
        "path": str(io),
    }


def test_what_others_log_is_one_object_too() -> None:
    """A library's message, and its traceback, stay on one line; its chatter is left out."""
    shown = lines("json")
    other = logging.getLogger("feast.test")
    other.info("chatter")
    other.error("it %s", "failed", exc_info=ValueError("bad\nvalue"))
    (text,) = shown.getvalue().splitlines()
    line = json.loads(text)
    assert (line["event"], line["logger"], line["message"]) == ("log", "feast.test", "it failed")
    assert line["exception"].endswith("ValueError: bad\nvalue")
