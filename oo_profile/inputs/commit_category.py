"""What kind of work a commit was, from its own wording."""

from __future__ import annotations

import re

CATEGORIES = (
    "feat",
    "fix",
    "docs",
    "test",
    "chore",
    "refactor",
    "ci",
    "perf",
    "merge",
    "release",
    "revert",
    "other",
)
"""Every answer of `commit_category`."""

# <type>(<scope>)!: - https://www.conventionalcommits.org, with the types people really write.
_CONVENTIONAL = re.compile(r"(?P<type>[a-z]+)\s*(?:\([^)]*\))?!?:", re.IGNORECASE)
_TYPES = {name: name for name in CATEGORIES} | {
    "feature": "feat",
    "features": "feat",
    "bug": "fix",
    "bugfix": "fix",
    "hotfix": "fix",
    "fixes": "fix",
    "doc": "docs",
    "tests": "test",
    "testing": "test",
    "build": "chore",
    "deps": "chore",
    "style": "chore",
    "lint": "chore",
    "refact": "refactor",
    "performance": "perf",
}

# Tried in order on the lower-cased subject: what names itself first, then what is worked on
# ("fix the docs" is documentation), then the verb. Alternatives of one category in one tuple.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("merge", (r"merged? (?:branch|branches|pull|tag|remote|commit|in|\S+ into)\b",)),
    ("revert", (r"revert(?:s|ed|ing)?\b", r"back(?:ed)? out\b")),
    (
        "release",
        (
            r"(?:cut|prepare|tag|make)? ?(?:the |for )?releas(?:e|ing)\b",
            r"v?\d+\.\d+(?:\.\d+)?\S*$",
            r"bump(?:ed|ing)? (?:the )?version",
            r"version bump",
        ),
    ),
    ("docs", (r".*\b(?:docs?|documentation|docstrings?|readme|changelog|typos?)\b",)),
    ("ci", (r".*\b(?:ci|github actions?|travis|workflows?|pipelines?|appveyor)\b",)),
    ("test", (r".*\b(?:tests?|testing|coverage|fixtures?)\b",)),
    ("fix", (r".*\b(?:fix(?:e[sd]|ing)?|bugs?|hotfix|regression|crash(?:es)?|repair\w*)\b",)),
    ("perf", (r".*\b(?:perf|performance|optimi[sz]\w*|faster|speed ?up|speed)\b",)),
    (
        "refactor",
        (
            r".*\b(?:refactor\w*|clean ?up|simplif\w+|restructur\w+|reorgani[sz]\w+)\b",
            r"(?:rename|move|extract|split|inline|rewrite)[sd]?\b",
        ),
    ),
    (
        "chore",
        (
            r"(?:bump|upgrade|pin|lint|format|reformat|chore)\w*\b",
            r".*\b(?:dependenc(?:y|ies)|deps|gitignore|pre-commit)\b",
        ),
    ),
    (
        "feat",
        (r"(?:add|implement|support|introduce|allow|enable|create|new|initial)(?:s|ed|ing)?\b",),
    ),
)
_PATTERNS = tuple((category, re.compile("|".join(words))) for category, words in _WORDS)


def commit_category(subject: str, *, parents: int) -> str:
    """Tell what kind of work a commit was.

    A commit with several parents is a merge whatever it says. Else a conventional-commit prefix
    decides, and without one the words of the subject do.

    Args:
        subject: First paragraph of the message; may be empty.
        parents: How many parents the commit has.

    Returns:
        One of `CATEGORIES`; "other" where nothing is recognised.

    >>> commit_category("feat(api)!: answer in JSON", parents=1)
    'feat'
    >>> commit_category("Fixed a crash on empty input", parents=1)
    'fix'
    """
    if parents > 1:
        return "merge"
    text = subject.strip().lower()
    prefix = _CONVENTIONAL.match(text)
    if prefix and (named := _TYPES.get(prefix["type"])):
        return named
    return next((category for category, words in _PATTERNS if words.match(text)), "other")
