"""Parts of a document that a command makes anew, between two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace_part(document: Path, name: str, text: str) -> None:
    """Put a text between ``<!-- NAME: made by ... -->`` and ``<!-- end of NAME -->``.

    Raises:
        ValueError: The document has no such marks.
    """
    whole = document.read_text(encoding="utf-8")
    begins = whole.find(f"<!-- {name}: made by ")
    begin = whole.find("-->", begins) + len("-->")
    end = whole.find(f"<!-- end of {name} -->", begin)
    if begins < 0 or end < 0:
        raise ValueError(f"{document.name} has no marks around '{name}'")
    document.write_text(f"{whole[:begin]}\n\n{text}\n\n{whole[end:]}", encoding="utf-8")
