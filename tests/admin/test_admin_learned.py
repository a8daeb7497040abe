"""What policies have learned of a person, in words: what ridge regression says, with doubt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.admin import NOW, Pages
from support.liked_tips import liked_tips

from oo_transforms.policies import BANDIT_V2, LEARNING_HALF_LIFE

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

TIPS = 200


def learned(pages: Pages, path: str) -> dict[str, dict[str, Any]]:
    """Return what a person's page tells of each policy."""
    return {one["policy"]: one for one in pages.facts(path)["learned"]}


def test_effects_are_those_of_a_ridge_regression_with_doubt(world: World) -> None:
    """Solved anew from the answers, each with what is left of it at the page's moment."""
    signals, seen = liked_tips("ada", TIPS, NOW - timedelta(days=1))
    world.publish_and_build(signals)
    pages = Pages.of(world).enter()
    at = NOW.isoformat().replace("+", "%2B")
    told = learned(pages, f"/admin/users/ada?at={at}")["bandit_v2"]
    ages = [timedelta(days=1, hours=hours) for hours in reversed(range(TIPS))]
    left = 2.0 ** -np.array([age / LEARNING_HALF_LIFE for age in ages])
    x = np.array([BANDIT_V2.vector(features) for features, _ in seen])
    matrix = np.diag(BANDIT_V2.ridge) + (x.T * left) @ x
    theta = np.linalg.solve(matrix, (x.T * left) @ np.array([reward for _, reward in seen]))
    doubt = np.sqrt(np.diag(np.linalg.inv(matrix))) / 2
    assert told["decisions"] == pytest.approx(left.sum(), rel=1e-6)
    assert told["usual"] == pytest.approx(theta[0], rel=1e-5)
    effects = {one["feature"]: one for one in told["effects"]}
    for name, expected, spread in zip(BANDIT_V2.features, theta[1:], doubt[1:], strict=True):
        assert effects[name]["effect"] == pytest.approx(expected, rel=1e-4, abs=1e-7)
        assert effects[name]["doubt"] == pytest.approx(spread, rel=1e-5)
    assert (effects["is_overdue"]["does"], effects["is_overdue"]["certainty"]) == (
        "raises",
        "surely",
    )
    assert told["effects"][0]["feature"] == "is_overdue"


def test_the_page_says_it_in_words_and_of_a_moment(world: World) -> None:
    """Before the first tip, and of somebody without tips, nothing is known."""
    signals, _ = liked_tips("ada", TIPS, NOW - timedelta(days=1))
    world.publish_and_build([*signals, liked_tips("bob", 1, NOW)[0][1]])
    pages = Pages.of(world).enter()
    text = pages.get("/admin/users/ada").text
    assert "surely raises the score" in text
    assert "yes instead of no" in text
    assert learned(pages, "/admin/users/ada?at=2020-01-01")["bandit_v2"]["decisions"] == 0
    assert "Nothing was learned of this person" in pages.get("/admin/users/ada?at=2020-01-01").text


def test_what_was_learned_of_a_forgotten_person_is_nowhere(world: World) -> None:
    """No page tells of him, and the figures of an evaluation never named him."""
    name = "ada-who-leaves"
    world.publish_and_build(liked_tips(name, TIPS, NOW - timedelta(days=2))[0])
    pages = Pages.of(world).enter()
    pages.job(pages.post("/admin/evaluate"))
    assert pages.facts("/admin/bandit")["evaluation"]["found"]["groups"][0]["people"] == 1
    assert pages.job(pages.post("/admin/forget", user_id=name, typed=name))["state"] == "done"
    pages.get(f"/admin/users/{name}", 404)
    assert name not in pages.get("/admin/bandit").text
    pages.job(pages.post("/admin/evaluate"))
    assert pages.facts("/admin/bandit")["evaluation"]["found"]["groups"][0]["decisions"] == 0
    path = pages.admin.database.path
    for file in path.parent.glob(path.name + "*"):
        assert name.encode() not in file.read_bytes()
