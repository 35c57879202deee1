"""What describes the protocol: whole in itself, made of the table of operations, and loading nothing from elsewhere."""

import re
from html import escape

from jsonschema import Draft202012Validator

from chat.domain.refusals import Code
from chat.protocols.native.documents import CODES
from chat.protocols.native.operation import Access
from chat.protocols.native.operations import OPERATIONS
from tests.protocols.native.site import V1, Site


async def test_the_document_has_the_operations_of_the_table_and_no_others(site: Site) -> None:
    described = {
        (method.upper(), path.removeprefix(V1)): operation
        for path, methods in site.document["paths"].items()
        for method, operation in methods.items()
    }
    assert described.keys() == {(each.method, each.path) for each in OPERATIONS}
    for each in OPERATIONS:
        operation = described[each.method, each.path]
        assert operation["summary"] == each.summary
        assert ("security" in operation) == (each.access is Access.PERSON)
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
            if "requestBody" in operation:
                body = operation["requestBody"]
                name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                needed = "required" in site.document["components"]["schemas"][name]
                assert body["required"] == bool(
                    needed and site.document["components"]["schemas"][name]["required"]
                )


async def test_the_page_says_what_to_do_about_every_code_and_loads_nothing_from_elsewhere(site: Site) -> None:
    response = await site.app.test_client().get(f"{V1}/docs")
    page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    for code, what in CODES.items():
        assert f"<h2 id={code.value}>" in page
        assert escape(what) in page
    assert CODES.keys() == set(Code) - {Code.CONFLICT}, "no operation says that one"
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page) == []
    for each in OPERATIONS:
        assert f"{each.method} {V1}{each.path}" in page
