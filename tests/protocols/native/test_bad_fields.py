"""Every field of every request, wrong in every way that the documents know of: it is named, and nothing is changed."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import trio
from jsonschema import Draft202012Validator

from chat.domain.entities import LOBBY_ID
from chat.protocols.native.wire.all_frames import REQUESTS
from chat.protocols.native.wire.codec import ASKED
from tests.protocols.native.replica import _VALIDATORS, Replica
from tests.protocols.native.site import PASSWORD, V1, Site
from tests.support.chat_world import open_world

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 7, 1.5, 101, 501, 3651, 10_001, 2**53, 2**63),
    *("", "x", "é", "a b", "\x00", "x" * 65, "x" * 129, "x" * 501, "x" * 4001),
    *(
        [],
        ["x"],
        [1] * 11,
        [True],
        list(range(1, 502)),
        {},
        {"x": 1},
        [{}],
        [{"room": 1, "pos": -1, "at": 0}],
    ),
)
"""Of each kind something, and of each limit what is just beyond it."""

JSON_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

GOOD: dict[str, Any] = {
    "code": "m-x",
    "key": "k",
    "email": "e@example.com",
    "token": "t",
    "limit": 50,
    "start": "22:00",
    "end": "07:00",
    "at": int(time.time()) * 1000 + 3_600_000,
}
"""What is good where the shortest or lowest of its kind is not."""


def _exclusive(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference means, or this one."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _good(document: dict[str, Any], name: str, schema: dict[str, Any]) -> Any:
    """A value that may be."""
    schema = _exclusive(document, schema)
    if schema.get("pattern", "").startswith("^l-"):
        return "l-x"  # the code of a link to log in with
    if name in GOOD:
        return GOOD[name]
    if schema.get("type") == "object":
        fields: dict[str, dict[str, Any]] = schema["properties"]
        return {each: _good(document, each, fields[each]) for each in schema.get("required", ())}
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "array":
        return [_good(document, name, schema["items"])] * schema.get("minItems", 0)
    kinds = {"string": "x", "integer": schema.get("minimum", 1), "boolean": True}
    return kinds[schema["type"]]


def _wrong(field: Draft202012Validator) -> list[Any]:
    """What a field may not be: all that is beyond its limits, and something of some other kinds."""
    wrong = [value for value in ODD if not field.is_valid(value)]
    kinds = field.schema.get("type"), *(each.get("type") for each in field.schema.get("anyOf", ()))
    beyond = [value for value in wrong if JSON_TYPES[type(value)] in kinds]
    return beyond + [value for value in wrong if value not in beyond][:4]


def _bodies(site: Site) -> Iterator[tuple[str, str, dict[str, Any], str, Any]]:
    """Each field of each body, with something that it may not be: method, path, the good rest, field, value."""
    for path, operations in site.document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if not path.startswith(V1) or "application/json" not in content:
                continue
            schema = _exclusive(site.document, content["application/json"]["schema"])
            needed = {
                name: _good(site.document, name, schema["properties"][name])
                for name in schema.get("required", ())
            }
            for name, field in schema["properties"].items():
                for value in _wrong(
                    Draft202012Validator({**field, "components": site.document["components"]})
                ):
                    yield method.upper(), path.removeprefix(V1), needed, name, value


def _queries(site: Site) -> Iterator[tuple[str, str, str, str]]:
    """Each field of each query, with something that it may not be: method, path with the good rest, field, value."""
    for path, operations in site.document["paths"].items():
        for method, operation in operations.items():
            fields = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
            for field in fields if path.startswith(V1) else ():
                others = [each for each in fields if each.get("required") and each is not field]
                rest = "&".join(
                    f"{each['name']}={_good(site.document, each['name'], each['schema'])}" for each in others
                )
                for value in ("", "x", "-1", "0", "1.5", "101", str(2**53), "x" * 300, "x" * 4001):
                    read = int(value) if value.removeprefix("-").isdecimal() else value
                    if site.faults(read, field["schema"]) and site.faults(value, field["schema"]):
                        yield method.upper(), f"{path.removeprefix(V1)}?{rest}", field["name"], value


async def test_over_http_it_is_invalid_and_named(site: Site) -> None:
    _, token = await site.join("eve", admin=True)
    before = await site.storage.users.everyone()
    fields = set()
    for method, template, needed, field, value in _bodies(site):
        path = template.replace("{emoji}", "x").replace("{room}", str(LOBBY_ID))
        for name in (
            "{person}",
            "{seq}",
            "{id}",
            "{code}",
            "{passkey}",
            "{answer}",
            "{label}",
            "{bot}",
            "{hook}",
            "{team}",
            "{folder}",
            "{held}",
            "{reported}",
            "{scheduled}",
        ):
            path = path.replace(name, "1")
        answer = await site.call(method, path, needed | {field: value}, token=token, valid=False)
        assert answer.refused == (400, "invalid", field), (method, path, value)
        fields.add((method, template, field))
    for method, template, field, value in _queries(site):
        path = template.replace("{room}", str(LOBBY_ID)).replace("{seq}", "1")
        answer = await site.call(method, f"{path}&{field}={quote(value)}", token=token, valid=False)
        assert answer.refused == (400, "invalid", field), (method, path, value)
        fields.add((method, template, field))
    assert len(fields) > 80
    assert await site.storage.users.everyone() == before
    assert (await site.call("POST", "/auth/login", {"login": "eve", "password": PASSWORD})).status == 200
    assert await site.is_good(token)
    assert site.world.said(LOBBY_ID) == []


async def test_on_the_socket_it_is_invalid_and_named_and_the_socket_goes_on() -> None:
    with trio.fail_after(60):
        async with open_world() as world:
            ada = Replica(world, await world.add("ada"))
            await ada.connect()
            kinds = [request.__struct_config__.tag for request in (*REQUESTS, *ASKED)]
            fields = set()
            for kind in kinds:
                good, names = _request(kind)
                head = {"type": kind, "id": 1}
                assert _VALIDATORS[kind].is_valid(head | good)
                for field in names:
                    for value in ODD:
                        if _VALIDATORS[kind].is_valid(head | good | {field: value}):
                            continue
                        answer = await ada.asks(kind, **{**good, field: value})
                        assert (answer["code"], answer.get("field")) == ("invalid", field), (kind, value)
                        fields.add((kind, field))
            assert len(fields) > 25
            assert world.said(LOBBY_ID) == []
            assert (await ada.say(LOBBY_ID, "hi"))["seq"] == 1


def _request(kind: str) -> tuple[dict[str, Any], list[str]]:
    """A good request of a kind, and what fields it may have."""
    document: dict[str, Any] = json.loads(json.dumps(_VALIDATORS[kind].schema))
    schemas = [_exclusive(document, document)]
    schemas += [_exclusive(document, each) for schema in schemas for each in schema.get("allOf", ())]
    properties = {name: each for schema in schemas for name, each in schema.get("properties", {}).items()}
    needed = [name for schema in schemas for name in schema.get("required", ())]
    good = {name: _good(document, name, properties[name]) for name in needed if name not in ("type", "id")}
    names = [name for name in properties if name not in ("type", "id")]
    return good, names


async def test_a_nul_in_a_query_is_refused_and_named(site: Site) -> None:
    _, token = await site.join("ada", admin=True)
    for path in ("/people?q", "/people?after", "/me/blocks?after", "/rooms/public?q", "/rooms/public?after"):
        answer = await site.call("GET", f"{path}=a%00", token=token, valid=False)
        assert answer.refused == (400, "invalid", path.rpartition("?")[2])
    for path in ("/admin/people?q", "/admin/rooms?q"):
        assert (await site.call("GET", f"{path}=a%00", token=token, valid=False)).refused[2] == "q"


async def test_a_line_break_after_a_key_or_an_id_is_refused(site: Site) -> None:
    _, token = await site.join("ada")
    said = {"key": "k\n", "text": "hello"}
    answer = await site.call("POST", f"/rooms/{LOBBY_ID}/messages", said, token=token, valid=False)
    assert answer.refused == (400, "invalid", "key")
    broken = "a" * 64 + "%0A"
    assert (await site.call("GET", f"/me/invites?after={broken}", token=token, valid=False)).refused[
        2
    ] == "after"
    waiting = "/support?after=0.1.1%0A"
    _, operators = await site.join("olga", operator=True)
    assert (await site.call("GET", waiting, token=operators, valid=False)).refused[2] == "after"
