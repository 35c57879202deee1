"""The protocol's documents: self-contained, made from the table of operations, loading nothing from elsewhere."""

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator

from chat.domain.refusals import Code
from chat.operations.operation import Access
from chat.protocols.native.documents import CODES
from chat.protocols.native.operations import OPERATIONS
from chat.protocols.native.wire.all_frames import EVENTS, REQUESTS
from tests.protocols.native.site import V1, Site


async def test_the_document_has_the_operations_of_the_table_and_no_others(site: Site) -> None:
    described = {
        (method.upper(), path.removeprefix(V1)): operation
        for path, methods in site.document["paths"].items()
        for method, operation in methods.items()
    }
    over_http = [each for each in OPERATIONS if each.method is not None]
    assert described.keys() == {(each.method, each.path) for each in over_http}
    for each in over_http:
        operation = described[each.method, each.path]
        assert operation["summary"] == each.summary
        assert ("security" in operation) == (each.access in (Access.PERSON, Access.ADMIN))
        assert str(each.status) in operation["responses"]
    assert len({each.name for each in OPERATIONS}) == len(OPERATIONS)


async def test_every_schema_is_one_and_every_reference_leads_somewhere(site: Site) -> None:
    schemas = site.document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r"#/components/schemas/(\w+)", str(site.document)))
    assert references == schemas.keys()


async def test_a_body_is_needed_where_a_field_of_it_is(site: Site) -> None:
    for methods in site.document["paths"].values():
        for operation in methods.values():
            body = operation.get("requestBody")
            if body is not None and "application/json" in body["content"]:
                name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                needed = "required" in site.document["components"]["schemas"][name]
                assert body["required"] == bool(
                    needed and site.document["components"]["schemas"][name]["required"]
                )


async def test_the_page_explains_every_code_and_loads_nothing_from_elsewhere(site: Site) -> None:
    response = await site.app.test_client().get(f"{V1}/docs")
    page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    for code, what in CODES.items():
        assert f"<h2 id={code.value}>" in page
        assert escape(what) in page
    assert CODES.keys() == set(Code)
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page) == []
    for each in OPERATIONS:
        assert each.method is None or f"{each.method} {V1}{each.path}" in page


async def asyncapi(site: Site) -> Any:
    return await (await site.app.test_client().get(f"{V1}/asyncapi.json")).get_json()


async def test_the_description_of_the_socket_is_valid_asyncapi(site: Site) -> None:
    document = await asyncapi(site)
    specification = json.loads((Path(__file__).parent / "asyncapi-3.1.0.schema.json").read_text())
    assert [error.message for error in Draft7Validator(specification).iter_errors(document)] == []
    assert [*Draft7Validator(specification).iter_errors(document | {"channels": {"socket": 7}})] != []
    references = re.findall(r"'\$ref': '#/([^']+)'", str(document))
    assert references
    for reference in references:
        place = document
        for step in reference.split("/"):
            place = place[step]


async def test_the_socket_is_described_with_every_frame_and_on_the_page(site: Site) -> None:
    document = await asyncapi(site)
    on_socket = [each.on_socket for each in OPERATIONS if each.on_socket is not None]
    asked = [kind.__struct_config__.tag for kind in REQUESTS] + on_socket
    got = [kind.__struct_config__.tag for kind in EVENTS]
    assert document["operations"].keys() == {f"ask_{each}" for each in asked} | {
        f"tell_{each}" for each in got
    }
    messages = document["channels"]["socket"]["messages"]
    assert {f"{each}_ok" for each in asked} | {"error"} | {f"event_{each}" for each in got} <= messages.keys()
    page = await (await site.app.test_client().get(f"{V1}/docs")).get_data(as_text=True)
    for each in document["operations"].values():
        assert escape(each["summary"]) in page


async def test_query_parameters_are_described_and_shown(site: Site) -> None:
    operation = site.document["paths"][f"{V1}/rooms/{{room}}/messages"]["get"]
    described = {each["name"]: each for each in operation["parameters"]}
    assert [each["in"] for each in described.values()] == ["path", "query", "query", "query", "query"]
    assert described["limit"]["schema"] == {
        **{"type": "integer", "format": "int64", "minimum": 1, "maximum": 100},
        "default": 50,
    }
    assert described["before"]["schema"]["type"] == "integer", "nothing in a query is null"
    assert "requestBody" not in operation
    page = await (await site.app.test_client().get(f"{V1}/docs")).get_data(as_text=True)
    query = ", ".join(f"<code>{name}</code>" for name in ("before", "after", "around", "limit"))
    assert f"In the query: {query}" in page


async def _served(site: Site, name: str) -> dict[str, Any]:
    served: dict[str, Any] = await (await site.app.test_client().get(f"{V1}/{name}.json")).get_json()
    return served


async def test_the_document_suits_client_generators(site: Site) -> None:
    document = await _served(site, "openapi")
    assert document["servers"] == [{"url": "http://localhost"}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["operationId"] in {each.name for each in OPERATIONS}
            if "429" in operation["responses"]:
                assert "Retry-After" in operation["responses"]["429"]["headers"]
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            assert all("schema" in media for each in bodies for media in each.get("content", {}).values()), (
                operation
            )
    required = {
        each["name"]: each["required"] for each in document["paths"][f"{V1}/search"]["get"]["parameters"]
    }
    assert [name for name, is_required in required.items() if is_required] == ["q"]
    # A name that begins another's with New is that of its constructor in Go; File is a file of a form in Python.
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if f"New{name}" in schemas] == []
    assert "File" not in schemas


async def test_schemas_match_the_wire_and_are_portable(site: Site) -> None:
    for name in ("openapi", "asyncapi"):
        document = await _served(site, name)
        text = json.dumps(document)
        assert "(?" not in text, "look-ahead, which Go and Rust refuse"
        assert ".py" not in text, "a file of ours"
        for kind, schema in document["components"]["schemas"].items():
            for field, described in schema.get("properties", {}).items():
                assert "default" not in described, (kind, field)
    schemas = (await _served(site, "openapi"))["components"]["schemas"]
    assert schemas["Room"]["properties"]["name"]["type"] == "string", (
        "what is told is left out, and never null"
    )
    assert {"type": "null"} in schemas["CreateMessage"]["properties"]["reply"]["anyOf"], "what is sent may be"
    assert schemas["Room"]["properties"]["members"]["description"] == "How many people are in it. Default: 0"
    assert "default" in schemas["RateSetting"]["properties"], "a field may be called so"


async def test_without_log_in_one_can_read_the_servers_name_and_limits(site: Site) -> None:
    got = await site.call("GET", "/server")
    assert got.status == 200
    assert (got["protocol"], got["data"]) == (1, await site.storage.files.store_id())
    assert (got["limits"]["text"], got["limits"]["body_bytes"]) == (4000, 65_536)
    assert "search" in got["features"]
    assert got["features"] == sorted(got["features"])
