"""Writes the schemas of the native socket's frames: `python -m tests.client.schemas`.

They are those of `/api/v1/asyncapi.json`, as one document of JSON Schema for generators and validators: `$defs` has
each type, `request` and `reply` have them by the type of the request, `event` by that of the event.
"""

import json
from pathlib import Path
from typing import Any

from chat.protocols.native.asyncapi import describe_socket

FILE = Path(__file__).parents[2] / "docs/protocols/native.schema.json"
_VERSION = "0.2.0"


def schemas() -> dict[str, Any]:
    """Return the document."""
    described = describe_socket(_VERSION)
    messages = described["components"]["messages"]
    requests = [name.removeprefix("ask_") for name in described["operations"] if name.startswith("ask_")]
    events = [name.removeprefix("tell_") for name in described["operations"] if name.startswith("tell_")]

    def payload(name: str) -> Any:
        return _local(messages[name]["payload"])

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frames of the native socket",
        "description": "A request is one of `request`, its reply that of `reply` with the same name, or `error`.",
        "request": {name: payload(name) for name in requests},
        "reply": {name: payload(f"{name}_ok") for name in requests},
        "error": payload("error"),
        "event": {name: payload(f"event_{name}") for name in events},
        "$defs": {name: _local(schema) for name, schema in described["components"]["schemas"].items()},
    }


def text() -> str:
    """Return the text of the file: each schema is a line, so that a change shows which it is about."""
    parts, between = [], ",\n"
    for name, value in schemas().items():
        if name in ("request", "reply", "event", "$defs"):
            lines = (f"  {_json(each)}: {_json(schema)}" for each, schema in value.items())
            parts.append(f"{_json(name)}: {{\n{between.join(lines)}\n}}")
        else:
            parts.append(f"{_json(name)}: {_json(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _local(value: Any) -> Any:
    """Return a schema whose references are those of this document."""
    match value:
        case dict():
            return {
                name: each.replace("#/components/schemas/", "#/$defs/") if name == "$ref" else _local(each)
                for name, each in value.items()
            }
        case list():
            return [_local(each) for each in value]
    return value


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
