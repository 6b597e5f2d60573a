"""As much of JSON Schema as /openapi.json uses, by hand; strict: a key that is not described is an error."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
KEYWORDS = frozenset(
    {"$ref", "anyOf", "type", "enum", "format", "minimum", "maximum", "minItems", "maxItems", "maxLength", "default",
     "items", "properties", "required", "additionalProperties"}
)  # fmt: skip


def problems(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], where: str = "$") -> Iterator[str]:
    """What of `value` is not as `schema` says; references are resolved in `document`."""
    if unknown := set(schema) - KEYWORDS:
        yield f"{where}: a schema with {unknown}"
    if "$ref" in schema:
        yield from problems(value, resolve(schema["$ref"], document), document, where)
        return
    if "anyOf" in schema:
        answers = [list(problems(value, choice, document, where)) for choice in schema["anyOf"]]
        if all(answers):
            yield from answers[0]
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{where}: {value!r} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if schema.get("format") == "date" and datetime.date.fromisoformat(value).isoformat() != value:
        yield f"{where}: {value!r} is no date"
    if (
        not schema.get("minimum", float("-inf"))
        <= (value if kind in {"integer", "number"} else 0)
        <= schema.get("maximum", float("inf"))
    ):
        yield f"{where}: {value!r} is out of range"
    if kind == "array":
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        for number, item in enumerate(value):
            yield from problems(item, schema["items"], document, f"{where}[{number}]")
    if kind == "object":
        described = schema.get("properties", {})
        yield from (f"{where}: no {name!r}" for name in schema.get("required", ()) if name not in value)
        for name, item in value.items():
            if name in described:
                yield from problems(item, described[name], document, f"{where}.{name}")
            elif "additionalProperties" in schema:
                yield from problems(item, schema["additionalProperties"], document, f"{where}.{name}")
            elif described:
                yield f"{where}: {name!r} is not described"


def resolve(reference: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a local `$ref` points to; KeyError if nothing."""
    assert reference.startswith("#/"), reference
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def references(tree: Any) -> Iterator[str]:
    """Every `$ref` anywhere below."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from references(value)
