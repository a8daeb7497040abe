"""A read plan is worked out once, and never outlives the registry that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from feast import FeatureService
from support.contract_project import contract, opened

from oo_stores.redis.plan import Asked, ReadPlans

if TYPE_CHECKING:
    from pathlib import Path

    from support.contract_project import Contract

    from oo_stores.redis.plan.model import ReadPlan

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give an applied project."""
    return contract(tmp_path, redis_address)


def asked(*features: str) -> Asked:
    """Ask for references."""
    return Asked(list(features), "contract", full_names=False, version_metadata=False)


def plan_of(plans: ReadPlans, shop: Contract, what: Asked) -> ReadPlan | None:
    """Return what is planned for a request."""
    return plans.plan(what, shop.feast.config, shop.feast.registry)


def test_a_plan_is_kept(shop: Contract) -> None:
    """The second request of the same features finds the first one's plan."""
    plans = ReadPlans()
    first = plan_of(plans, shop, asked("mood:joy"))
    assert first is not None
    assert plan_of(plans, shop, asked("mood:joy")) is first
    assert plan_of(plans, shop, asked("habit:visits")) is not first


def test_an_apply_elsewhere_ends_all_plans(shop: Contract) -> None:
    """A registry file that another process wrote is noticed by the next request."""
    plans = ReadPlans()
    first = plan_of(plans, shop, asked("mood:joy"))
    other = opened(shop.folder, "localhost:1")
    other.feast.apply([FeatureService(name="new", features=[other.feast.get_feature_view("mood")])])
    assert plan_of(plans, shop, asked("mood:joy")) is not first


def test_a_refresh_of_the_same_registry_keeps_plans(shop: Contract) -> None:
    """What is read again unchanged is planned as before."""
    plans = ReadPlans()
    first = plan_of(plans, shop, asked("mood:joy"))
    shop.feast.registry.refresh()
    assert plan_of(plans, shop, asked("mood:joy")) is first


def test_services_of_one_name_are_told_apart(shop: Contract) -> None:
    """A service object that differs from the kept one's gets a plan of its own."""
    plans = ReadPlans()
    service = shop.feast.get_feature_service("ordered")
    again = shop.feast.get_feature_service("ordered")
    changed = FeatureService(name="ordered", features=[shop.feast.get_feature_view("habit")])
    first = plan_of(plans, shop, Asked(service, "contract", False, False))
    assert plan_of(plans, shop, Asked(again, "contract", False, False)) is first
    with pytest.warns(UserWarning, match="inconsistent"), pytest.raises(Exception, match="mood"):
        plan_of(plans, shop, Asked(changed, "contract", False, False))


def test_a_refused_request_leaves_no_plan(shop: Contract) -> None:
    """Features that cannot be served are refused anew, as long as they cannot."""
    plans = ReadPlans()
    for _ in range(2):
        with pytest.raises(KeyError, match="joys"):
            plan_of(plans, shop, asked("mood:joys"))
