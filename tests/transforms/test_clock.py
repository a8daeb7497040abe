"""Instants, the user's local clock, and the clock of a training set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oo_transforms import InputRefused, from_micros, local_time, to_micros, with_clock
from oo_transforms.clock import seconds_to_micros

UNTIL_2041 = 2**51
instants = st.integers(0, UNTIL_2041)
offsets = st.integers(-840, 840)
units: st.SearchStrategy[Literal["us", "ns"]] = st.sampled_from(["us", "ns"])
T = pd.Timestamp("2026-03-01 12:00:00.123456", tz="UTC")


@given(instants)
def test_seconds_give_the_microseconds_back(instant_us: int) -> None:
    """A float of Unix seconds loses nothing before May 2041."""
    assert seconds_to_micros(instant_us / 1e6) == instant_us
    assert to_micros(from_micros(instant_us)) == instant_us


@given(instants, offsets)
def test_the_local_clock_is_the_calendars(instant_us: int, offset: int) -> None:
    """Hour and weekday are those that a calendar shows in that zone."""
    local = from_micros(instant_us).astimezone(timezone(timedelta(minutes=offset)))
    assert local_time(instant_us, offset) == (local.hour, local.weekday())


def test_an_instant_is_the_same_in_every_zone() -> None:
    """An offset changes how an instant is written, not when it is."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert to_micros(noon) == to_micros(noon.astimezone(timezone(timedelta(hours=9))))


@settings(deadline=None, max_examples=30)
@example([92_111_358_700_645], "us")
@given(st.lists(instants, min_size=1, max_size=5), units)
def test_now_is_the_event_time(instants_us: list[int], unit: Literal["us", "ns"]) -> None:
    """A training row's clock is its event timestamp, to the last bit of the float."""
    times = pd.to_datetime(pd.Series(instants_us), unit="us", utc=True).dt.as_unit(unit)
    filled = with_clock(pd.DataFrame({"user_id": "u", "event_timestamp": times}))
    assert filled["now"].tolist() == [instant / 1e6 for instant in instants_us]
    assert filled["utc_offset_minutes"].tolist() == [0] * len(instants_us)
    assert filled["utc_offset_minutes"].dtype == np.int64


@pytest.mark.parametrize(
    "times",
    [
        [T, T.tz_convert("Asia/Tokyo")],
        pd.Series([T, T]).dt.tz_localize(None),
        pd.Series([T, T]).dt.as_unit("us"),
        [T.tz_convert("Asia/Tokyo").to_pydatetime(), T.to_pydatetime()],
    ],
    ids=["mixed zones", "naive", "microseconds", "datetimes"],
)
def test_event_times_may_be_written_in_any_way(times: object) -> None:
    """Naive means UTC, zones may be mixed, and the index may repeat itself."""
    frame = pd.DataFrame({"event_timestamp": times}).set_index(pd.Index([7, 7]))
    assert with_clock(frame)["now"].tolist() == [T.timestamp()] * 2


def test_only_what_is_missing_is_filled() -> None:
    """Cells that have a value keep it; the frame that was passed stays as it is."""
    frame = pd.DataFrame(
        {
            "event_timestamp": [T, T],
            "now": pd.Series([5.0, None], dtype=object),
            "utc_offset_minutes": pd.array([None, 60], dtype="Int64"),
        },
    ).set_index(pd.Index([3, 3]))
    before = frame.copy()
    filled = with_clock(frame, pd.Series([-90, -90]))
    assert filled["now"].tolist() == [5.0, T.timestamp()]
    assert filled["utc_offset_minutes"].tolist() == [-90, 60]
    pd.testing.assert_frame_equal(frame, before)


def test_offsets_come_one_for_all_or_one_a_row() -> None:
    """A series is taken in the order of the rows, and a null in it is 0."""
    frame = pd.DataFrame({"event_timestamp": [T, T]}, index=[9, 4])
    assert with_clock(frame, 90)["utc_offset_minutes"].tolist() == [90, 90]
    given = pd.Series([60.0, None])
    assert with_clock(frame, given)["utc_offset_minutes"].tolist() == [60, 0]


def test_a_frame_without_event_times_is_refused() -> None:
    """The error names the column, what there is, and the way out."""
    frame = pd.DataFrame({"at": [T]})
    with pytest.raises(KeyError, match=r"needs a column 'event_timestamp'.*\['at'\].*name the col"):
        with_clock(frame)
    assert list(frame.columns) == ["at"]
    assert with_clock(frame, event_timestamp="at")["now"].tolist() == [T.timestamp()]


def test_a_clock_of_datetimes_is_refused() -> None:
    """`now` is Unix seconds; datetimes are not silently read as something else."""
    frame = pd.DataFrame({"event_timestamp": [T], "now": [T]})
    with pytest.raises(InputRefused, match=r"'now' was given datetime64.*takes Unix seconds UTC"):
        with_clock(frame)
    assert frame["now"].tolist() == [T]
