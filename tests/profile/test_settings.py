"""Where things are: environment beats yaml beats default, and never in two places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from oo_profile.errors import RepoNotFoundError, SettingsError
from oo_profile.settings import Settings, nats_endpoint, nats_url, redis_endpoint

if TYPE_CHECKING:
    from pathlib import Path

YAML = """\
project: oo
registry: {path: "${OO_REGISTRY:-../data/registry.db}"}
online_store: {connection_string: "${OO_REDIS}"}
offline_store: {path: "${OO_DB}"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project folder whose yaml names the variables."""
    write_yaml(tmp_path, YAML)
    return tmp_path.resolve()


def write_yaml(project: Path, text: str) -> None:
    """Replace the project's feature_store.yaml."""
    repo = project / "feature_repo"
    repo.mkdir(exist_ok=True)
    (repo / "feature_store.yaml").write_text(text, encoding="utf-8")


def test_without_any_setting_everything_is_local(project: Path) -> None:
    """Files lie in the project's data folder and the servers on this machine."""
    assert Settings.load({}, project) == Settings(
        repo=project / "feature_repo",
        db=project / "data" / "oo.db",
        registry=project / "data" / "registry.db",
        redis="localhost:6379",
        nats="nats://localhost:4222",
    )


@pytest.mark.parametrize("below", ["", "feature_repo", "ml/serving", "a/b/c"])
def test_the_working_directory_moves_nothing(project: Path, below: str) -> None:
    """Every folder of the project sees the same settings."""
    cwd = project / below
    cwd.mkdir(parents=True, exist_ok=True)
    assert Settings.load({}, cwd) == Settings.load({}, project)


def test_oo_repo_finds_the_project_from_outside(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With OO_REPO set, a folder elsewhere sees the same settings."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    environ = {"OO_REPO": str(project / "feature_repo")}
    assert Settings.load(environ, elsewhere) == Settings.load({}, project)


def test_the_environment_beats_the_yaml(project: Path) -> None:
    """Each variable the yaml names decides, whatever stands behind it there."""
    environ = {
        "OO_DB": "/srv/a.db",
        "OO_REGISTRY": "/srv/b.db",
        "OO_REDIS": "redis.example:6380,ssl=true",
        "OO_NATS": "nats://nats.example:4223",
    }
    settings = Settings.load(environ, project)
    assert (str(settings.db), str(settings.registry)) == ("/srv/a.db", "/srv/b.db")
    assert settings.redis == "redis.example:6380,ssl=true"
    assert settings.nats == "nats://nats.example:4223"


def test_the_yaml_beats_the_default(project: Path) -> None:
    """Values in the yaml are taken, relative paths from the yaml's folder."""
    write_yaml(
        project,
        "registry: r.db\n"
        "online_store: {connection_string: 'there:7000'}\n"
        "offline_store: {path: '${OO_DB:-sub/x.db}'}\n",
    )
    settings = Settings.load({}, project)
    assert settings.registry == project / "feature_repo" / "r.db"
    assert settings.db == project / "feature_repo" / "sub" / "x.db"
    assert settings.redis == "there:7000"


def test_a_relative_path_in_the_environment_starts_at_the_yaml_too(project: Path) -> None:
    """Feast cannot tell it from one in the yaml, so neither does the command."""
    settings = Settings.load({"OO_DB": "x.db"}, project)
    assert settings.db == project / "feature_repo" / "x.db"


def test_an_empty_variable_counts_as_not_set(project: Path) -> None:
    """OO_DB= is the same as no OO_DB."""
    empty = {"OO_DB": "", "OO_REDIS": "", "OO_NATS": "", "OO_REPO": ""}
    assert Settings.load(empty, project) == Settings.load({}, project)


def test_two_places_for_one_thing_are_refused(project: Path) -> None:
    """A variable that the yaml contradicts without naming it is refused, with the way out."""
    write_yaml(project, "offline_store: {path: literal.db}\n")
    expected = re.escape("Write `path: ${OO_DB:-literal.db}` below `offline_store:`")
    with pytest.raises(SettingsError, match=expected):
        Settings.load({"OO_DB": "/srv/other.db"}, project)
    assert Settings.load({"OO_DB": "literal.db"}, project).db.name == "literal.db"


def test_no_message_shows_a_password(project: Path) -> None:
    """Neither that of an address nor that of an option."""
    write_yaml(project, "online_store: {connection_string: 'a:1,password=hidden'}\n")
    for environ in (
        {"OO_REDIS": "b:1,password=hidden,db=2"},
        {"OO_NATS": "nuts://ada:hidden@host:4222"},
    ):
        with pytest.raises(SettingsError) as caught:
            Settings.load(environ, project)
        assert "hidden" not in str(caught.value)


def test_outside_a_project_the_error_says_what_to_do(tmp_path: Path) -> None:
    """Without a feature_repo/ upward, the message names the folder and OO_REPO."""
    with pytest.raises(RepoNotFoundError, match=r"no feature_repo/ in .*set OO_REPO"):
        Settings.load({}, tmp_path)


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "\x00"])
def test_a_yaml_that_is_none_is_refused(project: Path, text: str) -> None:
    """A file that is no mapping is refused by its name."""
    write_yaml(project, text)
    with pytest.raises(SettingsError, match=r"feature_store\.yaml"):
        Settings.load({}, project)


def test_a_repo_without_yaml_is_refused(tmp_path: Path) -> None:
    """A feature_repo/ without feature_store.yaml is refused by the file's name."""
    (tmp_path / "feature_repo").mkdir()
    with pytest.raises(SettingsError, match=r"cannot read .*feature_store\.yaml"):
        Settings.load({}, tmp_path)


@pytest.mark.parametrize("address", ["localhost", "localhost:", ":1", "h:0", "h:99999", "db=1"])
def test_an_address_of_redis_needs_host_and_port(address: str) -> None:
    """What names no host and port is refused with an example."""
    with pytest.raises(SettingsError, match="write host:port like localhost:6379"):
        redis_endpoint(address)


@pytest.mark.parametrize(
    "url", ["localhost:4222", "http://h:1", "nats://", "nats://h:x", "nats://["]
)
def test_an_address_of_nats_is_a_url(url: str) -> None:
    """What is no NATS URL is refused with an example."""
    with pytest.raises(SettingsError, match="write it like nats://localhost:4222"):
        nats_url({"OO_NATS": url})


def test_endpoints_are_read_from_addresses() -> None:
    """Options of Redis and the scheme of NATS are left out; NATS has a default port."""
    assert redis_endpoint("10.0.0.1:7000,db=2") == ("10.0.0.1", 7000)
    assert nats_endpoint("tls://user:pw@nats.example") == ("nats.example", 4222)
