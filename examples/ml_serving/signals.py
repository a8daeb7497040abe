"""The signals that the service sends. What is said again has the `event_id` that it had."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

import msgspec

from ml_serving.segments import Outgoing
from oo_transforms.signals import TipFeedback, TipShown

if TYPE_CHECKING:
    from ml_serving.messages import FeedbackRequest, RankRequest
    from oo_transforms.decisions import Decision
    from oo_transforms.signals import Signal

_DIGEST_BYTES: Final = 16
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a request is known by.

    Attributes:
        name: 32 hexadecimal digits, the same for a request that says the same.
        seed: A number made of it, to draw by: whoever asks again draws the same.
    """

    name: str
    seed: int

    @classmethod
    def of(cls, request: RankRequest | FeedbackRequest) -> Identity:
        """Name a request by what it says."""
        digest = hashlib.blake2b(msgspec.json.encode(request), digest_size=_DIGEST_BYTES).digest()
        return cls(digest.hex(), int.from_bytes(digest))


def tip_shown(
    request: RankRequest, identity: Identity, category: str, shown_us: int, decision: Decision
) -> Outgoing:
    """Say that a tip is shown.

    Args:
        request: Where it comes from.
        identity: Of that; it names the tip.
        category: Of the chosen candidate.
        shown_us: When, microseconds, by the service's clock.
        decision: How it was chosen.
    """
    return _outgoing(
        TipShown(
            event_id=f"shown-{identity.name}",
            user_id=request.user_id,
            occurred_at=_local(shown_us, request.utc_offset_minutes),
            utc_offset_minutes=request.utc_offset_minutes,
            tip_id=identity.name,
            category=category,
            decision=decision,
        )
    )


def tip_feedback(request: FeedbackRequest, identity: Identity) -> tuple[str, Outgoing]:
    """Say what was answered; return the signal's `event_id` with it."""
    event_id = f"feedback-{identity.name}"
    answered_us = round(request.now * 1e6)
    signal = TipFeedback(
        event_id=event_id,
        user_id=request.user_id,
        occurred_at=_local(answered_us, request.utc_offset_minutes),
        utc_offset_minutes=request.utc_offset_minutes,
        tip_id=request.tip_id,
        category=request.category,
        action=request.action,
        dwell_ms=request.dwell_ms,
        decision=request.echo,
    )
    return event_id, _outgoing(signal)


def _outgoing(signal: Signal) -> Outgoing:
    return Outgoing(signal.subject, msgspec.Raw(msgspec.json.encode(signal)))


def _local(at_us: int, offset_minutes: int) -> datetime:
    zone = timezone(timedelta(minutes=offset_minutes))
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone)
