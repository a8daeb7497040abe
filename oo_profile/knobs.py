"""What all classes of knobs refuse."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def refuse_unless_positive(knobs: DataclassInstance) -> None:
    """See to it that every knob is above 0; NaN is not.

    Raises:
        ValueError: A knob is not.
    """
    for knob in fields(knobs):
        value = getattr(knobs, knob.name)
        if not value > 0:
            raise ValueError(f"{knob.name} is {value}; it must be above 0")
