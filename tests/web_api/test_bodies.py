"""A body becomes a value of its route's type, or a refusal that names the mistake."""

from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from chat.web_api.app import create_app
from chat.web_api.bodies import _LONGEST_TYPE, read_body_or_nothing, uploaded
from chat.web_api.endpoint import Call, Routes
from chat.web_api.openapi import describe


class Wanted(msgspec.Struct):
    """What is sent."""

    name: str


class Most(msgspec.Struct):
    """What may be sent."""

    most: int = 7


class Part(msgspec.Struct):
    """Which part of a list is asked for."""

    after: int
    limit: int = 20
    part: str | None = None


def made() -> tuple[Routes, Routes]:
    """Routes that answer with what they were sent."""
    strict, lenient = Routes("strict"), Routes("lenient", read=read_body_or_nothing, empty_bodies=True)

    @strict.route("POST", "/api/v1/things", body=Wanted, query=Part, answers={200: Wanted})
    async def take(call: Call) -> object:
        """Take it."""
        return call.body

    @strict.route("POST", "/api/v1/rooms/<int:room>/files", body=bytes, answers={200: str})
    async def upload(_call: Call) -> object:
        """Take a file."""
        return uploaded().type

    @lenient.route("POST", "/api/v1/parts", body=Most, answers={200: Most})
    async def take_or_nothing(call: Call) -> object:
        """Take it, or nothing."""
        return call.body

    return strict, lenient


@pytest.fixture
def client() -> Client:
    return create_app([routes.blueprint for routes in made()]).test_client()


@pytest.mark.parametrize(("sent", "field"), [({"name": 3}, "name"), ({}, "name"), ([], None)])
async def test_a_wrong_or_missing_field_is_named(client: Client, sent: object, field: str | None) -> None:
    response = await client.post("/api/v1/things", json=sent)
    assert response.status_code == 400
    got: dict[str, Any] = await response.get_json()
    assert got.get("field") == field


async def test_no_body_is_an_empty_object_where_that_will_do(client: Client) -> None:
    assert await (await client.post("/api/v1/parts")).get_json() == {"most": 7}
    assert await (await client.post("/api/v1/parts", json={"most": 1})).get_json() == {"most": 1}
    refused = await client.post("/api/v1/parts", data="{", headers={"Content-Type": "application/json"})
    assert (refused.status_code, (await refused.get_json())["error"]) == (400, "the body is not JSON")


@pytest.mark.parametrize("length", [1, _LONGEST_TYPE, _LONGEST_TYPE + 1])
async def test_the_type_of_a_file_is_as_declared_unless_too_long(client: Client, length: int) -> None:
    response = await client.post(
        "/api/v1/rooms/1/files", data=b"bytes", headers={"Content-Type": "x" * length}
    )
    assert await response.get_json() == ("x" * length if length <= _LONGEST_TYPE else "")


def test_optional_query_parameters_are_described_with_their_default() -> None:
    (call,) = describe([made()[0]])["paths"]["/api/v1/things"].values()
    assert {each["name"]: each["schema"] for each in call["parameters"]} == {
        "after": {"type": "integer", "format": "int64"},
        "limit": {"type": "integer", "format": "int64", "default": 20},
        "part": {"type": "string"},
    }
