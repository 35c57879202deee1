"""Writes chat/web/protocol.d.ts from the native protocol's types: `python -m tests.web.protocol_types`."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from chat.protocols.native.operations import OPERATIONS
from chat.protocols.native.wire.all_frames import EVENTS, REPLIES, REQUESTS
from chat.protocols.native.wire.frames import ErrorReply
from chat.web_api.answers import Error

TARGET = Path(__file__).parents[2] / "chat" / "web" / "protocol.d.ts"

_HEAD = """\
// What travels between the page and the server, made of the server's types by `make protocol-types`; a test compares.
// A field at its default is left out, so most are optional. Fields, events and codes may be added.
"""
_SIMPLE = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}


def protocol_types() -> str:
    """Return the file as it must be. Sync and pure."""
    asked = [each.request for each in OPERATIONS if each.request is not None]
    got = [each.reply for each in OPERATIONS if each.reply is not None]
    requests = _schemas([*REQUESTS, *asked])
    replies = _schemas([*REPLIES, ErrorReply, *EVENTS, Error, *got])
    parts = [_HEAD]
    for name, schema in sorted((requests | replies).items()):
        parts.append(_declared(name, schema, is_told=name in replies))
    parts.append(_union("Request", REQUESTS))
    parts.append(_union("Reply", [*REPLIES, ErrorReply]))
    parts.append(_union("Event", EVENTS))
    return "\n".join(parts)


def _schemas(types: Iterable[type[msgspec.Struct]]) -> dict[str, Any]:
    return msgspec.json.schema_components(types, ref_template="{name}")[1]


def _declared(name: str, schema: Mapping[str, Any], *, is_told: bool) -> str:
    comment = _comment(schema.get("description", ""))
    if "properties" not in schema:
        return f"{comment}export type {name} = {_type(schema)};\n"
    required = schema.get("required", ())
    lines = [
        _field(key, value, is_required=key in required, is_told=is_told)
        for key, value in schema["properties"].items()
    ]
    return f"{comment}export interface {name} {{\n{''.join(lines)}}}\n"


def _field(name: str, schema: Mapping[str, Any], *, is_required: bool, is_told: bool) -> str:
    kind = _type(schema)
    if is_told and not is_required and schema.get("default", ...) is None:
        kind = kind.removesuffix(" | null")  # what is told is left out instead
    comment = textwrap.indent(_comment(_about(schema)), "  ")
    return f"{comment}  {name}{'' if is_required else '?'}: {kind};\n"


def _about(schema: Mapping[str, Any]) -> str:
    parts = [schema, *schema.get("anyOf", ())]
    return next((str(part["description"]) for part in parts if "description" in part), "")


def _comment(text: str) -> str:
    plain = re.sub(r"\s+", " ", text).strip()
    if not plain:
        return ""
    lines = textwrap.wrap(plain, 112)
    return (
        f"/** {lines[0]} */\n" if len(lines) == 1 else "/**\n" + "".join(f" * {x}\n" for x in lines) + " */\n"
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(msgspec.json.encode(each).decode() for each in schema["enum"])
    if schema.get("type") == "array":
        items = _type(schema.get("items", {}))
        return f"({items})[]" if "|" in items else f"{items}[]"
    if schema.get("type") == "object":
        return f"Record<string, {_type(schema.get('additionalProperties') or {})}>"
    return _SIMPLE.get(schema.get("type", ""), "unknown")


def _union(name: str, types: Iterable[type[msgspec.Struct]]) -> str:
    return f"export type {name} =\n" + "\n".join(f"  | {each.__name__}" for each in types) + ";\n"


if __name__ == "__main__":
    TARGET.write_text(protocol_types())
