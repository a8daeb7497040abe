"""A commit's own wording says what kind of work it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo_profile.inputs.commit_category import CATEGORIES, commit_category


@pytest.mark.parametrize(
    ("subject", "category"),
    [
        ("feat: answer in JSON", "feat"),
        ("feat(api)!: answer in JSON", "feat"),
        ("Feature: x", "feat"),
        ("bugfix: x", "fix"),
        ("build(deps): bump a from 1 to 2", "chore"),
        ("style: spaces", "chore"),
        ("docs: fix the example", "docs"),
        ("fix: test the docs", "fix"),
        ("Add a button", "feat"),
        ("Adds a button", "feat"),
        ("Implemented search", "feat"),
        ("Fixed a crash on empty input", "fix"),
        ("Fix typo", "docs"),
        ("Update README", "docs"),
        ("Add tests for the parser", "test"),
        ("Run CI on pull requests", "ci"),
        ("Speed up the parser", "perf"),
        ("Refactored the parser", "refactor"),
        ("Rename x to y", "refactor"),
        ("Bump requests to 2", "chore"),
        ("Upgrade dependencies", "chore"),
        ("Merge branch 'main' into side", "merge"),
        ("Merge pull request #1 from a/b", "merge"),
        ('Revert "feat: x"', "revert"),
        ("Release 1.2.0", "release"),
        ("v1.2.0", "release"),
        ("Bump version to 1.2", "release"),
        ("tip: an unknown prefix", "other"),
        ("Decide", "other"),
        ("Address the addition", "other"),
        ("", "other"),
    ],
)
def test_wording_names_the_category(subject: str, category: str) -> None:
    """A conventional prefix decides, then what the commit names, then its verb."""
    assert commit_category(subject, parents=1) == category


@given(st.text())
def test_a_commit_with_two_parents_is_a_merge(subject: str) -> None:
    """Whatever a merge says, it is a merge."""
    assert commit_category(subject, parents=2) == "merge"


@given(st.text())
def test_every_wording_has_a_category(subject: str) -> None:
    """Any text is put in one of the categories."""
    assert commit_category(subject, parents=1) in CATEGORIES
