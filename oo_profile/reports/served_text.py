"""What a verification of logged decisions found, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.reports.text_table import aligned
from oo_profile.reports.words import counted
from oo_profile.upkeep.verify_served import left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_profile.upkeep.verify_served import ServedVerification

SHARES = (0.5, 0.9, 0.99)


def served_text(found: ServedVerification, seconds: float) -> Iterator[str]:
    """Tell it line by line.

    Args:
        found: What was found.
        seconds: How long it took.
    """
    if found.largest:
        rows = [(name, f"{far:.1e}") for name, far in sorted(found.largest.items())]
        yield from aligned([("feature", "largest deviation"), *rows])
    yield f"not checked, from request data that is not logged: {', '.join(left_out())}"
    whose = f"{counted(found.decisions, 'decision')} of {counted(found.users, 'user')}"
    yield f"{whose} looked at in {seconds:.1f} s"
    for reason, decisions in sorted(found.not_compared.items()):
        yield f"not compared, {counted(decisions, 'decision')}: {reason}"
    if found.lags_us:
        lags = ", ".join(f"{share:.0%} {found.lag_seconds(share):.3f} s" for share in SHARES)
        newest = sum(lag == 0 for lag in found.lags_us) / len(found.lags_us)
        agree = counted(found.agreeing, "decision")
        yield f"{agree} agree, {newest:.1%} of them with the newest state"
        yield f"serving was behind the stream by: {lags}, at most {found.lag_seconds(1):.3f} s"
    if found.holds:
        yield "no decision saw anything but history"
    else:
        yield f"{counted(found.differing, 'decision')} saw something else"
