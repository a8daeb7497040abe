"""What is one person's is recognised however it is written, and what is another's is not taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.payloads import RECEIVED_US, payload

from oo_profile.privacy.mentions import Person, Whose
from oo_profile.privacy.remains import files_naming
from oo_profile.transport.message import Message

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "signals.app.session"
ADA = Person("ada/1")


def whose(body: bytes, subject: str = SESSION, headers: bytes = b"") -> Whose:
    """Ask whose a message is."""
    return ADA.whose(Message(subject, body, 1, RECEIVED_US), headers)


@pytest.mark.parametrize(
    "body",
    [
        payload(SESSION, user_id="ada/1"),
        payload(SESSION, user_id="ada/1").replace(b"ada/1", b"ad\\u0061\\/1"),
        payload(SESSION, user_id="ada/1", duration_seconds=-1),
        b'{"user_id": "ada/1',
        b'{"user": "ada/1"}',
        b'{"user_id": 7, "note": "see ada/1."}',
        b'{"user_id": "bob", "note": "ada/1", ',
        json.dumps({"wrapped": json.dumps({"user_id": "ad\u0061/1"})}).encode(),
        '{"user_id": "ada/1"}'.encode("utf-16-le"),
        b"\xff ada/1 \xfe",
    ],
)
def test_it_is_his(body: bytes) -> None:
    """A signal of his, or a message that is no signal and names him."""
    assert whose(body) is Whose.HIS


@pytest.mark.parametrize(
    "body",
    [
        payload(SESSION, user_id="ada/10"),
        b'{"user_id": "ada/10", ',
        b'{"user_id": "bob", "note": "with ada/1", ',
        b"ada/12 canada/1",
        b"\\" * 50,
        b"",
    ],
)
def test_it_is_somebody_elses(body: bytes) -> None:
    """One whose id only begins or ends like his, or who speaks of him in a broken message."""
    assert whose(body) is Whose.OTHERS


def test_a_signal_of_another_that_names_him_stays_the_others() -> None:
    """It is told apart, so that it can be counted."""
    assert whose(payload(SESSION, user_id="bob", note="ada/1")) is Whose.NAMING_HIM


def test_subject_and_headers_count_for_what_is_no_signal() -> None:
    """They may name him where the message does not."""
    assert whose(b"{}", subject="signals.of.ada/1") is Whose.HIS
    assert whose(b"{", headers=b"NATS/1.0\r\nNats-Msg-Id: ada/1\r\n\r\n") is Whose.HIS


def test_files_that_name_a_user_are_found(tmp_path: Path) -> None:
    """As a word of its own, also where a chunk ends in it, and with Feast's project behind it."""
    (tmp_path / "sub").mkdir()
    for name, content in {
        "plain": b"user=ada-7;",
        "key": b"\x05\x00\x00\x00ada-7oo\x00",
        "sub/split": b"x" * ((8 << 20) - 3) + b" ada-7 ",
        "other": b"ada-71 canada-7",
        "kept": b"ada-7",
    }.items():
        (tmp_path / name).write_bytes(content)
    found = files_naming(tmp_path, "ada-7", "oo", without=lambda path: path.name == "kept")
    assert [path.name for path in found] == ["key", "plain", "split"]
