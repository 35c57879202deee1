"""Generates the AsyncAPI 3 document of the native socket from its frames and the operations, and renders it."""

from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec

from chat.operations.operation import Operation
from chat.protocols.native.operations import OPERATIONS
from chat.protocols.native.wire.all_frames import EVENTS, REPLIES, REQUESTS
from chat.protocols.native.wire.frames import ErrorReply, Ref
from chat.web_api.schemas import REFERENCE, plain, published

ADDRESS = "/api/v1/socket"


def describe_socket(version: str) -> dict[str, Any]:
    """Return the document of the socket. Sync and pure."""
    on_socket = [each for each in OPERATIONS if each.on_socket is not None]
    sent: list[type[msgspec.Struct]] = [*REPLIES, ErrorReply, *EVENTS]
    _, schemas = published(
        [*REQUESTS, *(each.request for each in on_socket if each.request is not None)],
        [*sent, *(each.reply for each in on_socket if each.reply is not None)],
    )
    payloads = {_name(kind): _reference(kind) for kind in (*REQUESTS, *sent)}
    for each in on_socket:
        payloads[f"{each.on_socket}"] = _typed(f"{each.on_socket}", each.request)
        payloads[f"{each.on_socket}_ok"] = _typed(f"{each.on_socket}_ok", each.reply)
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "trio-chat, the native socket",
            "version": version,
            "description": "Each request has one reply with its `id`, `<type>_ok` or `error`; events have none.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": ADDRESS,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in payloads},
            }
        },
        "operations": {
            **{f"ask_{name}": _asked(name, what) for name, what in _requests(on_socket)},
            **{f"tell_{_tag(kind)}": _event(kind) for kind in EVENTS},
        },
        "components": {
            "schemas": schemas,
            "messages": {
                name: {"name": name.removeprefix("event_"), "payload": payload}
                for name, payload in payloads.items()
            },
        },
    }


def render_socket(document: dict[str, Any]) -> str:
    """Return the page's part about the socket. Sync and pure."""
    parts = [
        f"<h1>The socket, <code>{escape(ADDRESS)}</code></h1>",
        "<p>The same in machine-readable form: <a href=/api/v1/asyncapi.json>/api/v1/asyncapi.json</a></p>",
    ]
    for operation in document["operations"].values():
        (message,) = operation["messages"]
        name = message["$ref"].rpartition("/")[2]
        asked = operation["action"] == "receive"
        what = document["components"]["messages"][name]
        parts.append(f"<h2><code>{escape(what['name'])}</code> {'request' if asked else 'event'}</h2>")
        parts.append(f"<p>{escape(operation['summary'])}</p>")
        parts.append(_schema(what["payload"]))
        if asked:
            reply = document["components"]["messages"][f"{name}_ok"]
            parts.append(
                f"<p>Answered by <code>{escape(reply['name'])}</code></p>{_schema(reply['payload'])}"
            )
    parts.append("<h1>Frames</h1>")
    for name, schema in document["components"]["schemas"].items():
        parts.append(f"<h2 id=frame-{escape(name)}>{escape(name)}</h2>{_schema(schema)}")
    return "".join(parts)


def _requests(on_socket: Iterable[Operation]) -> Iterable[tuple[str, str]]:
    """Yield the name and the summary of each request."""
    yield from ((_name(kind), _summary(kind)) for kind in REQUESTS)
    yield from ((f"{each.on_socket}", each.summary) for each in on_socket)


def _asked(name: str, summary: str) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/socket"},
        "summary": summary,
        "messages": [_on_channel(name)],
        "reply": {
            "channel": {"$ref": "#/channels/socket"},
            "messages": [_on_channel(f"{name}_ok"), _on_channel("error")],
        },
    }


def _event(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "summary": _summary(kind),
        "messages": [_on_channel(_name(kind))],
    }


def _on_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/socket/messages/{name}"}


def _typed(name: str, kind: type[msgspec.Struct] | None) -> dict[str, Any]:
    """Return the schema of an operation's request or reply as a frame."""
    frame: dict[str, Any] = {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"const": name}, "id": plain(msgspec.json.schema(Ref))},
    }
    return frame if kind is None else {"allOf": [_reference(kind), frame]}


def _reference(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=kind.__name__)}


def _name(kind: type[msgspec.Struct]) -> str:
    """Return a frame's name in the document: its type, with a prefix for events, which may share it with a request."""
    return f"event_{_tag(kind)}" if kind in EVENTS else _tag(kind)


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _summary(kind: type[msgspec.Struct]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _schema(schema: object) -> str:
    return f"<pre>{escape(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())}</pre>"
