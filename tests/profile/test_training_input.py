"""`oo train` takes entity rows as they stand, and refuses those that cannot do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from support.world import signal

from oo_profile.training.entity_file import event_times

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rows() -> pd.DataFrame:
    """Return entity rows that `bandit_v2` can take."""
    return pd.DataFrame(
        {
            "user_id": "ada",
            "event_timestamp": [pd.Timestamp(MARCH)] * 4,
            "created_at": MARCH.timestamp(),
            "due_at": None,
            "priority": 2,
            "category": "fix",
        }
    )


def test_a_csv_is_read_as_it_stands(world: World) -> None:
    """Ids stay text, times may be naive (UTC) or have any offset, extra columns are kept."""
    at = "2026-03-01T17:30:00+05:30"
    world.publish_and_build([signal("task.completed", "007", at, task_id="t", category="fix")])
    folder = world.settings.db.parent
    (folder / "in.csv").write_text(
        "user_id,shown_at,reward,created_at,due_at,priority,category\n"
        "007,2026-03-01T14:00:00+02:00,1,1772000000,,2,fix\n"
        "007,2026-03-01 12:00:00,,1772000000,1772600000.5,2,fix\n"
    )
    files = (str(folder / "in.csv"), "--out", str(folder / "deep" / "out.csv.gz"))
    options = ("--service", "bandit_v2", "--timestamp-column", "shown_at")
    world.oo("train", *files, *options)
    made = pd.read_csv(folder / "deep" / "out.csv.gz", dtype=str)
    assert list(made.columns)[:7] == (folder / "in.csv").read_text().splitlines()[0].split(",")
    assert made["user_id"].tolist() == ["007", "007"]
    assert made["shown_at"].tolist() == ["2026-03-01 12:00:00+00:00"] * 2
    assert made["reward"].fillna("").tolist() == ["1", ""]
    assert made["utc_offset_minutes"].tolist() == ["330", "330"]
    assert made["completion_rate"][0] == made["completion_rate"][1] != "0.5"
    assert float(made["hours_until_due"][1]) == (1772600000.5 - MARCH.timestamp()) / 3600


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": ["due_at", "user_id"]}, "lack user_id, due_at: bandit_v2 needs user_id, "),
        ({"drop": ["event_timestamp"]}, "lack event_timestamp"),
        ({"user_id": 7}, "column user_id holds int64: ids of users are text"),
        (
            {"user_id": [None, "a", "", "b"]},
            "user_id is empty in 2 rows, the first is row 1:",
        ),
        ({"event_timestamp": [None, *[MARCH] * 3]}, "column event_timestamp is empty in 1 row"),
        (
            {"event_timestamp": 1.7e9},
            "event_timestamp holds no event times: it holds double",
        ),
        ({"event_timestamp": "soon"}, "event_timestamp holds no event times: 'soon' is no instant"),
        ({"event_timestamp": "1969-12-31"}, "event_timestamp holds no event times"),
        ({"created_at": "2026-01-01"}, "column created_at holds string, the service takes Float64"),
        ({"created_at": MARCH}, "instants are Unix seconds as numbers"),
        ({"category": 3}, "column category holds int64, the service takes String"),
        ({"utc_offset_minutes": 1.5}, "column utc_offset_minutes holds double"),
        ({"is_weekend": True}, "columns named like features of bandit_v2: is_weekend. Rename"),
    ],
)
def test_entity_rows_that_cannot_do_are_refused(
    world: World, change: dict[str, Any], message: str
) -> None:
    """The message names the column and what it must hold; nothing is written."""
    entities = rows().drop(columns=change.pop("drop", [])).assign(**change)
    folder = world.settings.db.parent
    entities.to_parquet(folder / "in.parquet", index=False)
    files = (str(folder / "in.parquet"), "--out", str(folder / "out.parquet"))
    result = world.oo("train", *files, "--service", "bandit_v2", code=1)
    assert message in result.stderr
    assert not (folder / "out.parquet").exists()


@pytest.mark.parametrize(
    "times",
    [
        pa.array([MARCH] * 4, pa.timestamp("ns", "Europe/Paris")),
        pa.array([MARCH.replace(tzinfo=None)] * 4, pa.timestamp("ms")),
        pa.array(["2026-03-01T17:30+05:30", "2026-03-01T12:00"] * 2),
        pa.array(["2026-03-01 12:00:00Z"] * 4).dictionary_encode(),
    ],
)
def test_event_times_are_instants_however_they_are_written(times: pa.Array) -> None:
    """Aware in any zone, naive for UTC, as text or as timestamps of any unit."""
    read = event_times(pa.chunked_array([times]), "at")
    assert read.type == pa.timestamp("us", "UTC")
    assert read.to_pylist() == [MARCH] * 4


def test_a_date_is_its_midnight() -> None:
    """In UTC, as a naive instant is."""
    day = pa.chunked_array([pa.array([MARCH.date()])])
    assert event_times(day, "at").to_pylist() == [MARCH.replace(hour=0)]


def test_missing_columns_are_named_beside_those_that_are_there(world: World) -> None:
    """What is needed, what is there, and what is filled in by itself."""
    folder = world.settings.db.parent
    (folder / "in.csv").write_text("user,when\na,2026-01-01\n")
    files = (str(folder / "in.csv"), "--out", str(folder / "out.csv"))
    error = world.oo("train", *files, "--service", "bandit_v2", code=1).stderr
    needed = "user_id, event_timestamp, created_at, due_at, priority, category"
    assert f"lack {needed}: bandit_v2 needs {needed}, the file has user, when." in error
    assert "now and utc_offset_minutes are filled in" in error
    error = world.oo("train", *files, "--service", "profile_v1", code=1).stderr
    assert "profile_v1 needs user_id, event_timestamp, the file has user, when." in error


@pytest.mark.parametrize(
    ("entities", "out", "message"),
    [
        ("in.xlsx", "out.csv", "in.xlsx is of no kind that is known: its name must end in .csv"),
        ("in.csv", "out.feather", "out.feather is of no kind that is known"),
        ("in.csv", "out.csv", "cannot read in.csv"),
    ],
)
def test_files_that_cannot_be_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, entities: str, out: str, message: str
) -> None:
    """A file of another kind is refused, as is one that is not there."""
    folder = world.settings.db.parent
    monkeypatch.chdir(folder)
    result = world.oo("train", entities, "--service", "bandit_v2", "--out", out, code=1)
    assert message in result.stderr
    assert [path.name for path in folder.iterdir()] == ["registry.db"]


def test_an_unknown_service_is_answered_with_those_there_are(world: World) -> None:
    """Before the entity rows are read."""
    result = world.oo("train", "in.csv", "--service", "bandit", "--out", "out.csv", code=1)
    assert "no service 'bandit'; near to it: bandit_v2, bandit_v1" in result.stderr
