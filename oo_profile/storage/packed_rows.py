"""Histories of many users as rows of a state view's table, packed column by column."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_profile.storage.state_table import StateTable
    from oo_transforms.histories import Histories

RawRow: TypeAlias = "tuple[Any, ...]"
"""A row as SQLite holds it: the key, then the cells, arrays and lists packed."""


def packed_rows(
    table: StateTable, user_ids: Sequence[str], histories: Histories
) -> Iterator[tuple[str, list[RawRow]]]:
    """Give each user's rows in the order of the key, byte for byte as `StateTable` packs them.

    Args:
        table: The view's table.
        user_ids: Of the histories, in their order.
        histories: What the view has of these users.
    """
    users = np.repeat(np.array(user_ids, dtype=object), histories.counts).tolist()
    anchors = (histories.event_times_us / 1e6).tolist()
    keys = (users, histories.event_times_us.tolist(), histories.created_us.tolist())
    columns = [*keys, anchors, *_last(table, histories), *_sums(table, histories)]
    rows = zip(*columns, *_categories(table, histories), strict=True)
    for user_id, count in zip(user_ids, histories.counts, strict=True):
        yield user_id, list(islice(rows, count))


def _last(table: StateTable, histories: Histories) -> Iterator[list[Any]]:
    if not table.view.last:
        return
    none: tuple[None, tuple[None, ...]] = (None, (None,) * len(table.view.last))
    known = [last or none for last in histories.last]
    yield [event_id for event_id, _ in known]
    for place in range(len(table.view.last)):
        yield [values[place] for _, values in known]


def _sums(table: StateTable, histories: Histories) -> Iterator[list[Any]]:
    for first, end in table.view.spans:
        part = histories.sums[:, first:end]
        if table.view.keeps_maximum:
            yield [at / 1e6 if at > -np.inf else None for at in part[:, 0].tolist()]
        elif end - first == 1:
            yield part[:, 0].tolist()
        else:
            packed, size = part.astype("<f8", copy=False).tobytes(), 8 * (end - first)
            yield [packed[at : at + size] for at in range(0, len(packed), size)]


def _categories(table: StateTable, histories: Histories) -> Iterator[list[Any]]:
    if not table.view.categories:
        return
    encode = msgspec.json.Encoder().encode
    yield [encode(names).decode() for names in histories.names]
    for place in range(len(table.view.categories)):
        yield [weights[place].astype("<f8", copy=False).tobytes() for weights in histories.weights]
