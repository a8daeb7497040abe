"""Rows that come column by column are what they are when they come one by one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest
from feast.value_type import ValueType
from hypothesis import given, settings
from hypothesis import strategies as st
from support.redis_repo import HABIT, make_project

from oo_stores.errors import EntityKeyError, FeatureValueError, UnknownFeatureError
from oo_stores.redis import OnlineColumns, OnlineRow
from oo_stores.redis.columns import encode_many
from oo_stores.redis.rows import timestamp, timestamps
from oo_stores.redis.values import encoder_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.columns import Column

numbers = st.lists(st.floats(), max_size=4)
seconds = st.one_of(st.integers(-(10**9), 10**11), st.integers(10**9, 2 * 10**9), st.just(0))
# Nanoseconds of one to five bytes, and none.
microseconds = st.one_of(st.integers(0, 999_999), st.integers(2_000, 268_436), st.integers(0, 20))
instants = st.builds(lambda whole, rest: whole * 1_000_000 + rest, seconds, microseconds)


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Iterator[Project]:
    """Give the project with our store."""
    made = make_project(tmp_path, redis_address)
    yield made
    asyncio.run(made.online.close())


def users(count: int, values: dict[str, Column], at: int = 1) -> OnlineColumns:
    """Build rows of so many users."""
    ids = [f"u{number}" for number in range(count)]
    return OnlineColumns({"user_id": ids}, values, [at] * count, [at] * count)


@given(values=numbers, swapped=st.booleans())
@settings(deadline=None)
def test_a_column_of_numbers_is_encoded_as_each_of_them(
    values: list[float], *, swapped: bool
) -> None:
    """A column that is packed in one piece gives the bytes of its values, NaN and -0.0 too."""
    column = np.array(values)
    column = column.astype(">f8") if swapped else column
    expected = list(map(encoder_for(ValueType.DOUBLE), values))
    assert encode_many(ValueType.DOUBLE, column) == expected


@given(row=numbers, others=st.integers(0, 2))
@settings(deadline=None)
def test_a_matrix_is_encoded_as_its_rows(row: list[float], others: int) -> None:
    """Lists of one length give the bytes of each of them, empty ones too, strided or not."""
    matrix = np.array([row, *[row[::-1]] * others]).reshape(1 + others, len(row))
    encoder = encoder_for(ValueType.DOUBLE_LIST)
    assert encode_many(ValueType.DOUBLE_LIST, matrix) == [encoder(list(own)) for own in matrix]
    strided = np.repeat(matrix, 2, axis=1)[:, ::2]
    assert encode_many(ValueType.DOUBLE_LIST, strided) == [encoder(list(own)) for own in matrix]


@given(rows=st.lists(numbers, max_size=4))
@settings(deadline=None)
def test_packed_lists_are_encoded_as_each_of_them(rows: list[list[float]]) -> None:
    """Lists that come packed, of whatever lengths, give the bytes of each of them."""
    encoder = encoder_for(ValueType.DOUBLE_LIST)
    packed = [np.array(row, dtype="<f8").tobytes() for row in rows]
    assert encode_many(ValueType.DOUBLE_LIST, packed) == list(map(encoder, rows))


def test_bytes_that_are_no_doubles_are_refused() -> None:
    """Of packed lists each is looked at."""
    with pytest.raises(ValueError, match="eights of bytes, not 7"):
        encode_many(ValueType.DOUBLE_LIST, [bytes(8), bytes(7)])


@given(st.lists(instants, min_size=1))
@settings(deadline=None)
def test_instants_are_encoded_as_each_of_them(drawn: list[int]) -> None:
    """Instants of any size, whole seconds and some before 1970 among them, give their bytes."""
    assert timestamps(drawn) == list(map(timestamp, drawn))


@pytest.mark.live
def test_columns_are_stored_as_rows_are(project: Project) -> None:
    """Whichever way they come, the same bytes are in the same hashes, several views at once."""
    habit, mood = project.view("habit"), project.view("mood")
    joys = [0.5, -0.0, 2.0]
    rows = [OnlineRow({"user_id": f"u{n}"}, {"joy": joys[n]}, 1, 1) for n in range(3)]
    project.online.write_rows(project.config, mood, rows)
    project.online.write_rows(project.config, habit, [OnlineRow({"user_id": "u0"}, HABIT, 1, 1)])
    stored = project.redis.hashes()
    project.online.delete_entity_values(project.config, ["user_id"])
    assert project.redis.hashes() == {}
    of_habit = users(1, {name: [value] for name, value in HABIT.items()})
    parts = [(mood, users(3, {"joy": np.array(joys)})), (habit, of_habit)]
    assert project.online.write_columns(project.config, parts) == 4
    assert project.redis.hashes() == stored


@pytest.mark.live
def test_older_columns_are_left_out(project: Project) -> None:
    """Redis decides row by row, and those that it has in a newer version stay."""
    mood = project.view("mood")
    newer = OnlineRow({"user_id": "u1"}, {"joy": 9.0}, 5, 5)
    project.online.write_rows(project.config, mood, [newer])
    columns = users(3, {"joy": np.array([1.0, 2.0, 3.0])}, at=4)
    assert project.online.write_columns(project.config, [(mood, columns)]) == 2
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 9.0}
    assert project.read("mood", {"user_id": "u2"}) == {"joy": 3.0}


@pytest.mark.live
@pytest.mark.parametrize(
    ("columns", "error"),
    [
        (OnlineColumns({"person": ["u1"]}, {"joy": [1.0]}, [1], [1]), EntityKeyError),
        (users(1, {"joi": [1.0]}), UnknownFeatureError),
        (users(1, {"joy": ["much"]}), FeatureValueError),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    project: Project, columns: OnlineColumns, error: type[Exception]
) -> None:
    """A fault is found before anything is sent."""
    mood = project.view("mood")
    whole = (mood, users(1, {"joy": [1.0]}))
    with pytest.raises(error):
        project.online.write_columns(project.config, [whole, (mood, columns)])
    assert len(project.redis.keys()) == 0
