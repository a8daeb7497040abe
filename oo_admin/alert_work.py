"""A test to everybody who is told of alerts, on request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from oo_admin.quality.running import deliver_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_admin.job_results import JobResult
    from oo_admin.jobs import Progress, Work
    from oo_profile.settings import Settings


def alert_test_work(settings: Settings, clock: Callable[[], int]) -> Work:
    """Return the work that sends a test, and tells how each address answered."""

    def testing(_: Progress) -> JobResult:
        answers = deliver_test(settings, os.environ, clock, ())
        # Behind the scheme may be a password.
        return {
            "answers": [
                {"channel": address.partition(":")[0], "refusal": answer}
                for address, answer in answers.items()
            ]
        }

    return testing
