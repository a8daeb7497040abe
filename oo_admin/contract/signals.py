"""The contract of who publishes signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_admin.contract.document import document, reference
from oo_transforms.described import definitions
from oo_transforms.signals import SIGNAL_TYPES

if TYPE_CHECKING:
    from oo_transforms.described import Schema


def signals_contract() -> Schema:
    """Return the schema of every signal, by the subject that it is published on.

    It comes from the classes that the builder decodes messages into.
    """
    by_subject = {kind.subject: reference(kind.__name__) for kind in SIGNAL_TYPES}
    return document(
        "SignalBySubject",
        "What is published on each subject, as JSON. A field that is not listed is kept and "
        "otherwise ignored.",
        definitions(SIGNAL_TYPES),
        {"type": "object", "properties": by_subject, "required": list(by_subject)},
    )
