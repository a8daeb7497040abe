"""Show what is claimed of the bandit in simulations with a known truth; minutes.

Figures and plots go to docs/bandit.md. The exit code is 1 if a claim does not hold.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evidence import evidence_is_honest, nobody_is_reset
from support.documents import replace_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"

PARTS: Final[Mapping[str, Callable[[int, Path], tuple[str, bool]]]] = {
    "reset": nobody_is_reset.show,
    "honest": evidence_is_honest.show,
}
"""By name: takes a seed and the folder of plots, gives text for the document and whether all of
its claims hold."""


def main() -> None:
    """Run the parts and write what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one; repeatable")
    options = parser.parse_args()
    say(f"seed {options.seed}")
    all_hold = True
    for name in options.part or PARTS:
        text, holds = PARTS[name](options.seed, DOCS / "plots")
        say(text)
        replace_part(DOCS / "bandit.md", name, text)
        all_hold &= holds
    sys.exit(not all_hold)


def say(text: str) -> None:
    """Print a text at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
