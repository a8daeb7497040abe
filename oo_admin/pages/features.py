"""The registry as a catalogue."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.errors import InputRefused
from oo_admin.reading.lineage import lineage
from oo_admin.web.answers import page
from oo_admin.web.context import Admin, admin_of
from oo_admin.web.visitors import Visitor
from oo_profile.errors import UnknownNameError
from oo_profile.reports.catalogue import Entry
from oo_profile.reports.words import duration_text

MAX_SEARCH = 64
router = APIRouter()


@router.get("/admin/features")
def features(request: Request, session: Visitor) -> Response:
    """List features, or those in whose name, words or source a text occurs."""
    search = request.query_params.get("q", "").strip()
    if len(search) > MAX_SEARCH:
        raise InputRefused(f"a search has up to {MAX_SEARCH} characters; this has {len(search)}")
    admin = admin_of(request)
    found = [entry for entry in _entries(admin) if _matches(entry, search.lower())]
    facts = {"search": search, "features": [_facts(admin, entry) for entry in found]}
    return page(request, session, "features.html", facts)


@router.get("/admin/features/{name}")
def feature(request: Request, session: Visitor, name: str) -> Response:
    """Tell all of one feature, with a picture of where it comes from."""
    admin = admin_of(request)
    entries = {entry.name: entry for entry in _entries(admin)}
    if name not in entries:
        raise UnknownNameError("feature", name[:MAX_SEARCH], list(entries))
    told = _facts(admin, entries[name])
    picture = asdict(lineage(entries[name], told["services"]))
    distribution = admin.distributions.of(entries[name])
    return page(
        request,
        session,
        "feature.html",
        {"feature": told, "lineage": picture, "distribution": distribution},
    )


def _entries(admin: Admin) -> tuple[Entry, ...]:
    return (*admin.reader.catalogue.features, *admin.reader.catalogue.columns)


def _matches(entry: Entry, search: str) -> bool:
    texts = (entry.name, entry.description, entry.group, *entry.sources, entry.owner)
    return any(search in text.lower() for text in texts)


def _facts(admin: Admin, entry: Entry) -> dict[str, Any]:
    return {
        **entry.as_json(),
        "services": admin.reader.services_of(entry.name),
        "ttl": {v.name: None if v.ttl is None else duration_text(v.ttl) for v in entry.views},
        "half_life": {
            v.name: None if v.half_life is None else duration_text(v.half_life) for v in entry.views
        },
    }
