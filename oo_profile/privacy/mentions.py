"""Where a person is meant: what is his, and what names him among other people's data."""

from __future__ import annotations

import enum
import json
import re
from typing import TYPE_CHECKING

from oo_transforms.errors import SignalRejected
from oo_transforms.signals import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oo_profile.transport.message import Message

_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.", re.DOTALL)
_NAMED = re.compile(r'"user_id"\s*:\s*"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_UNESCAPINGS = 3
"""JSON inside of a JSON text, and once more, is seen through."""


class Whose(enum.Enum):
    """Whom a message is about."""

    HIS = "his"
    NAMING_HIM = "another's, and names him"
    OTHERS = "another's"


class Person:
    """Recognises one person's id, however it is written.

    Args:
        user_id: The id.
    """

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self._utf8 = user_id.encode(errors="surrogatepass")
        wide = (user_id.encode(code, "surrogatepass") for code in ("utf-16-le", "utf-16-be"))
        self._spellings = (self._utf8, *wide)
        # Not as part of a longer word: u1 is not in u10.
        self._word = re.compile(rf"(?<!\w){re.escape(user_id)}(?!\w)")

    def whose(self, message: Message, headers: bytes = b"") -> Whose:
        """Say whom a message is about.

        A valid signal is of the user that it names. Any other message is his if it names him
        anywhere; if its `user_id` is another's, only if one whole text of it is his id.
        """
        beside = (message.subject, headers.decode(errors="replace"))
        if not self.may_be_in(message.payload) and not any(map(self.is_named_in, beside)):
            return Whose.OTHERS
        content = message.payload.decode(errors="replace")
        try:
            signal = decode(message.subject, message.payload, message.received_us)
        except SignalRejected:
            return Whose.HIS if self._is_his((content, *beside)) else Whose.OTHERS
        if signal.user_id == self.user_id:
            return Whose.HIS
        names_him = any(map(self.is_named_in, (content, *beside)))
        return Whose.NAMING_HIM if names_him else Whose.OTHERS

    def may_be_in(self, data: bytes) -> bool:
        """Say at once whether bytes may hold the id; only a no is certain."""
        return b"\\" in data or any(spelling in data for spelling in self._spellings)

    def is_named_in(self, text: str) -> bool:
        """Say whether a text holds the id as a word of its own, escaped or not."""
        return any(self._word.search(layer) for layer in _layers(text))

    def _is_his(self, texts: Iterable[str]) -> bool:
        for text in texts:
            named = _NAMED.search(text)
            if named and unescaped(named[1]) != self.user_id:
                layers = list(_layers(text))
                if any(f'"{self.user_id}"' in layer for layer in layers):
                    return True
            elif self.is_named_in(text) or self._is_wide_in(text):
                return True
        return False

    def _is_wide_in(self, text: str) -> bool:
        # UTF-16 that was read as UTF-8 has a zero beside every letter.
        return self._word.search(text.replace("\0", "")) is not None


def _layers(text: str) -> Iterable[str]:
    """Give a text as it is, and with the escapes of JSON taken off, layer by layer."""
    for _ in range(_UNESCAPINGS):
        yield text
        if "\\" not in text:
            return
        text = unescaped(text)
    yield text


def unescaped(text: str) -> str:
    r"""Take the escapes of JSON off a text that need not be whole JSON.

    >>> unescaped(r'{"user_id": "ad\u0061\/b", \q')
    '{"user_id": "ada/b", q'
    """
    return _ESCAPED.sub(_plain, text)


def _plain(match: re.Match[str]) -> str:
    try:
        return str(json.loads(f'"{match[0]}"'))
    except ValueError:
        return match[0][1:]
