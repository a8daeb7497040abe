"""What two writers made of one registry, put together.

The rule, from the whole registry down to single fields: a part that only one of them changed is
his; of an object that one deleted nothing stays; a part that both changed is the later writer's.
An object's spec is one part, so no view is ever half one writer's and half the other's. So a
materialization that took an hour does not undo a `feast apply` that ran meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.descriptor import (  # type: ignore[import-untyped]  # no stubs
        FieldDescriptor,
    )
    from google.protobuf.message import Message  # type: ignore[import-untyped]  # no stubs

    M = TypeVar("M", bound=Message)
    _Identity: TypeAlias = tuple[str | int, ...]

_LISTS_OF_OBJECTS = {"Registry", "FeatureViewVersionHistory"}
"""Messages whose lists hold objects with an identity; any other list is one part."""

_IDENTITIES = (
    ("project", "name"),
    ("name",),
    ("project",),
    ("project_id", "feature_view_name", "version_number"),
)
"""Fields that tell objects of a list apart; the first set that they have in full counts."""


def merged(base: M, mine: M, theirs: M) -> M:
    """Return a registry, or a part of one, with the changes of both writers.

    Args:
        base: What both started from.
        mine: What the later writer made of it.
        theirs: What the earlier writer made of it.

    Returns:
        A new message; the arguments stay as they are.
    """
    result: M = type(theirs)()
    result.CopyFrom(theirs)
    for field in mine.DESCRIPTOR.fields:
        if _same(field, base, mine) or _same(field, mine, theirs):
            continue
        if _same(field, base, theirs) or not _divisible(field):
            _copy(field, mine, result)
        elif field.is_repeated:
            objects = _merged_objects(*(getattr(m, field.name) for m in (base, mine, theirs)))
            result.ClearField(field.name)
            getattr(result, field.name).extend(objects)
        else:
            part = merged(*(getattr(m, field.name) for m in (base, mine, theirs)))
            getattr(result, field.name).CopyFrom(part)
    return result


def _merged_objects(
    base: Iterable[Message], mine: Iterable[Message], theirs: Iterable[Message]
) -> list[Message]:
    """Merge lists of objects: in the order of theirs, then what is new in mine."""
    old, ours, others = ({_identity(m): m for m in part} for part in (base, mine, theirs))
    result = []
    for identity in [*others, *(identity for identity in ours if identity not in others)]:
        was, my, their = (objects.get(identity) for objects in (old, ours, others))
        if my is not None and their is not None:
            result.append(merged(type(my)() if was is None else was, my, their))
        elif was is None:
            result.append(my if their is None else their)
    return result


def _identity(message: Message) -> _Identity:
    described = message.spec if "spec" in message.DESCRIPTOR.fields_by_name else message
    for names in _IDENTITIES:
        if all(name in described.DESCRIPTOR.fields_by_name for name in names):
            return tuple(getattr(described, name) for name in names)
    raise TypeError(f"{message.DESCRIPTOR.full_name} has no known identity in a registry")


def _divisible(field: FieldDescriptor) -> bool:
    """Tell whether a field consists of parts that can have different writers."""
    if field.message_type is None or field.name == "spec":
        return False
    return not field.is_repeated or field.containing_type.name in _LISTS_OF_OBJECTS


def _same(field: FieldDescriptor, one: Message, other: Message) -> bool:
    if field.has_presence and one.HasField(field.name) != other.HasField(field.name):
        return False
    return bool(getattr(one, field.name) == getattr(other, field.name))


def _copy(field: FieldDescriptor, source: Message, target: Message) -> None:
    target.ClearField(field.name)
    if field.is_repeated:
        getattr(target, field.name).MergeFrom(getattr(source, field.name))
    elif field.has_presence and not source.HasField(field.name):
        return
    elif field.message_type is not None:
        getattr(target, field.name).SetInParent()
        getattr(target, field.name).CopyFrom(getattr(source, field.name))
    else:
        setattr(target, field.name, getattr(source, field.name))
