"""What a policy takes, and how, is part of what the rows of its view mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.batches import database, message, writer
from support.payloads import DECISION, RECEIVED_US, TAUGHT_FIELDS
from support.payloads import message as data_of

from oo_profile.building import replay
from oo_profile.building.replaying import Replayer
from oo_profile.errors import DefinitionChangedError
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.definitions import definition_of
from oo_profile.storage.state_table import StateTable
from oo_profile.storage.user_ranges import BEHIND_ALL
from oo_profile.upkeep.remaking import remake, to_remake
from oo_transforms.learned import learned_view
from oo_transforms.policies import BANDIT_V2, Input, Policy
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from pathlib import Path

CHANGED = {
    "fill": replace(BANDIT_V2, fill="history"),
    "scale": replace(BANDIT_V2, inputs=(Input("task_age_days", 7.0), *BANDIT_V2.inputs[1:])),
    "order": replace(BANDIT_V2, inputs=BANDIT_V2.inputs[::-1]),
    "dimension": replace(BANDIT_V2, inputs=(*BANDIT_V2.inputs, Input("tip_dismiss_rate"))),
}


@pytest.mark.parametrize("policy", CHANGED.values(), ids=CHANGED)
def test_a_changed_policy_asks_for_a_rebuild_of_its_view(tmp_path: Path, policy: Policy) -> None:
    """The error names that view alone, and made anew its table holds what the log says."""
    view = learned_view(policy)
    views = [view if one.name == view.name else one for one in STATE_VIEWS]
    with database(tmp_path / "oo.db") as connection:
        data = data_of("signals.tip.shown", **TAUGHT_FIELDS["signals.tip.shown"])
        writer(connection).write([message("signals.tip.shown", data, 1, RECEIVED_US)])
        table = StateTable(view)
        with pytest.raises(DefinitionChangedError, match=f"rebuild --view {view.name}"):
            replay.make_tables(connection, views)
        behind = to_remake(connection, [StateTable(one) for one in views])
        assert [one.name for one in behind] == [view.name]
        replayer = Replayer(connection, [table])
        everybody = UserRange("", BEHIND_ALL)
        remake(connection, table, lambda _: [replayer.replay(everybody)], drop_checkpoints=False)
        replay.make_tables(connection, views)
        (version,) = table.history(connection, "u1")
        x = policy.vector(DECISION["features"])
        outer = version.cells[2]
        assert outer is not None
        if policy.fill == "zero":
            assert list(outer)[: len(x)] == pytest.approx(x)  # type: ignore[arg-type]


def test_what_does_not_change_the_sums_is_no_change() -> None:
    """The ridge is no part of learned state, so another one needs no rebuild."""
    stiffer = replace(
        BANDIT_V2, inputs=tuple(replace(given, ridge=99.0) for given in BANDIT_V2.inputs)
    )
    assert definition_of(learned_view(stiffer)) == definition_of(learned_view(BANDIT_V2))
