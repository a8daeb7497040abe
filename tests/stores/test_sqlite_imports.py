"""Whoever only writes tables pays for no import of Feast."""

from __future__ import annotations

import subprocess
import sys

import pytest

from oo_stores import sqlite

QUICK = "import sys, oo_stores.sqlite.types, oo_stores.errors, oo_stores.settings; "
HEAVY = "print({'feast', 'pyarrow', 'pandas', 'numpy'} & set(sys.modules))"


def test_the_vocabulary_imports_nothing_heavy() -> None:
    """The declared types, errors and settings need the standard library alone."""
    finished = subprocess.run(
        [sys.executable, "-c", QUICK + HEAVY], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "set()"


def test_writing_a_table_needs_no_feast() -> None:
    """`write_table` is there without Feast."""
    code = "import sys; from oo_stores.sqlite import write_table; print('feast' in sys.modules)"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "False"


def test_every_public_name_is_there() -> None:
    """The list of names is sorted and complete; an unknown one is an AttributeError."""
    assert sorted(sqlite.__all__) == sqlite.__all__
    assert all(getattr(sqlite, name).__name__ == name for name in sqlite.__all__)
    with pytest.raises(AttributeError, match="no attribute 'write_tables'"):
        sqlite.write_tables  # noqa: B018  looking it up is the test
