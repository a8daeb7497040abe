"""The answers that count compared with what the signals say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from oo_profile.upkeep.findings import Difference

if TYPE_CHECKING:
    from collections.abc import Collection

    from oo_profile.upkeep.findings import Findings, Kind, Place
    from oo_transforms.notes import Answers

_PLACE: Final[tuple[Place, str, str]] = ("history", "answered_tips", "event_id")


def check_answers(
    stored: Answers, expected: Answers, user_ids: Collection[str], findings: Findings
) -> None:
    """Compare which answers count, tip by tip.

    Args:
        stored: As `answered_tips` has them.
        expected: As a replay finds them.
        user_ids: Whose are compared.
        findings: Is told.
    """
    users = set(user_ids)
    for tip in sorted(stored.keys() | expected.keys()):
        user_id, tip_id = tip
        if user_id not in users:
            continue
        found, wanted = stored.get(tip), expected.get(tip)
        kind: Kind = "mismatched" if found and wanted else "missing" if wanted else "extra"
        if found and wanted:
            findings.compare(*_PLACE, [0.0 if found == wanted else math.inf])
        if found != wanted:
            findings.tell(Difference(*_PLACE, user_id, f"tip {tip_id}", kind, found, wanted))
