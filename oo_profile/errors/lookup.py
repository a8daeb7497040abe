"""What was asked for and is not there."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnknownNameError(Terminal, ProfileError, LookupError):
    """Something was asked for by a name that nothing has."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind = kind
        self.name = name
        self.near = near_names(name, known)
        names = self.near or tuple(known)
        there = f"near to it: {', '.join(names)}" if self.near else f"there are {', '.join(names)}"
        super().__init__(f"no {kind} {name!r}; {there}. `oo features` lists what there is")


class UnknownUserError(Terminal, ProfileError, LookupError):
    """A user without any signal."""

    def __init__(self, user_id: str, near: Sequence[str]) -> None:
        self.user_id = user_id
        self.near = tuple(near)
        there = "There are no signals yet: `oo publish FILE` sends some, `oo run` reads them"
        if near:
            alike = near[0][:1] == user_id[:1]
            whose = "Users whose ids begin like it" if alike else "Users that have some"
            there = f"{whose}: {', '.join(near)}"
        super().__init__(f"user {user_id!r} has no signals, so there is no profile. {there}")


class UnknownRejectionError(Terminal, ProfileError, LookupError):
    """A rejected message was asked for that is not kept, or more than one is meant."""

    def __init__(self, what: str, known: Sequence[str]) -> None:
        self.what = what
        self.known = tuple(known)
        there = f"there is {', '.join(known)}" if known else "there is none"
        super().__init__(
            f"no rejected message, or more than one, has {what}: {there}. "
            "`oo rejected list` shows them; a key is the number in front, or "
            "CREATED/NUMBER as --json shows it"
        )


class NotForgottenError(Terminal, ProfileError, LookupError):
    """A person is to return who was not forgotten, or has returned already."""

    def __init__(self) -> None:
        # Without the id: who types it knows it, and a log must not.
        super().__init__(
            "this person is not forgotten, so there is nothing to be undone: check the id; "
            "`oo forget` is what has to come first"
        )


def near_names(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Find names like one that is not known: with a part in common, or spelt almost like it.

    >>> near_names("completion", ["completion_rate", "snooze_rate", "mood_score"])
    ('completion_rate',)
    """
    contained = [other for other in known if name in other or other in name] if name else []
    spelt = difflib.get_close_matches(name, known, n=5)
    return tuple(dict.fromkeys((*spelt, *contained)))[:8]
