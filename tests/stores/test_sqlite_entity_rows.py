"""Entity rows are taken as people have them: times of any kind, in a column of any name."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.errors import EntityTimestampInferenceException, FeastEntityDFMissingColumnsError
from support.sqlite_repo import HOUR, NOON, scores, scores_project

from oo_stores.errors import SourceError
from oo_stores.sqlite.retrieval.entity_rows import EntityRows

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

INDIA = timezone(timedelta(hours=5, minutes=30))
NAIVE_NOON = NOON.replace(tzinfo=None)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project in which user a has 1.0 from noon and 2.0 from one o'clock on."""
    return scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("a", NOON + HOUR, NOON, 2.0)])


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([NOON, NOON + HOUR]),
        pd.Series([NAIVE_NOON, NAIVE_NOON + HOUR]),
        pd.Series([NOON, NOON + HOUR]).dt.tz_convert("Asia/Kolkata"),
        pd.Series([NOON, NOON + HOUR]).dt.as_unit("us"),
        pd.Series([NOON, NOON + HOUR]).dt.as_unit("s"),
        pd.Series([NOON.astimezone(INDIA), NOON + HOUR], dtype=object),
        pd.Series([NAIVE_NOON, NOON + HOUR], dtype=object),
        pd.Series(["2024-01-10 12:00", "2024-01-10T15:00:00+02:00"]),
        pd.Series(["2024-01-10T14:00:00+02:00", "2024-01-10 13:00"]),
        pd.Series(["2024-01-10T12:00:00.000001Z", "2024-01-10T13:00:00Z"]),
    ],
    ids=[
        "aware",
        "naive",
        "zone",
        "us",
        "s",
        "mixed zones",
        "mixed naive",
        "text",
        "naive text behind aware",
        "fraction",
    ],
)
def test_times_may_be_of_any_kind(store: FeatureStore, times: pd.Series[Any]) -> None:
    """Naive times are UTC; the answer's times are datetimes, and the caller's frame is kept."""
    frame = pd.DataFrame({"user_id": ["a", "a"], "event_timestamp": times})
    frame.index = pd.Index([7, 7])
    before = frame.copy(deep=True)
    answer = store.get_historical_features(frame, features=["scores:score"]).to_df()
    assert answer["score"].tolist() == [1.0, 2.0]
    assert isinstance(answer["event_timestamp"].dtype, pd.DatetimeTZDtype)
    assert answer["event_timestamp"].dt.floor("s").tolist() == [NOON, NOON + HOUR]
    assert EntityRows.from_frame(frame).times.type.tz == "UTC"
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([NOON, NOON + HOUR]),
        pd.Series([NOON.astimezone(INDIA), NOON + HOUR], dtype=object),
    ],
    ids=["datetimes", "mixed zones"],
)
def test_the_only_column_of_times_may_have_any_name(
    store: FeatureStore, times: pd.Series[Any]
) -> None:
    """Without a column event_timestamp the one column of datetimes is taken, under its name."""
    frame = pd.DataFrame({"user_id": ["a", "a"], "shown at": times, "label": ["x", "y"]})
    answer = store.get_historical_features(frame, features=["scores:score"]).to_df()
    assert list(answer.columns) == ["user_id", "shown at", "label", "score"]
    assert answer["score"].tolist() == [1.0, 2.0]
    assert isinstance(answer["shown at"].dtype, pd.DatetimeTZDtype)


def test_event_timestamp_is_preferred_to_other_times(store: FeatureStore) -> None:
    """A further column of datetimes is an ordinary column."""
    frame = pd.DataFrame({"user_id": ["a"], "born": [NOON - HOUR], "event_timestamp": [NOON]})
    assert scores(store, frame) == [1.0]


@pytest.mark.parametrize("columns", [{}, {"born": [NOON], "seen": [NOON]}])
def test_an_unclear_column_of_times_is_refused(
    store: FeatureStore, columns: dict[str, list[object]]
) -> None:
    """With no column of times, or several, Feast's own error asks for event_timestamp."""
    frame = pd.DataFrame({"user_id": ["a"], **columns})
    with pytest.raises(EntityTimestampInferenceException, match="event_timestamp"):
        store.get_historical_features(frame, features=["scores:score"])


def test_text_keeps_every_nanosecond(store: FeatureStore) -> None:
    """A nanosecond before one o'clock is before it, in text as in a datetime."""
    times = ["2024-01-10 12:59:59.999999999", "2024-01-10T15:00:00.000000001+02:00"]
    frame = pd.DataFrame({"user_id": ["a", "a"], "event_timestamp": times})
    found = store.get_historical_features(frame, features=["scores:score"]).to_df()
    assert found["score"].tolist() == [1.0, 2.0]
    assert found["event_timestamp"].dt.nanosecond.tolist() == [999, 1]


@pytest.mark.parametrize("times", [[1_700_000_000], ["yesterday"], ["12:00:00.123456789"]])
def test_times_that_cannot_be_read_are_refused(store: FeatureStore, times: list[object]) -> None:
    """Numbers and other text are never guessed at."""
    frame = pd.DataFrame({"user_id": ["a"], "event_timestamp": times})
    with pytest.raises(SourceError, match="'event_timestamp' datetimes or ISO 8601 text"):
        store.get_historical_features(frame, features=["scores:score"])


def test_a_missing_join_key_is_refused(store: FeatureStore) -> None:
    """Entity rows without a view's key are refused with Feast's own error."""
    frame = pd.DataFrame({"user": ["a"], "event_timestamp": [NOON]})
    with pytest.raises(FeastEntityDFMissingColumnsError, match="user_id"):
        store.get_historical_features(frame, features=["scores:score"])


def test_entity_rows_of_another_kind_are_refused(store: FeatureStore) -> None:
    """What is neither a DataFrame nor SQL text is named, with what to give."""
    rows: Any = [{"user_id": "a", "event_timestamp": NOON}]
    with pytest.raises(SourceError, match="a pandas DataFrame or a SQL query, not list"):
        store.get_historical_features(rows, features=["scores:score"])
