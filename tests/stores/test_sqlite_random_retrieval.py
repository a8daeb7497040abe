"""Random histories give what a plain definition gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sqlite_repo import (
    DATABASE,
    KEY,
    NOON,
    USER,
    project,
    score_view,
    scores,
    write_scores,
)

if TYPE_CHECKING:
    from pathlib import Path

    from support.sqlite_repo import Row

SECOND = timedelta(seconds=1)
USERS = st.sampled_from("abc")
# Few distinct instants, so that ties, TTL edges and late corrections are common.
INSTANTS = st.integers(0, 12).map(lambda second: NOON + second * SECOND)
TTLS = st.sampled_from([None, 0, 1, 3, 5])


@dataclass(frozen=True, slots=True)
class Case:
    """A history, the entity rows asked for, and how."""

    history: list[Row]
    asked: list[tuple[str, datetime]]
    ttl: timedelta | None
    as_seen: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a case; no two rows of the history have the same user and times."""
    keys = draw(st.lists(st.tuples(USERS, INSTANTS, INSTANTS), unique=True, max_size=25))
    seconds = draw(TTLS)
    return Case(
        history=[(*key, float(number)) for number, key in enumerate(keys)],
        asked=draw(st.lists(st.tuples(st.sampled_from("abcx"), INSTANTS), max_size=12)),
        ttl=None if seconds is None else seconds * SECOND,
        as_seen=draw(st.booleans()),
    )


def expected(case: Case) -> list[float | None]:
    """Answer a case by looking at every row of the history for every entity row."""
    return [_newest(case, user, time) for user, time in case.asked]


def _newest(case: Case, user: str, time: datetime) -> float | None:
    frame = pd.DataFrame(case.history, columns=["user", "event", "created", "score"])
    counts = (frame["user"] == user) & (frame["event"] <= time)
    if case.ttl:
        counts &= frame["event"] >= time - case.ttl
    if case.as_seen:
        counts &= frame["created"] <= time
    newest = frame[counts].sort_values(["event", "created"])["score"]
    return None if newest.empty else float(newest.iloc[-1])


@pytest.mark.parametrize("key", [KEY, None], ids=["primary key", "no index"])
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=cases())
def test_retrieval_is_what_the_definition_says(
    tmp_path: Path, case: Case, key: tuple[str, ...] | None
) -> None:
    """TTL, ties, late corrections and the as-seen filter agree with a brute-force answer."""
    for file in tmp_path.glob(f"{DATABASE}*"):
        file.unlink()
    write_scores(tmp_path, case.history, key)
    store = project(tmp_path)
    store.apply([USER, score_view(ttl=case.ttl)])
    frame = pd.DataFrame(case.asked, columns=["user_id", "event_timestamp"])
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True)
    assert scores(store, frame, filter_by_created_timestamp=case.as_seen) == expected(case)
