"""Giving away what a policy has learned, in the form in which it can be taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oo_profile.learned.records import LearnedRecord
from oo_profile.storage.state_table import StateTable
from oo_transforms.learned import learned_view, square

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from oo_transforms.policies import Policy

USERS_AT_ONCE = 500


def learned_records(connection: sqlite3.Connection, policy: Policy) -> Iterator[LearnedRecord]:
    """Give what a policy has learned about every user, in the order of their ids.

    A record is the newest state, as of its newest signal, with the policy's own scale and ridge.

    Args:
        connection: Where to read, in one transaction.
        policy: The policy.
    """
    table = StateTable(learned_view(policy))
    width = len(policy.dimensions)
    scale = np.array([1.0, *(given.scale for given in policy.inputs)])
    ridge = np.array(policy.ridge)
    last = ""
    while user_ids := table.users_after(connection, last, USERS_AT_ONCE):
        columns = table.newest_columns(connection, user_ids)
        numbers = columns.sums.shape[1] - 1 - width
        for row, user in enumerate(columns.users.tolist()):
            sums = columns.sums[row]
            yield LearnedRecord(
                user_ids[user],
                policy.dimensions,
                scale,
                ridge,
                square(sums[1 : 1 + numbers], width) + np.diag(ridge),
                sums[1 + numbers :].copy(),
                int(columns.event_times_us[row]),
                float(sums[0]),
            )
        last = user_ids[-1]
