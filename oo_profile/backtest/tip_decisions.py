"""Real tips, really answered: the decision points of the HeartSteps trial."""

from __future__ import annotations

import gzip
import zlib
from datetime import datetime  # noqa: TC003 - read by msgspec
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from oo_profile.errors import TipDecisionsError
from oo_transforms.clock import to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Action = Literal["none", "walking", "sedentary"]
ACTIONS: tuple[Action, ...] = ("none", "walking", "sedentary")

_Probability = Annotated[float, Meta(gt=0, le=1)]


class Context(Struct, frozen=True, kw_only=True):
    """What was known of the moment.

    Attributes:
        place: home, work, other or unknown.
        steps_before_30: Steps in the 30 minutes before.
        celsius: Temperature outside, if known.
    """

    place: str
    steps_before_30: Annotated[float, Meta(ge=0)]
    celsius: float | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """What came after.

    Attributes:
        steps_30_or_0: Steps in the 30 minutes after; 0 where none were measured.
        response: "good" for a thumbs up, "bad" for a thumbs down; None without a tip or answer.
    """

    steps_30_or_0: Annotated[float, Meta(ge=0)]
    response: str | None = None


class TipDecision(Struct, frozen=True, kw_only=True):
    """One moment at which chance decided about a tip.

    Attributes:
        user_id: Whose.
        decision_id: Its id, which is that of the tip.
        decided_at: When, with the person's own offset.
        utc_offset_minutes: His own clock.
        slot: Which of the five moments of the day, 1 to 5.
        action: What was sent.
        propensities: Probability of each action.
        context: What was known.
        outcome: What came after.
        study_day: Days since the person began; None before that.
    """

    user_id: str
    decision_id: str
    decided_at: datetime
    utc_offset_minutes: int
    slot: int
    action: Action
    propensities: dict[Action, _Probability]
    context: Context
    outcome: Outcome
    study_day: int | None = None

    def __post_init__(self) -> None:
        """Refuse a decision whose chances are none.

        Raises:
            ValueError: They are not of all actions, or do not add up to 1; or the time has no
                offset.
        """
        if set(self.propensities) != set(ACTIONS):
            raise ValueError(f"propensities are of {sorted(self.propensities)}, not of {ACTIONS}")
        if abs(sum(self.propensities.values()) - 1) > 1e-6:  # noqa: PLR2004 - rounding
            raise ValueError(f"propensities {self.propensities} do not add up to 1")
        if self.decided_at.tzinfo is None:
            raise ValueError(f"decided_at is {self.decided_at}, without an offset")

    @property
    def at_us(self) -> int:
        """When, microseconds since the epoch."""
        return to_micros(self.decided_at)


class _Moment(Struct, frozen=True):
    available: bool


_moments = msgspec.json.Decoder(_Moment)
_decisions = msgspec.json.Decoder(TipDecision)


def read_tip_decisions(path: Path) -> Iterator[TipDecision]:
    """Read the decisions at which a tip could be sent, in the order of the file.

    Args:
        path: JSON lines, gzip.

    Raises:
        TipDecisionsError: The file cannot be read, or a line is no decision.
    """
    try:
        with gzip.open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                decision = _decoded(path, number, line)
                if decision is not None:
                    yield decision
    except (OSError, EOFError, zlib.error) as error:
        raise TipDecisionsError(path, None, f"it cannot be read ({error})") from error


def _decoded(path: Path, number: int, line: bytes) -> TipDecision | None:
    """Decode a line; None if no tip could be sent then, so that nothing was decided."""
    try:
        return _decisions.decode(line) if _moments.decode(line).available else None
    except msgspec.ValidationError as error:
        raise TipDecisionsError(path, number, str(error)) from error
    except msgspec.DecodeError as error:
        raise TipDecisionsError(path, number, f"no JSON ({error})") from error
