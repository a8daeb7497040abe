"""Which source a subject belongs to, and how shares and times are written in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_transforms.syncs import SOURCE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBJECTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    source: view.subjects for source, view in SOURCE_VIEWS.items()
}
"""The subjects of each source."""

SOURCE_OF: Final[Mapping[str, str]] = {
    subject: source for source, subjects in SUBJECTS_OF.items() for subject in subjects
}
"""The source of each subject; `signals.source.synced` has none of its own."""


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.5), percent(0.012)
    ('50 %', '1.2 %')
    """
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"  # noqa: PLR2004


def lasting(hours: float) -> str:
    """Write the length of a window.

    >>> lasting(1), lasting(24)
    ('hour', '24 hours')
    """
    return "hour" if hours == 1 else f"{hours:g} hours"
