"""Generates the OpenAPI 3.1 document of all protocols' routes from the types that validate bodies, and renders it."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import msgspec
from quart import request

from chat import __version__
from chat.web_api.endpoint import Endpoint, Routes
from chat.web_api.schemas import plain, published

_PART = re.compile(r"<(?:(int):)?(\w+)>")


_ALL = (
    "The HTTP side of the five older protocols, and of administration. Some bodies match keys in any case, and say so."
    " The native protocol, below /api/v1, has documents of its own: /api/v1/openapi.json and /api/v1/asyncapi.json, and"
    " for people /api/v1/docs."
)


def describe(
    dialects: Sequence[Routes], title: str = "trio-chat", version: str = __version__, description: str = _ALL
) -> dict[str, Any]:
    """Return the OpenAPI document of all routes."""
    endpoints = [endpoint for routes in dialects for endpoint in routes.endpoints]
    asked = {endpoint.body for endpoint in endpoints} - {None, bytes}
    answered = {kind for endpoint in endpoints for kind in endpoint.answers.values()} - {None, bytes}
    schema_of, components = published(asked, answered)
    paths: dict[str, dict[str, Any]] = {}
    for routes in dialects:
        for endpoint in routes.endpoints:
            path = _PART.sub(r"{\2}", endpoint.path)
            operation = _operation(routes.name, endpoint, schema_of)
            # Several protocols have an endpoint of the same name.
            operation["operationId"] = (
                endpoint.name if len(dialects) == 1 else f"{routes.name}_{endpoint.name}"
            )
            paths.setdefault(path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": description,
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`Authorization: Bearer TOKEN`; the five older protocols take the bare token too.",
                }
            },
        },
    }


def here() -> list[dict[str, str]]:
    """Return the `servers` of a document: this server, at the address that the request used. Sync."""
    return [{"url": request.host_url.rstrip("/")}]


def _operation(dialect: str, endpoint: Endpoint, schema_of: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [dialect],
        "summary": endpoint.summary,
        "responses": {
            str(status): _response(status, kind, schema_of)
            for status, kind in sorted(endpoint.answers.items())
        },
    }
    parameters = [
        {
            "name": part,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "format": "int64", "minimum": 0} if kind else {"type": "string"},
        }
        for kind, part in _PART.findall(endpoint.path)
    ]
    # A GET accepts the fields of its body in the query as well.
    query = endpoint.query or (endpoint.body if endpoint.method == "GET" else None)
    if query is not None:
        parameters += [
            {"name": field.encode_name, "in": "query", "required": field.required, "schema": _schema(field)}
            for field in msgspec.structs.fields(query)
        ]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": endpoint.method != "GET" and endpoint.needs_body,
            "content": _content(endpoint.body, schema_of),
        }
        if endpoint.caseless:
            operation["requestBody"]["description"] = "Keys are matched without regard to case."
    if endpoint.token:
        operation["security"] = [{"token": []}]
    return operation


def _schema(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    """Return the schema of a field of a query: in a query a field is left out instead of null."""
    schema = plain(msgspec.json.schema(field.type))
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if options:
        schema = {**schema, **options[0]}
        del schema["anyOf"]
    if field.default not in (msgspec.NODEFAULT, None):
        schema["default"] = field.default
    return schema


_MEANING = {
    200: "Done",
    201: "Created",
    202: "Accepted: it is done in the background",
    204: "Done, without a body",
    400: "Malformed or refused; the text says why",
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    405: "This path does not support the method",
    409: "The name is taken, or the state has changed in the meantime",
    410: "Expired or used up",
    413: "The body is too long",
    415: "The body is not JSON",
    500: "A bug in the server; its log has the details",
    503: "The database does not answer, or the outcome of the write is unknown; the text says which",
    429: "Too many requests; see Retry-After",
}


def _response(status: int, kind: object, schema_of: dict[Any, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": _MEANING[status]}
    if status == 429:
        seconds = {"type": "integer", "format": "int64", "minimum": 0}
        response["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": seconds}}
    if kind is not None:
        response["content"] = _content(kind, schema_of)
    return response


def _content(kind: object, schema_of: dict[Any, Any]) -> dict[str, Any]:
    if kind is bytes:
        return {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": schema_of[kind]}}


def render(
    document: dict[str, Any], source: str = "/openapi.json", codes: Mapping[str, str] | None = None
) -> str:
    """Return the document as an HTML page, which loads nothing from other servers.

    `source` is the path of the document. `codes` maps each error code to what a client does then.
    """
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>HTTP API</title>",
        '<meta name=viewport content="width=device-width"><link rel=stylesheet href=/web/pages.css>',
        "<main class=api><h1>HTTP API</h1>",
        f"<p>The same in machine-readable form: <a href={escape(source)}>{escape(source)}</a></p>",
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            lock = " Needs a token." if "security" in operation else ""
            parts.append(
                f"<p>{escape(operation['summary'])}{lock} <small>({operation['tags'][0]})</small></p>"
            )
            if "requestBody" in operation:
                parts.append(f"<p>Takes {_named(operation['requestBody'])}</p>")
            query = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            if query:
                parts.append(
                    f"<p>In the query: {', '.join(f'<code>{escape(name)}</code>' for name in query)}</p>"
                )
            parts.append("<ul>")
            for status, response in operation["responses"].items():
                parts.append(f"<li>{status} {escape(response['description'])}: {_named(response)}</li>")
            parts.append("</ul>")
    if codes:
        parts.append("<h1>Codes of errors</h1>")
        parts += [
            f"<h2 id={escape(code)}><code>{escape(code)}</code></h2><p>{escape(what)}</p>"
            for code, what in codes.items()
        ]
    parts.append("<h1>Bodies</h1>")
    for name, schema in document["components"]["schemas"].items():
        text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
        parts.append(f"<h2 id={escape(name)}>{escape(name)}</h2><pre>{escape(text)}</pre>")
    return "".join(parts)


def _named(described: dict[str, Any]) -> str:
    content = described.get("content", {})
    if "application/octet-stream" in content:
        return "the bytes of a file"
    schema = content.get("application/json", {}).get("schema")
    if schema is None:
        return "an empty body"
    name = str(schema.get("$ref") or schema.get("items", {}).get("$ref", "")).rsplit("/", 1)[-1]
    many = "a list of " if schema.get("type") == "array" else ""
    return f"{many}<a href=#{escape(name)}>{escape(name)}</a>"
