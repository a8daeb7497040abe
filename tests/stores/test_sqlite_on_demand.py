"""On-demand features computed slice by slice are those that Feast computes from the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast import RequestSource
from feast.infra.offline_stores.offline_store import RetrievalJob
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, Int64, String
from support.sqlite_repo import HOUR, NOON, fields, scores_project

from oo_stores.sqlite.retrieval.on_demand import with_on_demand

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from feast import FeatureStore, FeatureView

    from oo_stores.sqlite import SQLiteRetrievalJob

pytestmark = pytest.mark.filterwarnings("ignore:On demand feature view is an experimental")

REFERENCES = ["scores:score", "in_python:kind", "in_pandas:doubled", "in_python:tail"]


def views(scores: FeatureView) -> list[Any]:
    """Return a view in python mode and one in pandas mode; one of their features is not asked."""
    request = RequestSource(name="request", schema=fields(factor=Int64))

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[scores, request],
        schema=fields(kind=String, tail=Float64, unasked=Float64),
        mode="python",
    )
    def in_python(inputs: dict[str, list[Any]]) -> dict[str, list[Any]]:
        scores = inputs["score"]
        return {
            "kind": [None if score is None else f"{score:.0f}" for score in scores],
            # Whole numbers in some slices and floats in others.
            "tail": [None if score is None or score >= 5 else min(3, score) for score in scores],
            "unasked": scores,
        }

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[scores, request], schema=fields(doubled=String), mode="pandas"
    )
    def in_pandas(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"doubled": (inputs["factor"] * 2).astype(str)})

    return [in_python, in_pandas]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project with users' scores 1 to 6 and two on-demand views."""
    rows = [(user, NOON, NOON, float(number)) for number, user in enumerate("abcdef", 1)]
    made = scores_project(tmp_path, rows)
    made.apply(views(made.get_feature_view("scores")))
    return made


def asked() -> pd.DataFrame:
    """Return users, an unknown one among them, with request data of which some is missing."""
    users = list("abxcdef")
    factors = pd.array([1, 2, 3, 4, None, 6, 7], dtype="Int64")
    return pd.DataFrame({"user_id": users, "event_timestamp": NOON + HOUR, "factor": factors})


def features(table: pa.Table, job: SQLiteRetrievalJob, rows_at_a_time: int) -> pa.Table:
    """Return a job's features with its on-demand ones."""
    return with_on_demand(
        table,
        job.on_demand_feature_views,
        REFERENCES,
        full_feature_names=job.full_feature_names,
        rows_at_a_time=rows_at_a_time,
    )


@pytest.mark.parametrize("full_feature_names", [True, False])
@pytest.mark.parametrize("rows_at_a_time", [1, 2, 3, 100])
def test_slices_give_what_the_whole_gives(
    store: FeatureStore,
    rows_at_a_time: int,
    full_feature_names: bool,  # noqa: FBT001  a parameter
) -> None:
    """Values, types, columns and their order are Feast's own, however small the slices."""
    job: Any = store.get_historical_features(
        asked(), REFERENCES, full_feature_names=full_feature_names
    )
    plain = job._to_arrow_internal()  # noqa: SLF001  what Feast itself starts from
    stock = RetrievalJob.to_arrow(job)
    assert features(plain, job, rows_at_a_time).equals(stock)
    assert job.to_arrow().equals(stock)


def test_no_rows_give_no_rows(store: FeatureStore) -> None:
    """An empty request has all columns."""
    job: Any = store.get_historical_features(asked().iloc[:0], REFERENCES)
    assert job.to_arrow().equals(RetrievalJob.to_arrow(job))


def test_slices_of_a_job_have_on_demand_features(store: FeatureStore) -> None:
    """Whoever reads a job slice by slice gets what `to_arrow` gives."""
    job: Any = store.get_historical_features(asked(), REFERENCES)
    (part,) = job.slices()
    assert part.equals(job.to_arrow())


def test_a_frame_is_the_callers_to_change(store: FeatureStore) -> None:
    """`to_df` gives a frame that can be written to, with rows counted from zero."""
    job = store.get_historical_features(asked(), REFERENCES)
    frame = job.to_df()
    frame.loc[0, "score"] = 9.0
    assert list(frame.index) == list(range(7))
    assert frame["score"][0] == 9.0
    assert job.to_df()["score"][0] == 1.0


def test_what_an_on_demand_function_says_of_itself_stays(store: FeatureStore) -> None:
    """An error in a function reaches the caller as it is."""

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[store.get_feature_view("scores")], schema=fields(odd=Float64), mode="pandas"
    )
    def broken(inputs: pd.DataFrame) -> pd.DataFrame:
        if len(inputs) and inputs["score"].notna().any():
            raise ArithmeticError("no odd scores")
        return pd.DataFrame({"odd": inputs["score"]})

    job: Any = store.get_historical_features(asked(), ["scores:score"])
    table = job.to_arrow()
    with pytest.raises(ArithmeticError, match="no odd scores"):
        with_on_demand(table, [broken], ["broken:odd"], full_feature_names=False)
