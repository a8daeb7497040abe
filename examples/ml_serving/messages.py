"""Requests and answers: typed, bounded, described. What decodes into these is right.

Fields that are not declared are refused, so that a mistyped name is not taken for a missing value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from oo_transforms.decisions import Degradation, Echo, Name, Probability, Stage, UnixSeconds
from oo_transforms.signals import Action, Id, Millis, OffsetMinutes, UserId

MAX_CANDIDATES = 1_000
"""Candidates of one request: more open tasks than anybody has, and a bounded time to rank them."""

MAX_BODY_BYTES = 1 << 20

Step = Literal[Degradation, "spooled", "not_logged"]
"""What an answer had to do without, see `RankAnswer.degraded`."""

Error = Literal[
    "malformed", "invalid", "too_large", "from_the_future", "not_found", "not_allowed", "unexpected"
]

_Now = Annotated[UnixSeconds, Meta(description="The moment, Unix seconds UTC")]
_Offset = Annotated[OffsetMinutes, Meta(description="The user's local clock, minutes east of UTC")]
_Degraded = Annotated[
    tuple[Step, ...],
    Meta(
        description="What the answer had to do without. `prior`: nothing is learned of the user "
        "yet, so the prior ranks. `default_profile`: he has no profile, so its features have their "
        "values without evidence. `candidate_features_only`: the online store is away, so both, "
        "and all that counts is the candidates themselves. `spooled`: the stream is away, and the "
        "signal waits on disk. `not_logged`: the signal is lost, since that is full"
    ),
]
_Logged = Annotated[bool, Meta(description="Whether the signal is in the stream, or waits on disk")]


class Candidate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task that might be suggested.

    Attributes:
        id: Names it in the answer; unique within a request.
        category: Its category.
        created_at: When it was created, Unix seconds; null: unknown.
        due_at: When it is due, Unix seconds; null: never.
        priority: 1 to 4, 4 is the most urgent; null: 1.
    """

    id: Id
    category: Id
    created_at: UnixSeconds | None = None
    due_at: UnixSeconds | None = None
    priority: Annotated[float, Meta(ge=1, le=4)] | None = None


class RankRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Candidates to choose a tip from.

    The same request, sent again, is the same decision: it gets the same answer, and is logged once.

    Attributes:
        user_id: Who is to see the tip.
        now: When, Unix seconds.
        utc_offset_minutes: The user's local clock.
        candidates: What there is to choose from.
    """

    user_id: UserId
    now: _Now
    utc_offset_minutes: _Offset
    candidates: Annotated[tuple[Candidate, ...], Meta(min_length=1, max_length=MAX_CANDIDATES)]

    def __post_init__(self) -> None:
        """Refuse texts that no signal may carry, and two candidates of one name.

        Raises:
            ValueError: With the value and what is allowed.
        """
        _check_printable("user_id", self.user_id)
        seen: set[str] = set()
        for candidate in self.candidates:
            _check_printable("id", candidate.id)
            _check_printable("category", candidate.category)
            if candidate.id in seen:
                raise ValueError(f"two candidates are named {candidate.id!r}: give each its own id")
            seen.add(candidate.id)


class Ranked(Struct, frozen=True, kw_only=True):
    """A candidate in its place.

    Attributes:
        id: Of the candidate.
        score: Of the policy that acts.
        probability: By which it could have been chosen.
    """

    id: str
    score: float
    probability: Probability


class RankAnswer(Struct, frozen=True, kw_only=True):
    """The tip, and how it came about.

    Attributes:
        tip_id: Names the tip, here and in the signals.
        chosen: Id of the candidate that is to be shown.
        category: Of that candidate.
        ranking: All candidates, the best first. Now and then chance chooses another than the first.
        policy: The policy that acted.
        stage: How far a new policy has come.
        degraded: What the answer had to do without; empty: nothing.
        logged: Whether the decision is logged. One that is not cannot be learned from.
        echo: Belongs into the feedback to this tip, as it is.
    """

    tip_id: Id
    chosen: Id
    category: Id
    ranking: tuple[Ranked, ...]
    policy: Name
    stage: Stage
    degraded: _Degraded
    logged: _Logged
    echo: Echo


class FeedbackRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to a tip. The same one, sent again, counts once.

    Attributes:
        user_id: Who answered.
        tip_id: As in the answer that gave the tip.
        category: As there.
        action: What was answered.
        now: When, Unix seconds.
        utc_offset_minutes: The user's local clock.
        dwell_ms: How long the tip was looked at, milliseconds; null: unknown.
        echo: As in the answer that gave the tip. Without it nothing is learned.
    """

    user_id: UserId
    tip_id: Id
    category: Id
    action: Action
    now: _Now
    utc_offset_minutes: _Offset
    dwell_ms: Millis | None = None
    echo: Echo | None = None

    def __post_init__(self) -> None:
        """Refuse texts that no signal may carry.

        Raises:
            ValueError: With the value.
        """
        _check_printable("user_id", self.user_id)
        _check_printable("tip_id", self.tip_id)
        _check_printable("category", self.category)


class FeedbackAnswer(Struct, frozen=True, kw_only=True):
    """What became of an answer to a tip.

    Attributes:
        event_id: Of the signal.
        degraded: `spooled` or `not_logged`; empty: it is in the stream.
        logged: Whether it is logged; if not, send it again.
    """

    event_id: Id
    degraded: _Degraded
    logged: _Logged


class ForgetAnswer(Struct, frozen=True, kw_only=True):
    """What was removed of a user.

    Attributes:
        removed: How many of his signals waited here.
    """

    removed: int


class Health(Struct, frozen=True, kw_only=True):
    """How the service is.

    Attributes:
        ok: Whether it does what was asked for.
        reason: Why not.
        stage: How far a new policy has come.
        online_store: Whether features can be read.
        stream: Whether there is a connection to NATS.
        spooled: How many signals wait on disk.
    """

    ok: bool
    reason: str | None = None
    stage: Stage
    online_store: bool
    stream: bool
    spooled: int


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not answered.

    Attributes:
        error: What is wrong, for programs.
        detail: The same for people: what was refused, the value, what is allowed.
    """

    error: Error
    detail: str


def _check_printable(name: str, text: str) -> None:
    if not text.isprintable():
        raise ValueError(f"{name} is {text!r}, which has a character that cannot be printed")
