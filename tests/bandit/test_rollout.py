"""The mixture is what really acts, people stay where they are, and a rollout survives its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo_bandit import STAGES, ProbabilityError, Rollout, RolloutError
from oo_bandit.rollout import Coin
from oo_transforms import decisions

if TYPE_CHECKING:
    from numpy.typing import NDArray

PEOPLE = [f"user-{number}" for number in range(4_000)]
SHADOW = Rollout(live="v1", new="v2", exploration=0.2)
CANARY = SHADOW.moved("canary", percent=100)
FULL = SHADOW.moved("full")


def chances(pick: int, candidates: int = 4, exploration: float = 0.2) -> NDArray[np.float64]:
    """Return the chances of a policy that explores uniformly."""
    made = np.full(candidates, exploration / candidates)
    made[pick] += 1 - exploration
    return made


BOTH = {"v1": chances(0), "v2": chances(2)}


def test_in_shadow_half_of_the_exploration_goes_to_the_picks_of_the_shadows() -> None:
    """The acting policy keeps what it does not explore."""
    assert SHADOW.mixture("ada", BOTH) == pytest.approx([0.825, 0.025, 0.125, 0.025])
    third = BOTH | {"v3": chances(3)}
    assert SHADOW.mixture("ada", third) == pytest.approx([0.825, 0.025, 0.075, 0.075])


def test_in_full_the_old_policy_is_in_the_shadow() -> None:
    """The new one acts."""
    assert FULL.acting == "v2"
    assert FULL.mixture("ada", BOTH) == pytest.approx([0.125, 0.025, 0.825, 0.025])


def test_in_the_canary_both_have_half() -> None:
    """The mixture is the coin's, and whoever is not in is in the shadow's mixture."""
    assert CANARY.mixture("ada", BOTH) == pytest.approx([0.45, 0.05, 0.45, 0.05])
    nobody = SHADOW.moved("canary", percent=0)
    assert nobody.mixture("ada", BOTH) == pytest.approx(SHADOW.mixture("ada", BOTH))


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(st.just(n), *[st.integers(0, n - 1)] * 3, st.floats(0.01, 0.99))
    ),
    st.sampled_from([SHADOW, CANARY, FULL]),
)
def test_a_mixture_is_a_distribution_that_both_are_covered_by(
    case: tuple[int, int, int, int, float], rollout: Rollout
) -> None:
    """The acting policy's weight is at most 2, so that differences are bounded from below."""
    candidates, first, second, third, exploration = case
    policies = {
        name: chances(pick, candidates, exploration)
        for name, pick in (("v1", first), ("v2", second), ("v3", third))
    }
    told = Rollout(
        live="v1", new="v2", stage=rollout.stage, percent=rollout.percent, exploration=exploration
    )
    mixture = told.mixture("ada", policies)
    assert mixture.sum() == pytest.approx(1)
    assert mixture.min() > 0
    assert (policies[told.acting] / mixture).max() <= 2 + 1e-9


@pytest.mark.parametrize("rollout", [SHADOW, CANARY, FULL], ids=STAGES)
def test_choices_come_as_often_as_the_mixture_says(rollout: Rollout) -> None:
    """Seeded; the logged propensity is the mixture's, whatever the coin was."""
    random = np.random.default_rng(7)
    made = [rollout.choose("ada", BOTH, random) for _ in range(20_000)]
    mixture = rollout.mixture("ada", BOTH)
    shares = np.bincount([choice.index for choice in made], minlength=4) / len(made)
    assert shares == pytest.approx(mixture, abs=0.015)
    assert all(choice.propensity == mixture[choice.index] for choice in made)
    assert {choice.coin for choice in made} == (
        {"live", "new"} if rollout.stage == "canary" else {None}
    )


def test_a_canary_has_the_share_asked_for_and_only_grows() -> None:
    """Whoever is in at 5 percent is in at 20; another new policy has other people."""
    five, twenty = (SHADOW.moved("canary", percent=percent) for percent in (5, 20))
    in_five = {user for user in PEOPLE if five.in_canary(user)}
    in_twenty = {user for user in PEOPLE if twenty.in_canary(user)}
    assert in_five < in_twenty
    assert len(in_twenty) / len(PEOPLE) == pytest.approx(0.2, abs=0.02)
    other = Rollout(live="v1", new="v3", stage="canary", percent=20)
    both = {user for user in in_twenty if other.in_canary(user)}
    assert len(both) / len(in_twenty) == pytest.approx(0.2, abs=0.05)


def test_the_hash_is_the_same_in_every_process() -> None:
    """Fixed by example: another hash would move people about."""
    five = SHADOW.moved("canary", percent=5)
    assert [user for user in PEOPLE[:60] if five.in_canary(user)] == ["user-49"]


def test_a_rollout_survives_its_json_and_fields_of_a_later_version() -> None:
    """What this program does not know is left out."""
    assert Rollout.from_json(CANARY.to_json()) == CANARY
    later = CANARY.to_json().replace("{", '{"colour": "red", ', 1)
    assert Rollout.from_json(later) == CANARY


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "null", "{}", '{"live": "v1", "new": "v2", "stage": "half"}', "{\x00"]
)
def test_what_is_no_rollout_is_refused(text: str) -> None:
    """And says what to do."""
    with pytest.raises(RolloutError, match="oo resync"):
        Rollout.from_json(text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"new": "v1"}, "two policies"),
        ({"percent": 101.0}, "0 to 100"),
        ({"percent": float("nan")}, "0 to 100"),
        ({"exploration": 0.0}, "above 0"),
        ({"exploration": 1.0}, "below 1"),
        ({"step": -1}, "0 or more"),
    ],
)
def test_a_rollout_that_cannot_act_is_refused(change: dict[str, object], told: str) -> None:
    """Each bound has its message."""
    with pytest.raises(RolloutError, match=told):
        Rollout(**({"live": "v1", "new": "v2"} | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"v1": chances(0), "v2": chances(0, 3)},
        {"v1": chances(0), "v2": chances(0) * 0.9},
        {"v1": chances(0), "v2": np.array([1.0, 0, 0, 0])},
        {"v1": chances(0), "v2": np.full(4, np.nan)},
        {"v1": np.array([]), "v2": np.array([])},
    ],
)
def test_chances_that_are_none_are_refused(wrong: dict[str, NDArray[np.float64]]) -> None:
    """A propensity that is wrong would make everything after it wrong."""
    with pytest.raises(ProbabilityError):
        SHADOW.mixture("ada", wrong)


def test_stages_and_coins_are_those_that_a_decision_may_have() -> None:
    """The packages do not import each other, so both declare them."""
    assert STAGES == decisions.STAGES
    assert get_args(Coin) == get_args(decisions.Coin)


def test_a_policy_that_is_missing_is_refused() -> None:
    """By its name."""
    with pytest.raises(RolloutError, match="v2"):
        SHADOW.mixture("ada", {"v1": chances(0)})
