"""Declarations: what a state view keeps, and what each kind of signal adds to it.

A view is declared by a `StateView`; a `State` is what it holds for one user. What a signal adds
is a `Contribution`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from oo_transforms.clock import MICROSECOND, local_time
from oo_transforms.errors import DeclarationError
from oo_transforms.fields import Dtype, StateField
from oo_transforms.notes import NOTHING
from oo_transforms.signals import SUBJECT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oo_transforms.arrays import Floats
    from oo_transforms.expectations import Expectations
    from oo_transforms.notes import Note
    from oo_transforms.signals import Signal


class Contribution(NamedTuple):
    """What one signal adds to a view.

    Attributes:
        sums: Slots of the view and the weight that each gains.
        category: The category that gains `category_weights`, None if the signal counts for none.
        category_weights: A weight for each category sum of the view.
        last: The latest values, in the view's order, if the signal brings any.
        every_slot: A weight for each slot of the view, if the signal changes most of them.
    """

    sums: tuple[tuple[int, float], ...] = ()
    category: str | None = None
    category_weights: tuple[float, ...] = ()
    last: tuple[float, ...] | None = None
    every_slot: Floats | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """A decayed sum, or `length` of them in an array.

    Attributes:
        name: Name, without the view's prefix.
        description: What is summed.
        unit: Unit of one value.
        length: How many sums.
        is_signed: Whether what is summed may be negative, so that sums may cancel out; how well
            such an array is known is then measured by its largest number.
    """

    name: str
    description: str
    unit: str
    length: int = 1
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class Last:
    """A value of the latest signal."""

    name: str
    description: str
    unit: str
    minimum: float | None = None
    maximum: float | None = None


class Moment(NamedTuple):
    """When a signal happened, as its view counts it.

    Attributes:
        event_time_us: Event time, microseconds.
        hour: On the user's own clock, 0..23.
        weekday: On the user's own clock, Monday 0.
        note: What the log before it says of it.
    """

    event_time_us: int
    hour: int
    weekday: int
    note: Note = NOTHING


@dataclass(frozen=True, slots=True)
class StateView:
    """The declaration of a state view: what it keeps and which signals change it.

    Attributes:
        name: Name of the Feast view and of its table.
        prefix: Prefix of its columns.
        source: The source whose signals it folds ("all": every one).
        description: What the view is about, in a sentence.
        half_life: Half-life of its sums; None: nothing decays.
        weights: For each kind of signal, the function that says what it adds; None: nothing, and
            then it writes no version.
        last: Latest values; every signal of a view that has some brings them all.
        sums: Scalar sums and arrays of sums.
        categories: Sums kept by category.
        keeps_maximum: The sums are event times, and the greatest stays; scalar sums only.
        expects: What is expected of the source; None: nothing.
        learns: Whether it learns from decisions: only signals that bear one are weighed, each with
            a note of what the log before it says.
        fills: Whether these notes have to tell features as history knew them.
        constants: What the weights depend on beside their functions, as JSON; it is part of what
            the rows of a table mean.
        half_life_us: The half-life in microseconds, 0 if nothing decays.
        spans: For each of the sums, its first slot and the one behind its last.
        size: Number of slots.
    """

    name: str
    prefix: str
    source: str
    description: str
    half_life: timedelta | None
    weights: Mapping[type[Signal], Callable[[Any, Moment], Contribution | None]]
    last: tuple[Last, ...] = ()
    sums: tuple[Sum, ...] = ()
    categories: tuple[Sum, ...] = ()
    keeps_maximum: bool = False
    expects: Expectations | None = None
    learns: bool = False
    fills: bool = False
    constants: str = ""
    half_life_us: float = field(init=False, repr=False, compare=False)
    spans: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)
    size: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the sums, which every state asks for, and refuse what cannot work.

        Raises:
            DeclarationError: A half-life that is not positive, a kept maximum with a half-life,
                an array or categories, a name declared twice, or one that the view itself uses.
        """
        self._check_half_life()
        self._check_names()
        half_life_us = 0.0 if self.half_life is None else self.half_life / MICROSECOND
        firsts = slots(self.sums).values()
        spans = tuple((at, at + part.length) for at, part in zip(firsts, self.sums, strict=True))
        object.__setattr__(self, "half_life_us", half_life_us)
        object.__setattr__(self, "spans", spans)
        object.__setattr__(self, "size", sum(part.length for part in self.sums))

    def _check_half_life(self) -> None:
        if self.half_life is not None and self.half_life <= timedelta(0):
            raise DeclarationError(
                f"view '{self.name}' has a half-life of {self.half_life}: give a positive one, or "
                "None if nothing decays"
            )
        scalar = all(part.length == 1 for part in self.sums) and not self.categories
        if self.keeps_maximum and (self.half_life is not None or not scalar):
            raise DeclarationError(
                f"view '{self.name}' keeps maxima, which have no half-life, arrays or categories"
            )

    def _check_names(self) -> None:
        names = [last.name for last in self.last]
        names += [part.name for part in (*self.sums, *self.categories)]
        names += ["last_event_at", "last_event_id"]
        if self.categories:
            names.append("categories")
        if len(set(names)) < len(names):
            raise DeclarationError(f"view '{self.name}' declares a name twice: {sorted(names)}")

    @property
    def anchor_field(self) -> str:
        """The column that holds the newest event time."""
        return f"{self.prefix}_last_event_at"

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that change the view, sorted; those alone that producers publish."""
        return tuple(name for name in self.stored_subjects if name.startswith(SUBJECT_PREFIX))

    @property
    def stored_subjects(self) -> tuple[str, ...]:
        """All subjects of the log that change the view, sorted."""
        return tuple(sorted(kind.subject for kind in self.weights))

    def column(self, name: str) -> str:
        """Return the column of a declared name."""
        return f"{self.prefix}_{name}"

    def tags(self) -> dict[str, str]:
        """Return what the registry says of the view: source, subjects, half-life, constants."""
        seconds = 0.0 if self.half_life is None else self.half_life.total_seconds()
        tags = {
            "source": self.source,
            "invalidated_by": ",".join(self.subjects),
            "half_life_seconds": f"{seconds:.0f}",
        }
        return {**tags, "constants": self.constants} if self.constants else tags

    def expectation_tags(self) -> dict[str, str]:
        """Return what the registry says is expected of the source; no state depends on it."""
        return {} if self.expects is None else self.expects.tags()

    def fields(self) -> tuple[StateField, ...]:
        """List the columns in the order of `State.cells`."""
        anchor = "Event time of the newest signal in this state"
        fields = [StateField(self.anchor_field, "Float64", anchor, "Unix seconds")]
        if self.last:
            text = "Event id of the signal that the latest values come from"
            fields.append(StateField(self.column("last_event_id"), "String", text, "id", None))
        fields += [self._last_field(last) for last in self.last]
        fields += [self._sum_field(part) for part in self.sums]
        if self.categories:
            text = "Names of the categories seen, sorted; the empty one stands for the rest"
            names = StateField(self.column("categories"), "Array(String)", text, "name", None)
            fields.append(names)
        fields += [self._category_field(part) for part in self.categories]
        return tuple(fields)

    def _last_field(self, last: Last) -> StateField:
        return StateField(
            self.column(last.name),
            "Float64",
            last.description,
            last.unit,
            last.minimum,
            last.maximum,
        )

    def _sum_field(self, part: Sum) -> StateField:
        dtype: Dtype = "Float64" if part.length == 1 else "Array(Float64)"
        length = None if part.length == 1 else part.length
        minimum = None if part.is_signed else 0.0
        return StateField(
            self.column(part.name), dtype, part.description, part.unit, minimum, length=length
        )

    def _category_field(self, part: Sum) -> StateField:
        return StateField(self.column(part.name), "Array(Float64)", part.description, part.unit)

    def contribution(
        self, signal: Signal, event_time_us: int, note: Note = NOTHING
    ) -> Contribution | None:
        """Say what a signal adds to this view; None if nothing, and then it writes no version.

        Args:
            signal: The signal.
            event_time_us: Its event time, microseconds.
            note: What the log before it says of it; only a view that learns reads it.
        """
        weigh = self.weights.get(type(signal))
        if weigh is None:
            return None
        hour, weekday = local_time(event_time_us, signal.utc_offset_minutes or 0)
        return weigh(signal, Moment(event_time_us, hour, weekday, note))


def slots(sums: Sequence[Sum]) -> dict[str, int]:
    """Number the sums: the slot of each name, the first one of an array.

    >>> slots((Sum("created", "", ""), Sum("by_hour", "", "", 24), Sum("rest", "", "")))
    {'created': 0, 'by_hour': 1, 'rest': 25}
    """
    numbered, slot = {}, 0
    for part in sums:
        numbered[part.name] = slot
        slot += part.length
    return numbered
