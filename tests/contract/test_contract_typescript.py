"""The TypeScript compiler takes the contract, and what it lets through the builder takes too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from live import jetstream, with_nats

from oo_transforms.signals import SIGNAL_TYPES, decode

PROJECT = Path(__file__).parents[2]
PRODUCER = PROJECT / "examples" / "producer"
CONTRACT = PROJECT / "docs" / "contract"
COMPILER = PRODUCER / "node_modules" / ".bin" / "tsc"

if not COMPILER.exists() or shutil.which("node") is None:
    # Of the module, so that it is one line for all of them.
    pytest.skip(
        "no TypeScript (`npm install` in examples/producer): the contract is not compiled",
        allow_module_level=True,
    )


def compiled(*arguments: str | Path) -> None:
    """Run the compiler, which must be content."""
    done = subprocess.run(
        (COMPILER, *arguments), cwd=PRODUCER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_compiles_by_itself() -> None:
    """Strictly, every file of it: within a program declarations of libraries are passed over."""
    files = sorted(CONTRACT.glob("*.d.ts"))
    assert len(files) >= 3
    compiled("--noEmit", "--strict", "--ignoreConfig", *files)


def test_the_producer_compiles_and_what_is_wrong_does_not() -> None:
    """`refused.ts` expects an error in each of its lines, so a type that took one would fail."""
    assert (PRODUCER / "refused.ts").read_text(encoding="utf-8").count("@ts-expect-error") > 5
    compiled("--noEmit")


@pytest.mark.live
def test_what_the_producer_publishes_is_accepted(nats_url: str, tmp_path: Path) -> None:
    """A signal of every subject, sent by the compiled program to a real stream, decodes."""
    from oo_profile.transport.stream import STREAM, ensure_stream  # noqa: PLC0415 - nats-py

    compiled("--outDir", tmp_path / "build")
    (tmp_path / "node_modules").symlink_to(PRODUCER / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    with_nats(nats_url, ensure_stream)
    subprocess.run(
        ("node", tmp_path / "build" / "producer.js", "ada", "2026-01-01"),
        env={"OO_NATS": nats_url, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        check=True,
        capture_output=True,
    )

    async def published(connection: object) -> list[tuple[str, bytes, int]]:
        stream = jetstream(connection)  # type: ignore[arg-type]  # a client
        told = [await stream.get_msg(STREAM, number) for number in range(1, 10)]
        return [(str(m.subject), m.data or b"", 1_800_000_000_000_000) for m in told]

    messages = with_nats(nats_url, published)
    assert sorted(subject for subject, _, _ in messages) == sorted(k.subject for k in SIGNAL_TYPES)
    for message in messages:
        assert decode(*message).user_id == "ada"
