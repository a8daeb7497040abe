"""Feast's own servers, started by its own commands in the folder of the definitions."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from support.building import minutes_ago
from support.world import signal

from oo_profile.development.ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World

pytestmark = [pytest.mark.live, pytest.mark.slow]

DEADLINE_SECONDS = 180


@contextmanager
def feast_server(world: World, home: Path, *command: str) -> Iterator[int]:
    """Run a command that serves, until it answers, and stop it behind the test; give its port."""
    port = free_port()
    log = home / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "feast.cli.cli", *command, "-p", str(port)],
            cwd=world.settings.repo,
            # Its web server keeps a socket at home.
            env={**os.environ, "HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_for(port, process, log)
            yield port
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            ask(port, "GET", "/health")
        except OSError:
            time.sleep(0.1)  # Feast takes seconds to import
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Return status and body of an answer."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def served(port: int, asked: object) -> dict[str, Any]:
    """Ask for features, and return the columns by name."""
    status, body = ask(port, "POST", "/get-online-features", asked)
    assert status == 200, body
    answer = json.loads(body)
    return dict(zip(answer["metadata"]["feature_names"], answer["results"], strict=True))


def test_feast_serve_answers_over_http(world: World, tmp_path: Path) -> None:
    """Vectors with nulls in the request, and statuses: there, unknown, too old, not yet set."""
    task, half_a_year = {"task_id": "t", "category": "work"}, 180 * 24 * 60
    world.publish_and_build(
        [
            signal("task.completed", "u1", minutes_ago(5), **task),
            signal("task.completed", "old", minutes_ago(half_a_year), **task),
            signal("source.synced", "u1", minutes_ago(5), source="app"),
        ]
    )
    asked = {
        "feature_service": "bandit_v2",
        "entities": {
            "user_id": ["u1", "nobody"],
            "now": [time.time()] * 2,
            "utc_offset_minutes": [0, 0],
            "created_at": [time.time() - 86_400, None],
            "due_at": [None, None],
            "priority": [4.0, None],
            "category": ["work", "work"],
        },
    }
    with feast_server(world, tmp_path, "serve") as port:
        features = {name: column["values"] for name, column in served(port, asked).items()}
        states = {
            "features": ["task_state:task_completed", "sync_state:sync_mood_at"],
            "entities": {"user_id": ["u1", "nobody", "old"]},
        }
        stored = {name: column["statuses"] for name, column in served(port, states).items()}
    assert features["category_affinity"] == [pytest.approx(1 / 3, rel=1e-3), 0.0]
    assert features["completion_rate"] == [pytest.approx(2 / 3, rel=1e-3), 0.5]
    assert features["priority_level"] == [4.0, 1.0]
    assert stored["task_completed"] == ["PRESENT", "NOT_FOUND", "OUTSIDE_MAX_AGE"]
    assert stored["sync_mood_at"] == ["NULL_VALUE", "NOT_FOUND", "NOT_FOUND"]


def test_feast_ui_shows_the_project(world: World, tmp_path: Path) -> None:
    """The page of the lineage is there, and what it draws: state views feed computed ones."""
    with feast_server(world, tmp_path, "ui", "--host", LOOPBACK) as port:
        page = ask(port, "GET", "/p/oo/lineage")
        status, body = ask(port, "GET", "/api/v1/lineage/complete?project=oo")
    assert page[0] == 200
    assert b"<html" in page[1].lower()
    assert status == 200, body
    edges = {
        (edge["source"]["name"], edge["target"]["name"])
        for edge in json.loads(body)["relationships"]
    }
    assert ("task_state", "match_features") in edges
    assert ("match_features", "bandit_v2") in edges
