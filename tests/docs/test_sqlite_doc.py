"""The page about the SQLite offline store works as it is written."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from feast import FeatureStore
from support.feast_cli import feast, python

from oo_stores import errors
from oo_stores.sqlite import SQLiteOfflineStoreConfig, types
from oo_stores.sqlite.tables.time_formats import TIME_FORMATS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sqlite-offline-store.md").read_text(
    encoding="utf-8"
)
BLOCK = re.compile(r"^```(yaml|python|bash|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Carry out the page, and give what each of its commands prints, each time it is given."""
    repo = tmp_path_factory.mktemp("page") / "trips"
    repo.mkdir()
    printed: dict[str, list[str]] = {"folder": [str(repo)]}
    for kind, text in BLOCK.findall(PAGE):
        if kind == "text" and not text.startswith("# ."):
            continue
        if kind != "bash":
            file = repo / text.splitlines()[0].removeprefix("# ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            continue
        for command in text.splitlines():
            printed.setdefault(command, []).append(carried_out(repo, command))
    return printed


def carried_out(repo: Path, command: str) -> str:
    """Run a command of the page in a process of its own; return what it prints."""
    program, *arguments = command.split()
    if program == "feast":
        return feast(repo, *arguments)
    assert program == "python"
    return python(repo, (repo / arguments[0]).read_text(encoding="utf-8"))


def test_the_quick_start_gives_the_training_set_that_it_says(told: dict[str, list[str]]) -> None:
    """A value counts from its own time on, and is missing before."""
    first, _ = told["python scripts/train.py"]
    answer = first.splitlines()[-1]
    assert answer == "[3.0, 4.0, nan]"
    assert answer in PAGE


def test_the_move_gives_the_same_values(told: dict[str, list[str]]) -> None:
    """Another store answers from the file what this one answered from the table, as it says."""
    _, moved = told["python scripts/train.py"]
    answer = moved.splitlines()[-1]
    assert answer == "[3, 4]"
    assert f"`{answer}`" in PAGE
    folder = Path(told["folder"][0])
    assert (folder / "data" / "driver_hourly.parquet").is_file()


def test_the_online_store_is_filled_and_outlives_the_move(told: dict[str, list[str]]) -> None:
    """The newest value of each driver is served, before and behind the move."""
    store = FeatureStore(told["folder"][0])
    rows = [{"driver_id": 1}, {"driver_id": 2}]
    assert store.get_online_features(["hourly:trips"], rows).to_dict()["trips"] == [4, 5]


def test_the_saved_dataset_is_a_table(told: dict[str, list[str]]) -> None:
    """It is read back by name in another process, and stays behind the move."""
    assert told["python scripts/keep.py"][0].splitlines()[-1] == "3"
    path = Path(told["folder"][0]) / "data" / "features.db"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM january").fetchone() == (3,)


def test_the_examples_of_sources_are_sources(told: dict[str, list[str]]) -> None:
    """None of their arguments is refused."""
    folder = Path(told["folder"][0])
    python(folder, (folder / "scripts" / "sources.py").read_text(encoding="utf-8"))


def test_the_page_knows_every_setting_type_and_error() -> None:
    """Whatever a user can write in a yaml or a table, or may have to catch, is named."""
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([^`]+)`", prose))
    assert set(SQLiteOfflineStoreConfig.model_fields) <= named
    assert set(TIME_FORMATS) <= named
    assert types.__doc__ is not None
    table = types.__doc__[types.__doc__.index("| declared") : types.__doc__.index("\nThis module")]
    assert table in PAGE
    offline = {kind.__name__ for kind in errors.OfflineStoreError.__subclasses__()}
    assert offline <= named
