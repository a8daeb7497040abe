"""TypeScript types of a JSON Schema.

Written for the part of JSON Schema that msgspec and pydantic give. There are libraries for this
way, but they are JavaScript, and this must run where the Python code does; what Python has goes
the other way, from a schema to Python.
"""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Final

from oo_admin.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_transforms.described import Schema

WIDTH: Final = 100
_SCALARS: Final = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][\w$]*")


def typescript(schema: Schema, head: str) -> str:
    """Write a module that exports a type of each definition, and one of the whole.

    Args:
        schema: A whole schema, with its title and its definitions.
        head: A comment at the beginning.

    Raises:
        ContractError: It uses something that has no type here.
    """
    parts = {**schema.get("$defs", {}), schema["title"]: schema}
    return "\n".join([f"// {head}", *(_declaration(name, part) for name, part in parts.items())])


def type_of(schema: Schema) -> str:
    """Return the type of a schema.

    >>> type_of({"anyOf": [{"type": "array", "items": {"enum": ["a", "b"]}}, {"type": "null"}]})
    '("a" | "b")[] | null'
    >>> type_of({"type": "object", "additionalProperties": {"type": "integer"}})
    'Record<string, number>'

    Raises:
        ContractError: There is none here.
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    for key, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if key in schema:
            return sign.join(dict.fromkeys(type_of(part) for part in schema[key]))
    if "type" not in schema:
        return "unknown"
    return _of_kind(schema)


def _of_kind(schema: Schema) -> str:
    kind = schema["type"]
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema)
    if kind in _SCALARS:
        return _SCALARS[kind]
    raise ContractError(f"{json.dumps(schema)[:200]} has no type here: add it to typescript.py")


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(map(type_of, schema['prefixItems']))}]"
    inner = type_of(schema["items"]) if "items" in schema else "unknown"
    return (
        f"({inner})[]" if " " in inner and not inner.startswith(("Record<", "[")) else f"{inner}[]"
    )


def _object(schema: Schema) -> str:
    if "properties" in schema:
        return "{ " + " ".join(f"{_field(schema, name)};" for name in schema["properties"]) + " }"
    inner = schema.get("additionalProperties", {})
    return f"Record<string, {type_of(inner) if isinstance(inner, dict) else 'unknown'}>"


def _declaration(name: str, schema: Schema) -> str:
    comment = _comment([schema.get("description", ""), *bounds(schema)], "")
    if schema.get("type") != "object" or "properties" not in schema:
        return f"{comment}export type {name} = {type_of(schema)};\n"
    lines = [f"{comment}export interface {name} {{"]
    for field, told in schema["properties"].items():
        words = [told.get("description", ""), *bounds(told)]
        lines.append(f"{_comment(words, '  ')}  {_field(schema, field)};")
    return "\n".join([*lines, "}\n"])


def _field(schema: Schema, name: str) -> str:
    key = name if _PLAIN_KEY.fullmatch(name) else json.dumps(name)
    optional = "" if name in schema.get("required", ()) else "?"
    return f"{key}{optional}: {type_of(schema['properties'][name])}"


def bounds(schema: Schema) -> Iterator[str]:
    """Say in sentences what a type of TypeScript cannot.

    >>> list(bounds({"type": "string", "minLength": 1, "maxLength": 64}))
    ['1 to 64 characters.']
    >>> list(bounds({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}))
    ['Above 0.']
    """
    choices = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    if len(choices) == 1:
        yield from bounds(choices[0])
    if schema.get("format") == "date-time":
        yield "RFC 3339 with an offset."
    if schema.get("type") == "integer":
        yield "A whole number."
    yield from _range(schema.get("minimum"), schema.get("maximum"), "")
    yield from _range(schema.get("minLength"), schema.get("maxLength"), " characters")
    yield from _range(schema.get("minItems"), schema.get("maxItems"), " elements")
    yield from _range(schema.get("minProperties"), schema.get("maxProperties"), " names")
    if "exclusiveMinimum" in schema:
        yield f"Above {_number(schema['exclusiveMinimum'])}."
    if "exclusiveMaximum" in schema:
        yield f"Below {_number(schema['exclusiveMaximum'])}."


def _range(least: float | None, most: float | None, of_what: str) -> Iterator[str]:
    if least is not None and most is not None:
        equal = least == most
        yield f"{_number(least)}{'' if equal else f' to {_number(most)}'}{of_what}."
    elif least is not None:
        yield f"At least {_number(least)}{of_what}."
    elif most is not None:
        yield f"At most {_number(most)}{of_what}."


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    digits, e, exponent = f"{value:g}".partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def _comment(sentences: list[str], indent: str) -> str:
    ended = [" ".join(said.split()).rstrip(".") + "." for said in sentences if said]
    text = " ".join(ended).replace("*/", "*\\/")
    if not text:
        return ""
    one = f"{indent}/** {text} */\n"
    if len(one) <= WIDTH:
        return one
    lines = textwrap.wrap(text, WIDTH - len(indent) - len(" * "))
    return "".join(
        [f"{indent}/**\n", *(f"{indent} * {line}\n" for line in lines), f"{indent} */\n"]
    )
