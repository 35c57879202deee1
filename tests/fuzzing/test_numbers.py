"""Every number that a client may send, at its edges and far beyond: it is understood or refused, and never an error of
the server's. PostgreSQL counts to 2**63, JavaScript to 2**53, and Python reads 4,300 digits.

Over HTTP each field has two numbers, in turn; `make fuzz` sends them all.
"""

import itertools
import json
import os
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.frames import CLOSE, PING, PONG, TEXT, Frame, client_frame
from tests.support.people import PATIENCE, register
from tests.support.raw_client import RawClient
from tests.support.saved import LOBBY, execute_sql
from tests.support.server import ServerProcess, running_server, used_data_path

NUMBERS = (
    *("-1", "0", "-0", "1.5", "1e3", "1e309", "-1e309"),
    *(str(2**n + more) for n in (31, 32, 53, 63, 64) for more in (-1, 0)),
    *(str(-(2**63) + more) for more in (-1, 0)),
    *("9" * digits for digits in (19, 400, 4301)),
)

ALL = "FUZZ_EXAMPLES" in os.environ
BEYOND = str(2**63), "9" * 400
BEYOND_IN_TURN = itertools.cycle(BEYOND)
TURNS = itertools.cycle(number for number in NUMBERS if number not in BEYOND)


def numbers() -> tuple[str, ...]:
    """What one field is sent over HTTP."""
    return NUMBERS if ALL else (next(BEYOND_IN_TURN), next(TURNS))


class Asked(NamedTuple):
    """A server, what it says can be called, and the token of somebody who may call it."""

    server: ServerProcess
    client: httpx.Client
    token: str
    http: tuple[dict[str, Any], ...]
    socket: dict[str, Any]


@pytest.fixture(scope="module")
def asked() -> Generator[Asked]:
    with used_data_path() as data, running_server(data) as server:
        token = register(server.url, "eve")
        execute_sql(server.address, "UPDATE users SET is_admin = true, is_operator = true")
        with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE) as client:
            paths = ("/openapi.json", "/api/v1/openapi.json")
            documents = tuple(client.get(path).json() for path in paths)
            yield Asked(server, client, token, documents, client.get("/api/v1/asyncapi.json").json())


def is_number(schema: dict[str, Any]) -> bool:
    kinds = (schema, *schema.get("anyOf", ()))
    return any(each.get("type") in ("integer", "number") for each in kinds)


def whole(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference means, with all that it is made of."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    parts = [whole(document, part) for part in found.get("allOf", ())]
    properties = {name: each for part in (*parts, found) for name, each in part.get("properties", {}).items()}
    required = [name for part in (*parts, found) for name in part.get("required", ())]
    return {"type": "object", **found, "properties": properties, "required": required}


def good(document: dict[str, Any], schema: dict[str, Any], name: str = "") -> Any:
    """Something that may be, with all that it needs."""
    if name in GOOD:
        return GOOD[name]
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    schema = options[0] if options else schema
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    kinds = {"string": "x", "integer": schema.get("minimum", 1), "number": 1, "boolean": False, "array": []}
    if schema.get("type") in kinds:
        return kinds[schema["type"]]
    schema = whole(document, schema)
    fields = schema["properties"].items()
    return {name: good(document, each, name) for name, each in fields if name in schema["required"]}


GOOD = {"room": LOBBY, "room_id": LOBBY, "RoomID": LOBBY, "token": "x.y.z", "email": "e@example.org"}


def with_numbers(
    document: dict[str, Any], schema: dict[str, Any], numbers: Callable[[], tuple[str, ...]] = numbers
) -> Iterator[str]:
    """The JSON of objects that are good but for one number, wherever in them that may be."""
    schema = whole(document, schema)
    others = good(document, schema)
    for name, field in schema["properties"].items():
        fields = (field, *field.get("anyOf", ()))
        rest = {key: value for key, value in others.items() if key != name}
        start = json.dumps(rest)[:-1] + (", " if rest else "")
        for each in fields:
            if is_number(each):
                yield from (f"{start}{json.dumps(name)}: {number}}}" for number in numbers())
            elif is_number(each.get("items", {})):
                yield from (f"{start}{json.dumps(name)}: [{number}]}}" for number in numbers())
            elif "$ref" in each.get("items", {}):
                inner = with_numbers(document, each["items"], numbers)
                yield from (f"{start}{json.dumps(name)}: [{value}]}}" for value in inner)


def calls(document: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Each call of a document, with each number that it takes: method, target, body."""
    for template, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", ())
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            body = None if schema is None or method == "get" else json.dumps(good(document, schema))
            path = template
            for each in parameters:
                if each["in"] == "path":
                    path = path.replace(f"{{{each['name']}}}", str(GOOD.get(each["name"], 1)))
            needed = "&".join(
                f"{each['name']}=x" for each in parameters if each["in"] == "query" and each.get("required")
            )
            for each in parameters:
                for number in numbers() if is_number(each["schema"]) else ():
                    if each["in"] == "path":
                        own = template.replace(f"{{{each['name']}}}", number)
                        for other in parameters:
                            own = own.replace(f"{{{other['name']}}}", str(GOOD.get(other["name"], 1)))
                        yield method, own, body
                    else:
                        yield method, f"{path}?{needed}&{each['name']}={number}", body
            if schema is not None:
                yield from ((method, path, other) for other in with_numbers(document, schema))


def test_over_http_it_is_answered_or_refused(asked: Asked) -> None:
    called = set()
    headers = {"Authorization": f"Bearer {asked.token}", "Content-Type": "application/json"}
    for document in asked.http:
        for method, target, body in calls(document):
            answer = asked.client.request(method, target, content=body, headers=headers)
            assert answer.status_code < 500, (method, target[:200], body and body[:200], answer.text)
            called.add((method, target.partition("?")[0]))
    assert len(called) > 100


def native_frames(document: dict[str, Any]) -> Iterator[str]:
    for operation in document["operations"].values():
        if operation["action"] == "receive":
            (message,) = operation["messages"]
            payload = document["components"]["messages"][message["$ref"].rpartition("/")[2]]["payload"]
            yield from with_numbers(document, payload, lambda: NUMBERS)


def is_reply(found: Frame, asked: str) -> bool:
    """Whether that is the answer, and no event beside it."""
    assert found.opcode == TEXT, (found, asked[:200])
    kind: str = json.loads(found.payload)["type"]
    return kind == "error" or kind.endswith("_ok")


def old_frames() -> Iterator[tuple[str, str]]:
    for number in NUMBERS:
        yield "/talker", f'{{"name": "eve", "message": "history {number}"}}'
        yield "/messenger", f'{{"username": "eve", "message": "history {number}"}}'
        yield "/direct", f'{{"from": {number}, "to": 1, "content": "hi"}}'
        yield "/direct", f'{{"from": 1, "to": {number}, "content": "hi"}}'
        yield "/ws", f'{{"Type": "enter", "RoomID": {number}}}'
        for params in (f'["hi", {number}]', f"[{number}, 0, 1]", f"[1, {number}, 1]", f"[1, 0, {number}]"):
            method = "message.operatorSend" if params.startswith('["hi') else "message.history"
            yield "/support", f'{{"method": "{method}", "params": {params}, "id": {number}}}'


def test_on_the_socket_it_is_answered_or_refused_and_the_socket_goes_on(asked: Asked) -> None:
    with RawClient(asked.server.url) as eve:
        eve.shake_hands("/api/v1/socket")
        said(eve, json.dumps({"type": "hello", "id": 0, "token": asked.token}))
        frames = list(native_frames(asked.socket))
        for frame in frames:
            eve.send(client_frame(TEXT, frame.encode()))
            while not is_reply(eve.read_frame(), frame):
                pass
    assert len(frames) > 300


def test_on_the_older_sockets_it_is_answered_or_refused_and_they_go_on(asked: Asked) -> None:
    sockets: dict[str, RawClient] = {}
    try:
        for path, frame in old_frames():
            if path not in sockets:
                sockets[path] = RawClient(asked.server.url)
                sockets[path].shake_hands(f"{path}?token={asked.token}")
            said(sockets[path], frame)
    finally:
        for each in sockets.values():
            each.socket.close()


def said(client: RawClient, frame: str) -> list[bytes]:
    """Send a frame, and return what comes before the answer to the ping behind it."""
    client.send(client_frame(TEXT, frame.encode()) + client_frame(PING, b"?"))
    received = []
    while (found := client.read_frame()).opcode != PONG:
        assert found.opcode != CLOSE, (int.from_bytes(found.payload[:2]), frame[:200])
        received.append(found.payload)
    return received


def test_the_log_has_no_error_of_all_this(asked: Asked) -> None:
    assert asked.server.process.poll() is None
    lines = [json.loads(line) for line in asked.server.log.read_text().splitlines()]
    assert [line for line in lines if line["level"] not in ("debug", "info")] == []
