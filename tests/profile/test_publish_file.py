"""Files of signals are read and written without changing a byte of what they carry."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oo_profile.errors import SignalFileError, SignalLineError
from oo_profile.transport.signal_file import SignalLine, count_signals, read_signals, write_signals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = st.dictionaries(
    st.text(max_size=8),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
    max_size=4,
)
SUBJECTS = st.sampled_from(["signals.app.session", "signals.x", "signals.a-b.ü"])
GOOD = b'{"subject": "signals.x", "data": {"n": 1}}\n'


@settings(deadline=None)
@given(signals=st.lists(st.tuples(SUBJECTS, DATA)), suffix=st.sampled_from(["jsonl", "jsonl.gz"]))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    signals: list[tuple[str, dict[str, object]]],
    suffix: str,
) -> None:
    """Subjects and data come back in order, plain and gzip, and the same bytes each time."""
    folder = tmp_path_factory.mktemp("files")
    paths = [folder / f"{name}.{suffix}" for name in "ab"]
    assert [write_signals(path, signals) for path in paths] == [len(signals)] * 2
    read = [(line.subject, json.loads(line.data)) for line in read_signals(str(paths[0]))]
    assert read == signals
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert count_signals(str(paths[0])) == len(signals)


@pytest.mark.parametrize(
    "data", ["null", "5", "[]", '"text"', '{"a": 1e999}', '{ "b" : "\\u00e9",  "a":[ ] }', "{}"]
)
def test_odd_data_pass_byte_for_byte(tmp_path: Path, data: str) -> None:
    """Whatever JSON the data are, with whatever spaces, they are given as they stand there."""
    path = tmp_path / "s.jsonl"
    path.write_text(f'{{"data": {data}, "subject": "signals.unknown", "more": 1}}\n')
    assert list(read_signals(str(path))) == [SignalLine("signals.unknown", data.encode())]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"no json", "JSON is malformed"),
        (b'{"subject": "signals.x", "data": {"a": NaN}}', "JSON is malformed"),
        (b'{"subject": "signals.x"}', "missing required field `data`"),
        (b'{"data": {}}', "missing required field `subject`"),
        (b'{"subject": 5, "data": {}}', "Expected `str`, got `int`"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"subject": "\xff", "data": {}}', "can't decode byte 0xff"),
        (b'{"subject": "task.created", "data": {}}', "'task.created' is not below signals."),
        (b'{"subject": "signals", "data": {}}', "'signals' is not below signals."),
        (b'{"subject": "signals.", "data": {}}', "'signals.' is not below signals."),
        (b'{"subject": "signals.a..b", "data": {}}', "is not below signals."),
        (b'{"subject": "signals.>", "data": {}}', "is not below signals."),
        (b'{"subject": "signals.*.b", "data": {}}', "is not below signals."),
        (b'{"subject": "signals.a b", "data": {}}', "is not below signals."),
        (b'{"subject": "signals.a\\r\\nPUB x", "data": {}}', "is not below signals."),
    ],
)
def test_a_line_that_is_no_signal_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    """The error has the file, the line's number (blank lines count) and what is wrong with it."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(GOOD + b"\n  \n" + line + b"\n" + GOOD)
    lines = read_signals(str(path))
    assert next(lines) == SignalLine("signals.x", b'{"n": 1}')
    with pytest.raises(SignalLineError) as caught:
        next(lines)
    assert (caught.value.path, caught.value.line) == (str(path), 4)
    assert str(caught.value).startswith(f"{path}:4: ")
    assert reason in str(caught.value)


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    """A gzip file is read as one whatever its name is, also one of several parts."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(gzip.compress(GOOD) + gzip.compress(GOOD))
    assert count_signals(str(path)) == 2


def test_gzip_carries_no_date_and_no_name(tmp_path: Path) -> None:
    """The header is the same on every day and under every name."""
    write_signals(tmp_path / "s.jsonl.gz", [("signals.x", {})])
    header = (tmp_path / "s.jsonl.gz").read_bytes()[:10]
    assert header[3] == 0  # no flags: no name, no comment
    assert header[4:8] == bytes(4)  # no time


def test_a_damaged_gzip_is_said_to_be(tmp_path: Path) -> None:
    """A gzip file that ends early or is broken inside is an error with its name."""
    whole = gzip.compress(b"".join(GOOD.replace(b"1", b"%d" % n) for n in range(1000)))
    broken = whole[:100] + bytes(len(whole) - 100)
    for content in (whole[:-20], broken):
        path = tmp_path / "s.gz"
        path.write_bytes(content)
        with pytest.raises(SignalFileError, match=r"s\.gz is damaged"):
            count_signals(str(path))


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_file_without_signals_has_none(tmp_path: Path, content: bytes) -> None:
    """An empty file, or one of blank lines, is no error."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(content)
    assert list(read_signals(str(path))) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error says which file cannot be read and why."""
    with pytest.raises(SignalFileError, match=r"cannot read .*none\.jsonl: No such file"):
        count_signals(str(tmp_path / "none.jsonl"))
    with pytest.raises(SignalFileError, match="Is a directory"):
        count_signals(str(tmp_path))


def test_an_error_in_between_leaves_the_old_file(tmp_path: Path) -> None:
    """When the signals end in an error, the file is what it was and no half one lies about."""
    path = tmp_path / "s.jsonl.gz"
    write_signals(path, [("signals.x", {"old": True})])

    def failing() -> Iterator[tuple[str, dict[str, object]]]:
        yield "signals.x", {}
        message = "from the source"
        raise LookupError(message)

    with pytest.raises(LookupError, match="from the source"):
        write_signals(path, failing())
    assert [line.data for line in read_signals(str(path))] == [b'{"old":true}']
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    """Writing through a link writes where it points."""
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "target.jsonl")
    write_signals(tmp_path / "link.jsonl", [("signals.x", {})])
    assert (tmp_path / "link.jsonl").is_symlink()
    assert count_signals(str(tmp_path / "target.jsonl")) == 1


def test_folders_are_made_and_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing folder is made; a folder or device in the file's place is left alone."""
    assert write_signals(tmp_path / "a" / "b" / "s.jsonl", []) == 0
    with pytest.raises(SignalFileError, match="it is no file"):
        write_signals(tmp_path / "a", [])
    (tmp_path / "f").write_text("")
    with pytest.raises(SignalFileError, match="cannot write"):
        write_signals(tmp_path / "f" / "s.jsonl", [])
    assert (tmp_path / "a" / "b" / "s.jsonl").read_bytes() == b""
