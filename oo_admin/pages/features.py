"""The registry as a catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.errors import InputRefused
from oo_admin.reading.distribution import Distribution
from oo_admin.reading.lineage import Lineage, lineage
from oo_admin.web.answers import page
from oo_admin.web.context import Admin, admin_of
from oo_admin.web.visitors import Visitor
from oo_profile.errors import UnknownNameError
from oo_profile.reports.catalogue import Entry
from oo_profile.reports.words import duration_text
from oo_transforms.fields import Value, WhenStale

MAX_SEARCH = 64
router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFacts:
    """A feature of an on-demand view, or a column of a state view.

    Attributes:
        name: Its name, unique over the registry.
        dtype: Feast's name of its type.
        source: Where its signals come from; "request" if it needs none.
        ttl: After which time each of its state views expires, in words; null: never.
        ttl_seconds: The same in seconds.
        half_life: In which time the sums of each are halved, in words; null: nothing decays.
        half_life_seconds: The same in seconds.
        invalidated_by: The subjects that change it.
        view: The view that it is asked from.
        transform: The on-demand view that computes it; null: a state column.
        description: What it says.
        unit: Unit of its value.
        range: Least and greatest value; null: open.
        none: The value without evidence; of a state column null.
        reads: State columns and request data that it is computed from.
        owner: Who answers for it.
        when_stale: Whether readers get it, or null, where its state is expired or was never seen.
        services: The feature services that have it.
    """

    name: str
    dtype: str
    source: tuple[str, ...]
    ttl: dict[str, str | None]
    ttl_seconds: dict[str, float | None]
    half_life: dict[str, str | None]
    half_life_seconds: dict[str, float | None]
    invalidated_by: tuple[str, ...]
    view: str
    transform: str | None
    description: str
    unit: str
    range: tuple[float | None, float | None]
    none: Value | None
    reads: tuple[str, ...]
    owner: str
    when_stale: WhenStale
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesPage:
    """The registry, or the part of it that was searched for.

    Attributes:
        search: What was searched for; empty: nothing.
        features: What was found.
    """

    search: str
    features: tuple[CatalogueFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePage:
    """All of one feature.

    Attributes:
        feature: The feature.
        lineage: A picture of where it comes from.
        distribution: How it is distributed; null: no profile holds it, or none was logged yet.
        profiled: Whether a profile holds it.
    """

    feature: CatalogueFacts
    lineage: Lineage
    distribution: Distribution | None
    profiled: bool


@router.get("/admin/features")
def features(request: Request, session: Visitor) -> Response:
    """List features, or those in whose name, words or source a text occurs."""
    search = request.query_params.get("q", "").strip()
    if len(search) > MAX_SEARCH:
        raise InputRefused(f"a search has up to {MAX_SEARCH} characters; this has {len(search)}")
    admin = admin_of(request)
    found = [entry for entry in _entries(admin) if _matches(entry, search.lower())]
    facts = FeaturesPage(search=search, features=tuple(_facts(admin, entry) for entry in found))
    return page(request, session, "features.html", facts)


@router.get("/admin/features/{name}")
def feature(request: Request, session: Visitor, name: str) -> Response:
    """Tell all of one feature, with a picture of where it comes from."""
    admin = admin_of(request)
    entries = {entry.name: entry for entry in _entries(admin)}
    if name not in entries:
        raise UnknownNameError("feature", name[:MAX_SEARCH], list(entries))
    told = _facts(admin, entries[name])
    facts = FeaturePage(
        feature=told,
        lineage=lineage(entries[name], told.services),
        distribution=admin.distributions.of(entries[name], admin.clock()),
        profiled=name in admin.reader.profile_features,
    )
    return page(request, session, "feature.html", facts)


def _entries(admin: Admin) -> tuple[Entry, ...]:
    return (*admin.reader.catalogue.features, *admin.reader.catalogue.columns)


def _matches(entry: Entry, search: str) -> bool:
    texts = (entry.name, entry.description, entry.group, *entry.sources, entry.owner)
    return any(search in text.lower() for text in texts)


def _facts(admin: Admin, entry: Entry) -> CatalogueFacts:
    ttls = {view.name: view.ttl for view in entry.views}
    half_lives = {view.name: view.half_life for view in entry.views}
    return CatalogueFacts(
        name=entry.name,
        dtype=entry.dtype,
        source=entry.sources,
        ttl=_words(ttls),
        ttl_seconds=_seconds(ttls),
        half_life=_words(half_lives),
        half_life_seconds=_seconds(half_lives),
        invalidated_by=entry.invalidated_by,
        view=entry.group,
        transform=entry.transform,
        description=entry.description,
        unit=entry.unit,
        range=(entry.minimum, entry.maximum),
        none=cast("Value | None", entry.none),
        reads=entry.reads,
        owner=entry.owner,
        when_stale=cast("WhenStale", entry.when_stale),
        services=tuple(admin.reader.services_of(entry.name)),
    )


def _words(durations: Mapping[str, timedelta | None]) -> dict[str, str | None]:
    return {name: None if d is None else duration_text(d) for name, d in durations.items()}


def _seconds(durations: Mapping[str, timedelta | None]) -> dict[str, float | None]:
    return {name: None if d is None else d.total_seconds() for name, d in durations.items()}
