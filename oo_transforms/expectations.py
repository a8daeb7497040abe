"""What may be expected of a source: how fresh it keeps its users, how long it may say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from oo_transforms.errors import DeclarationError

SIGNALS_OF_A_USER_PER_HOUR = 300
"""More than a person does, or makes an app do: above it somebody, or something, floods us."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What is expected of a view's source; the quality checks hold what comes against it.

    Attributes:
        fresh_within: A user's state is fresh up to this age (inclusive), then stale until its TTL.
        fresh_share: The least share of the active users who ever had this source that is fresh;
            0 to 1.
        silence: How long, at most, nobody at all sends anything, once the source is in use.

    Raises:
        DeclarationError: A field is out of these bounds, or a duration is not above zero.
    """

    fresh_within: timedelta
    fresh_share: float
    silence: timedelta

    def __post_init__(self) -> None:
        """Refuse what cannot be expected."""
        if not 0 <= self.fresh_share <= 1:
            raise DeclarationError(f"fresh_share is {self.fresh_share}; give a share, 0 to 1")
        for name in ("fresh_within", "silence"):
            if getattr(self, name) <= timedelta(0):
                raise DeclarationError(f"{name} is {getattr(self, name)}; give more than zero")

    def tags(self) -> dict[str, str]:
        """Say it in the form of Feast's tags.

        >>> Expectations(timedelta(hours=12), 0.5, timedelta(days=1)).tags()["expected_fresh_share"]
        '0.5'
        """
        return {
            "fresh_within_seconds": f"{self.fresh_within.total_seconds():.0f}",
            "expected_fresh_share": f"{self.fresh_share:g}",
            "expected_silence_seconds": f"{self.silence.total_seconds():.0f}",
        }
