"""What each cause is likely to come from, and what to do about it; the manual has the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_admin.quality.finding import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping

MANUAL: Final = "docs/data-quality.md"
OPERATIONS: Final = "docs/operations.md"


@dataclass(frozen=True, slots=True)
class Advice:
    """What helps with an alert.

    Attributes:
        title: What it is, in a few words.
        likely: Likely causes, a sentence.
        do: What to do, a sentence.
        link: Where more is said.
    """

    title: str
    likely: str
    do: str
    link: str


def _advice(cause: Cause, title: str, likely: str, do: str, link: str = "") -> tuple[Cause, Advice]:
    return cause, Advice(title, likely, do, link or f"{MANUAL}#{cause}")


ADVICE: Final[Mapping[Cause, Advice]] = dict(
    (
        _advice(
            Cause.BUILDER_STOPPED,
            "The builder handles nothing",
            "It is not running, cannot write the database, or hangs.",
            "Look at its log and /readyz, and start it again; nothing is lost meanwhile.",
            f"{OPERATIONS}#watch-it",
        ),
        _advice(
            Cause.BUILDER_BEHIND,
            "The builder is behind",
            "More comes than it handles, or it was away and catches up.",
            "Wait if the number falls; else look at the disk and at who sends so much.",
            f"{OPERATIONS}#watch-it",
        ),
        _advice(
            Cause.ONLINE_LOST,
            "Redis lacks states",
            "It was flushed, restarted empty, or evicts keys.",
            "The builder fills it by itself within seconds; if it does not run, `oo resync`.",
            f"{OPERATIONS}#when-a-part-is-away",
        ),
        _advice(
            Cause.ONLINE_DIFFERS,
            "Redis and SQLite differ",
            "An old snapshot was restored, or somebody else writes to Redis.",
            "`oo verify --sample 100` names what differs; `oo resync` refills Redis.",
            f"{OPERATIONS}#when-a-part-is-away",
        ),
        _advice(
            Cause.ALL_STOPPED,
            "Nothing comes of any source",
            "Producers cannot reach NATS, or the stream is full or was deleted.",
            "Publish a signal by hand and look at NATS; then ask the producers.",
            f"{OPERATIONS}#when-a-part-is-away",
        ),
        _advice(
            Cause.SOURCE_STOPPED,
            "A source has stopped",
            "Its producer is down, lost its permission, or publishes on another subject.",
            "Ask its owner; its features grow old and expire at their TTL.",
        ),
        _advice(
            Cause.SOURCE_PARTLY_STOPPED,
            "A source has stopped for some users",
            "One platform, version or region of its producer no longer sends.",
            "Ask its owner what was released or switched off in the last days.",
        ),
        _advice(
            Cause.SURGE,
            "A source sends much more",
            "A client says everything again under new ids, or a campaign runs.",
            "Look at the newest signals of some users: repeated content is a client's mistake.",
        ),
        _advice(
            Cause.FLOOD,
            "One user floods",
            "A client in a loop, a test account, or abuse.",
            "The admin page names the user; ask the producer to stop, `oo rebuild` afterwards.",
        ),
        _advice(
            Cause.REJECTED,
            "More is rejected",
            "A producer was released with other bounds, names or units.",
            "`oo rejected` lists the messages; after a fix they can be retried.",
            f"{OPERATIONS}#forget-export-rejected-messages",
        ),
        _advice(
            Cause.FIELD_RENAMED,
            "A required field is missing",
            "A producer renamed the field, or leaves it out.",
            "`oo rejected` lists the messages; after a fix they can be retried.",
            f"{OPERATIONS}#forget-export-rejected-messages",
        ),
        _advice(
            Cause.CLOCK_AHEAD,
            "A producer's clock is ahead",
            "Its clock is not set by NTP, or it writes local time as UTC.",
            "Set the clock; what was rejected as from the future can be retried.",
        ),
        _advice(
            Cause.DELAYED,
            "Signals come late",
            "A queue before NATS is full, or a producer's clock is behind.",
            "Nothing is lost: late signals count at their own time. Look at the queue.",
            f"{OPERATIONS}#late-signals",
        ),
        _advice(
            Cause.DUPLICATES,
            "More is sent twice",
            "A producer misses acknowledgements, or two of them run.",
            "Nothing counts twice. Look at the producer's time-outs and instances.",
        ),
        _advice(
            Cause.OFFSETS_LOST,
            "Users' local clocks are lost",
            "A producer writes UTC and leaves out utc_offset_minutes.",
            "Hours and weekdays of the signals since then are UTC's: fix, then publish anew.",
        ),
        _advice(
            Cause.IDS_CHANGED,
            "Known users come under other ids",
            "A producer writes ids in another case, with a prefix, or of another system.",
            "Stop it soon: what is built under new ids must be forgotten and sent again.",
        ),
        _advice(
            Cause.UNIT_CHANGED,
            "A number has another unit",
            "A producer was released that counts in another unit.",
            "Stop it soon: sums that hold both units cannot be told apart.",
        ),
        _advice(
            Cause.CONSTANT,
            "A number is always the same",
            "A producer sends a default in place of what was entered.",
            "Ask its owner; features that read it say nothing meanwhile.",
        ),
        _advice(
            Cause.VALUES_SHIFTED,
            "A number is distributed otherwise",
            "A release, a new kind of user, or a change of meaning.",
            "Look at both distributions; if it is meant, mute this until it is the usual.",
        ),
        _advice(
            Cause.VALUES_MISSING,
            "A number is no longer given",
            "A producer renamed an optional field, or leaves it out.",
            "Look at the newest payloads; unknown fields are kept there.",
        ),
        _advice(
            Cause.NAME_RENAMED,
            "A name was renamed",
            "A producer, or many users, call it something else.",
            "What was learned of the old name fades; rename it back, or accept that.",
        ),
        _advice(
            Cause.NAME_NEW,
            "A name is new",
            "A new category, or one misspelt.",
            "If it is meant, nothing; it becomes the usual.",
        ),
        _advice(
            Cause.NAME_VANISHED,
            "A name no longer comes",
            "A producer no longer sends it, or part of a client is broken.",
            "Ask the owner of the source.",
        ),
        _advice(
            Cause.STALE,
            "State grows stale",
            "Its source sends less, or users left it.",
            "See whether an alert of the source stands beside; else look at the trend.",
        ),
        _advice(
            Cause.OUT_OF_RANGE,
            "A feature is out of its range",
            "Rows of the table profile were changed by hand, or the range is wrong.",
            "`oo verify` names the users; `oo rebuild` repairs them.",
        ),
        _advice(
            Cause.FEATURE_SHIFTED,
            "A feature is distributed otherwise",
            "What users do has changed, or what signals say has.",
            "Look at both distributions on the page of the feature.",
        ),
    )
)
"""Of every cause."""
