"""Putting right what is stored, for whoever has the truth elsewhere."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from oo_stores.redis.columns import keyed_rows
from oo_stores.redis.failures import answered_by
from oo_stores.redis.rounds import ROWS_PER_ROUND_TRIP, keys_per_call, send_rounds
from oo_stores.redis.rows import Layouts, NoRows
from oo_stores.redis.scan import entities_of
from oo_stores.redis.stored_rows import StoredRows
from oo_stores.redis.writes import chunks, replacing, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from feast import FeatureView, RepoConfig

    from oo_stores.redis.columns import OnlineColumns
    from oo_stores.redis.connections import Client
    from oo_stores.redis.keys import JoinKeys
    from oo_stores.redis.rows import FieldNames, HashRow
    from oo_stores.redis.stored_rows import StoredRow
    from oo_stores.redis.writes import Replaced

ROWS_REPLACED_PER_ROUND_TRIP = 500
"""More than a write takes: here nobody waits for the first of them."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What some views are to hold of some entities.

    Attributes:
        rows: Views, as applied, with the rows that are to be there; a feature without a column
            becomes null.
        gone: Views with the join keys, column by column, of entities that are to have no row; an
            entity without any view goes as a whole.
    """

    rows: Sequence[tuple[FeatureView, OnlineColumns]] = ()
    gone: Sequence[tuple[FeatureView, Mapping[str, Sequence[str | int]]]] = ()


class Repairs:
    """Reads rows as they are stored, whatever they are, and replaces them.

    Args:
        config: Gives project and the settings of Redis.
        client: Returns the client.

    Raises:
        OnlineServerError: By every method: Redis did not do what it was asked.
    """

    def __init__(self, config: RepoConfig, client: Callable[[], Client]) -> None:
        self._config = config
        self._settings = config.online_store
        self._client = client

    def replace(self, parts: Iterable[Replacement]) -> int:
        """Put rows in the place of whatever is stored, newer or damaged, and delete others.

        All fields of a view are replaced in one step; other views of the entity stay. Beside a
        writer of newer rows this may put an older one: look again, where the rows come from,
        whether there is a newer one by now, and replace once more.

        Args:
            parts: What is to be there and what is not. Each is packed while those before it are
                on their way, so a thousand rows or so each are best.

        Returns:
            How many rows are there now of those named.

        Raises:
            EntityKeyError: Join keys do not fit their view. As after the other two, some rows may
                be replaced already.
            UnknownFeatureError: There is a column that its view lacks.
            FeatureValueError: A value does not fit its feature's type.
        """
        keyed = chain.from_iterable(map(self._keyed, parts))
        return send_rounds(keyed, self._send, ROWS_REPLACED_PER_ROUND_TRIP)

    def stored_rows(self, asked: Sequence[tuple[FeatureView, JoinKeys]]) -> list[StoredRow | None]:
        """Read rows as they are stored, of whatever age, in the order asked for.

        Nothing is made of what cannot be read, so that a check can tell it; see `StoredRow`.

        Args:
            asked: Views, as applied, and join keys.

        Raises:
            EntityKeyError: Join keys do not fit the view.
        """
        reader = StoredRows(self._config)
        found: list[StoredRow | None] = []
        with answered_by(self._settings):
            for chunk in chunks(asked, ROWS_PER_ROUND_TRIP):
                found += reader.read(self._client(), chunk)
        return found

    def entities(self, view: FeatureView) -> Iterator[JoinKeys]:
        """Give the join keys of all entities like a view's that are stored, in any order.

        Those without a row of this very view are given too.
        """
        with answered_by(self._settings):
            yield from entities_of(self._client(), view.join_keys, self._config)

    def _keyed(self, part: Replacement) -> Iterator[tuple[bytes, HashRow | NoRows]]:
        layouts = Layouts(self._config)
        gone: defaultdict[bytes, list[FieldNames]] = defaultdict(list)
        for view, join_keys in part.gone:
            layout = layouts.of(view)
            for key in layout.key.many(join_keys):
                gone[key].append(layout.whole)
        whole = [(view, _whole(view, columns)) for view, columns in part.rows]
        for key, row in keyed_rows(self._config, whole):
            # First: where there is nothing yet, nothing has to go.
            if key in gone:
                yield key, NoRows(gone.pop(key))
            yield key, row
        yield from ((key, NoRows(views)) for key, views in gone.items())

    def _send(self, pending: Replaced) -> int:
        if not pending:
            return 0
        settings = self._settings
        commands = replacing(
            pending, settings.key_ttl_seconds, keys_per_call=keys_per_call(settings)
        )
        with answered_by(settings):
            answers = send(self._client(), commands)
        return sum(answer for answer in answers if isinstance(answer, int))


def _whole(view: FeatureView, columns: OnlineColumns) -> OnlineColumns:
    """Return columns for all features of a view."""
    missing = [f.name for f in view.features if f.name not in columns.values]
    if not missing:
        return columns
    nulls: list[None] = [None] * len(columns.event_times_us)
    return replace(columns, values={**columns.values, **dict.fromkeys(missing, nulls)})
