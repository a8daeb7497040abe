"""The contract of another application's admin that shows what these pages tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_admin.contract.document import document, reference
from oo_admin.pages.bandit import BanditPage
from oo_admin.pages.data_quality import DataQualityPage
from oo_admin.pages.features import FeaturePage, FeaturesPage
from oo_admin.pages.job import JobPage
from oo_admin.pages.system import SystemPage
from oo_admin.pages.users import UsersFacts
from oo_admin.reading.person_facts import PersonFacts
from oo_admin.reading.reason_facts import ReasonFacts
from oo_admin.web.failures import Failure
from oo_transforms.described import definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_transforms.described import Schema

PAGES: Final[Mapping[str, tuple[type, ...]]] = {
    "/admin/users": (UsersFacts,),
    "/admin/users/{user_id}": (PersonFacts, ReasonFacts),
    "/admin/user": (PersonFacts, ReasonFacts),
    "/admin/features": (FeaturesPage,),
    "/admin/features/{name}": (FeaturePage,),
    "/admin/bandit": (BanditPage,),
    "/admin/data-quality": (DataQualityPage,),
    "/admin/system": (SystemPage,),
    "/admin/jobs/{number}": (JobPage,),
}
"""What each page tells with `?format=json`; a user's page tells a reason if asked for a feature."""


def pages_contract() -> Schema:
    """Return the schema of every page's JSON, by the page's path.

    It comes from the records that pages and their JSON are written of.
    """
    kinds = list(dict.fromkeys(kind for told in PAGES.values() for kind in told))
    by_path = {path: _any_of(told) for path, told in PAGES.items()}
    return document(
        "PageByPath",
        "What each page tells with `?format=json`. A user's page tells a reason if it is asked "
        "for a feature. What is not answered with status 200 is a Failure.",
        definitions([*kinds, Failure]),
        {"type": "object", "properties": by_path, "required": list(by_path)},
    )


def _any_of(told: tuple[type, ...]) -> Schema:
    if len(told) == 1:
        return reference(told[0].__name__)
    return {"anyOf": [reference(kind.__name__) for kind in told]}
