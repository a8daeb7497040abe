"""What came of a job, as its row and the pages have it."""

from __future__ import annotations

from typing import TypedDict


class JobAnswer(TypedDict):
    """How a channel took a test of the alerts.

    Attributes:
        channel: Which kind of channel.
        refusal: What it said; empty: it was sent.
    """

    channel: str
    refusal: str


class RowCounts(TypedDict):
    """What a rebuild did to the rows of a view.

    Attributes:
        rows: How many there are now.
        missing: How many were missing.
        extra: How many were too many.
        changed: How many were wrong.
    """

    rows: int
    missing: int
    extra: int
    changed: int


class JobResult(TypedDict, total=False):
    """What came of a job. Which of these there are is told by its kind; it names nobody.

    Attributes:
        signals: Rebuild: signals replayed.
        rows: Rebuild: rows they come to.
        online_rows: Rebuild: rows put into Redis.
        repaired_rows: Rebuild: rows that were wrong.
        views: Rebuild: what was wrong, by view.
        changed_features: Rebuild: features whose value of now is another.
        published: Retry: messages published again.
        cut: Retry: messages that stay, since only their beginning is kept.
        unpublishable: Retry: messages that stay, since nobody can publish on their subject.
        dropped: Drop: messages removed.
        answers: Alert test: how each channel took it.
        decisions: Evaluate: decisions looked at.
        people: Evaluate: of how many people.
        text: Forget: the receipt.
        left: Forget: what is left, a sentence each.
        error: Failed: why.
    """

    signals: int
    rows: int
    online_rows: int
    repaired_rows: int
    views: dict[str, RowCounts]
    changed_features: list[str]
    published: int
    cut: int
    unpublishable: int
    dropped: int
    answers: list[JobAnswer]
    decisions: int
    people: int
    text: str
    left: list[str]
    error: str
