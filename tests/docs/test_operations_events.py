"""`docs/operations.md` lists every event of the log, with its context, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_.]+)` \| (info|warning) \| (.*) \|$", re.MULTILINE)


def logged() -> dict[tuple[str, str], set[str]]:
    """Find every event that the code logs: name, level, and the keys of its context."""
    found: dict[tuple[str, str], set[str]] = {}
    for file in sorted((PROJECT / "oo_profile").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    ast.Attribute(ast.Name("_log"), level), [ast.Constant(str(name))], keywords
                ):
                    keys = {word.arg for word in keywords if word.arg}
                    found.setdefault((name, level), set()).update(keys)
                case ast.Call(ast.Attribute(ast.Name("_log"))):
                    raise AssertionError(f"{file}:{node.lineno}: the name of an event is fixed")
    return found


def test_every_event_is_listed_with_its_context() -> None:
    """The table and the code have the same names, levels and keys."""
    listed = {(name, level): text for name, level, text in ROW.findall(DOCUMENT)}
    events = logged()
    assert listed.keys() == events.keys()
    missing = {
        event: lacking
        for event, keys in events.items()
        if (lacking := {key for key in keys if f"`{key}`" not in listed[event]})
    }
    assert missing == {}


def test_no_module_logs_past_the_events() -> None:
    """Outside of the module that makes them, nothing here uses the standard library's log."""
    users = [
        file.relative_to(PROJECT).as_posix()
        for file in (PROJECT / "oo_profile").rglob("*.py")
        if "logging.getLogger" in file.read_text(encoding="utf-8")
    ]
    assert users == ["oo_profile/insight/events.py"]


def test_no_event_names_a_user() -> None:
    """No context has a key for a person."""
    keys = set().union(*logged().values())
    assert not {key for key in keys if "user_id" in key or key == "user"}
