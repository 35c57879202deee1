"""Arbitrary calls of everything that /openapi.json describes: whatever comes, no 5xx and no error in the log.

The small sister of `make fuzz`, where schemathesis does the same. FUZZ_EXAMPLES=5000 tries that many new calls.
"""

import json
import os
from collections.abc import Generator
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.people import PATIENCE, register
from tests.support.server import ServerProcess, running_server, used_data_path

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


class Operation(NamedTuple):
    method: str
    path: str
    keys: tuple[str, ...]
    """Of its body and its query."""


class Api(NamedTuple):
    """A running server, and what it says can be called."""

    server: ServerProcess
    client: httpx.Client
    tokens: tuple[str, ...]
    operations: list[Operation]


@pytest.fixture(scope="module")
def api() -> Generator[Api]:
    with used_data_path() as data, running_server(data) as server:
        tokens = tuple(register(server.url, name) for name in ("ada", "ben"))
        with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE) as client:
            document = client.get("/openapi.json").json()
            yield Api(server, client, tokens, list(operations_of(document)))


def operations_of(document: dict[str, Any]) -> Generator[Operation]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "put", "post", "delete", "patch"):
                content = operation.get("requestBody", {}).get("content", {})
                schema = content.get("application/json", {}).get("schema", {})
                schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
                parameters = [each["name"] for each in operation.get("parameters", ())]
                yield Operation(method.upper(), path, (*schema.get("properties", {}), *parameters))


# Names, addresses and passwords that exist, numbers at the edges, and what no text should hold.
words = st.one_of(
    st.sampled_from(
        ["ada", "ben", "world", "ada@example.org", "", " ", "server", "x" * 300, "\0", "\ud800", "é"]
    ),
    st.text(max_size=20),
)
numbers = st.one_of(
    st.integers(-3, 5), st.sampled_from([2**31, 2**63 - 1, 2**63, -(2**63), 10**30]), st.floats()
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)
raw = st.one_of(st.binary(max_size=60), st.sampled_from([b"[" * 50_000, b"{}", b"null", b'{"a":1}{"a":1}']))
headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "text/plain", "", "application/json; charset=x"]
        ),
        "Authorization": st.sampled_from(["Bearer", "Bearer x", "x.y.z", "Basic YTpi"]),
    },
)


@settings(
    max_examples=EXAMPLES or 125,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_is_called_the_answer_is_no_5xx(api: Api, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(api.operations))
    path = operation.path
    for name in [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]:
        value = data.draw(st.one_of(numbers.map(str), words))
        path = path.replace(f"{{{name}}}", quote(value, safe="", errors="replace"))
    sent = {"Content-Type": "application/json"} | data.draw(headers)
    if data.draw(st.booleans()):
        sent["Authorization"] = data.draw(st.sampled_from(api.tokens))
    if operation.keys and data.draw(st.integers(0, 4)):
        keys = st.sampled_from(operation.keys)
        body = json.dumps(data.draw(st.dictionaries(keys, values))).encode()
    else:
        body = data.draw(raw)
    query = data.draw(st.dictionaries(st.sampled_from([*operation.keys, "token"]), numbers, max_size=2))
    answer = api.client.request(operation.method, path, params=query, headers=sent, content=body)
    assert answer.status_code < 500, (operation, answer.text)


def test_the_log_has_no_error_of_all_this(api: Api) -> None:
    assert api.server.process.poll() is None
    lines = [json.loads(line) for line in api.server.log.read_text().splitlines()]
    assert [line for line in lines if line["level"] not in ("debug", "info")] == []
