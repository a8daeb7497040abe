"""Every error of redis-py comes out as one of ours, and work beside encoding keeps its order."""

from __future__ import annotations

import pytest
from redis import exceptions

from oo_stores import errors
from oo_stores.redis.failures import translated
from oo_stores.redis.overlap import Overlapped

SCRIPT = "Error running script (call to f_1): @user_script:9: @user_script: 9: -{} Why."


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (exceptions.ConnectionError("refused"), errors.ServerUnavailableError),
        (exceptions.BusyLoadingError("loading"), errors.ServerUnavailableError),
        (exceptions.ClusterDownError("down"), errors.ServerUnavailableError),
        (exceptions.MovedError("1 h:2"), errors.ServerUnavailableError),
        (exceptions.RedisClusterException("no nodes"), errors.ServerUnavailableError),  # type: ignore[no-untyped-call]
        (exceptions.TimeoutError("late"), errors.ServerTimeoutError),
        (exceptions.AuthenticationError("invalid"), errors.ServerDeniedError),
        (exceptions.NoPermissionError("no"), errors.ServerDeniedError),
        (exceptions.OutOfMemoryError("full"), errors.ServerFullError),
        (exceptions.ResponseError(SCRIPT.format("OOM")), errors.ServerFullError),
        (exceptions.ReadOnlyError("replica"), errors.ServerReadOnlyError),
        (exceptions.ResponseError(SCRIPT.format("READONLY")), errors.ServerReadOnlyError),
        (exceptions.ResponseError("MISCONF cannot save"), errors.ServerReadOnlyError),
        (exceptions.ResponseError("WRONGTYPE of BLOOM"), errors.ServerAnswerError),
    ],
)
def test_an_error_has_its_class(
    raised: Exception, expected: type[errors.OnlineServerError]
) -> None:
    """The class says what to do, and the message names the server and the client's reason."""
    error = translated(raised, "Redis at h:1")
    assert type(error) is expected
    assert str(error).startswith("Redis at h:1 ")
    assert error.reason in str(error)


def test_pieces_are_done_in_order() -> None:
    """What pieces return is told in order, by the caller's own thread."""
    told: list[int] = []
    with Overlapped(told.append) as overlapped:
        for number in range(3):
            overlapped.start(lambda number=number: number)  # type: ignore[misc]
        overlapped.finish(lambda: 3)
    assert told == [0, 1, 2, 3]


def test_a_failure_ends_the_work() -> None:
    """What a piece raises comes out at the next one, which is not done."""
    told: list[int] = []

    def fail() -> int:
        raise ValueError("piece 0")

    with Overlapped(told.append) as overlapped:
        overlapped.start(fail)
        with pytest.raises(ValueError, match="piece 0"):
            overlapped.finish(lambda: 1)
    assert told == []
