"""The tree that is drawn of the errors is the tree there is."""

from __future__ import annotations

import re

from oo_profile import errors

_BRANCH = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>\w+Error)\b", re.MULTILINE)
_INDENT = 4  # columns that one level of the drawing takes


def _drawn() -> dict[str, str]:
    """Read the parent of each error off the drawing."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for branch in _BRANCH.finditer(errors.__doc__ or ""):
        depth = len(branch["indent"]) // _INDENT
        above[depth:] = [branch["name"]]
        if depth:
            parents[branch["name"]] = above[depth - 1]
    return parents


def test_every_error_stands_in_the_tree_below_its_base() -> None:
    """The drawing names each error once, under the error that it is a kind of."""
    raised = {name: getattr(errors, name) for name in errors.__all__}
    below = {
        name: next(
            base.__name__
            for base in kind.__bases__
            if base.__name__ in raised and issubclass(base, errors.ProfileError)
        )
        for name, kind in raised.items()
        if issubclass(kind, errors.ProfileError) and kind is not errors.ProfileError
    }

    assert _drawn() == below


def test_every_error_can_be_imported_from_the_package() -> None:
    """No error is to be looked for in the module of its theme."""
    known = {errors.ProfileError}
    while more := {kind for base in known for kind in base.__subclasses__()} - known:
        known |= more

    ours = {kind.__name__ for kind in known if kind.__module__.startswith("oo_profile.errors")}
    assert ours <= set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)
