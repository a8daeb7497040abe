"""A disk is told to be filling before it is full, by a rule that is stated."""

from __future__ import annotations

import math

import pytest

from oo_profile.insight.disk import Disk, DiskForecast

GIB = 1 << 30
HOUR = 3600.0


def watched(seconds: float, bytes_per_second: float, free_bytes: int, step: float = 5.0) -> Disk:
    """Watch a disk of 100 GiB fill up, and return what is said at the end."""
    forecast, disk, now = DiskForecast(), None, 0.0
    while now <= seconds:
        left = free_bytes + round((seconds - now) * bytes_per_second)
        disk = forecast.add(now, left, 100 * GIB)
        now += step
    assert disk is not None
    return disk


@pytest.mark.parametrize(("hours_left", "filling"), [(23.5, True), (24.5, False)])
def test_full_within_a_day_is_filling(hours_left: float, filling: bool) -> None:  # noqa: FBT001 - a row of a table
    """What is free, over the growth of the last hour, is less than a day."""
    free = 50 * GIB
    disk = watched(2 * HOUR, free / (hours_left * HOUR), free)
    assert disk.full_seconds == pytest.approx(hours_left * HOUR, rel=0.01)
    assert disk.filling is filling


def test_ten_minutes_of_growth_are_no_forecast() -> None:
    """Until then nothing is said, however fast it goes."""
    assert watched(595, 1e7, 50 * GIB).full_seconds == math.inf
    assert watched(600, 1e7, 50 * GIB).full_seconds < math.inf


def test_growth_that_ended_over_an_hour_ago_is_forgotten() -> None:
    """A disk that no longer fills is not filling."""
    forecast = DiskForecast()
    forecast.add(0, 90 * GIB, 100 * GIB)
    assert forecast.add(1800, 20 * GIB, 100 * GIB).filling
    for minute in range(31, 100):
        forecast.add(minute * 60, 20 * GIB, 100 * GIB)
    disk = forecast.add(6000, 20 * GIB, 100 * GIB)
    assert disk.full_seconds == math.inf
    assert not disk.filling


@pytest.mark.parametrize(
    ("free_bytes", "total_bytes", "filling"),
    [
        (GIB - 1, 100 * GIB, True),
        (GIB, 100 * GIB, False),
        (GIB // 2, 8 * GIB, False),  # more than 5 % of a small disk
        (GIB // 3, 8 * GIB, True),
        (0, 8 * GIB, True),
    ],
)
def test_little_free_is_filling_without_growth(
    free_bytes: int,
    total_bytes: int,
    filling: bool,  # noqa: FBT001 - a row of a table
) -> None:
    """Less than 1 GiB and less than 5 % are too little, at once."""
    assert DiskForecast().add(0, free_bytes, total_bytes).filling is filling
