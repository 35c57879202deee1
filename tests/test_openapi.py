"""The description of the HTTP side: self-contained, complete, and true of the answers."""

import re
from collections.abc import AsyncGenerator, Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from quart_trio import QuartTrio

from chat.data_access import make_accounts
from chat.engine.engine import open_engine
from chat.features.registry import FEATURES
from chat.http_side import http_app
from chat.inspection.inspection import OwnInspection
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch
from chat.protocols.registry import DIALECTS
from chat.protocols.services import services_of
from chat.settings.config import Config
from tests.reference.storage import MemoryStorage
from tests.support.account_changes import set_roles

SECRET = "a secret of the tests that is long enough"
NOT_DESCRIBED = {
    ("GET", "/"),
    ("POST", "/mcp"),  # described by its own protocol
    ("GET", "/doctor"),
    ("POST", "/doctor"),
    ("GET", "/setup"),
    ("GET", "/reset"),
    ("GET", "/confirm"),
    ("GET", "/link"),
    ("GET", "/oidc"),
    ("GET", "/i/{code}"),
    ("GET", "/room/{room}/{seq}"),
    ("GET", "/saved"),
    ("GET", "/reports"),
    ("GET", "/search"),
    ("GET", "/share"),
    ("GET", "/inbox"),
    ("GET", "/inbox/{room}"),
    ("GET", "/settings"),
    ("GET", "/settings/{part}"),
    ("GET", "/admin"),
    ("GET", "/admin/{part}"),
    ("GET", "/sw.js"),
    ("GET", "/manifest.webmanifest"),
    ("GET", "/widget"),
    ("GET", "/widget.js"),
    ("GET", "/web/{name}"),
    ("GET", "/web/{digest}/{name}"),
    ("GET", "/openapi.json"),
    ("GET", "/api"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/asyncapi.json"),
    ("GET", "/api/v1/docs"),
    ("GET", "/admin/tree"),
    ("GET", "/healthz"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/up"),
    ("GET", "/metrics"),
    # What the support desk's path answers to other methods: 404, as what does not exist.
    ("GET", "/v1/auth/"),
    ("PUT", "/v1/auth/"),
    ("PATCH", "/v1/auth/"),
    ("DELETE", "/v1/auth/"),
}
"""Pages, and what watches the server: no calls of a dialect."""
METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
async def app(storage: MemoryStorage) -> AsyncGenerator[QuartTrio]:
    """The server's HTTP side, as it is wired, on a memory storage."""
    config = Config(data=Path("unused"), bcrypt_cost=4)
    accounts = make_accounts(config, storage.users, storage.users.by_id, SECRET)
    async with open_engine(storage, lambda *_: accounts, features=FEATURES) as engine:
        own = OwnInspection(Watch(Recorder(), engine.metrics), engine.metrics, storage.ping)
        yield http_app(config, storage, engine, services_of(engine), own)


class Api:
    """The document, and the calls that it describes."""

    def __init__(self, app: QuartTrio, document: dict[str, Any]) -> None:
        self.document = document
        self._client = app.test_client()
        self.called: set[tuple[str, str]] = set()

    def operation(self, method: str, path: str) -> dict[str, Any]:
        operation: dict[str, Any] = self.document["paths"][path][method.lower()]
        return operation

    async def call(
        self,
        status: int,
        method: str,
        path: str,
        *parts: object,
        token: str = "",
        query: str = "",
        body: Any = None,
    ) -> Any:
        """Make a call that the document must describe, and check that what is answered is what it says."""
        operation = self.operation(method, path)
        self.called.add((method, path))
        if body is not None:
            assert self.fits(body, operation["requestBody"]["content"]["application/json"]["schema"])
        url = re.sub(r"\{\w+\}", lambda _: str(next(values)), path) if (values := iter(parts)) else path
        headers = {"Authorization": token} if token else {}
        sent = {} if body is None else {"json": body}
        answer = await self._client.open(url + query, method=method, headers=headers, **sent)
        assert answer.status_code == status, await answer.get_data(as_text=True)
        described = operation["responses"][str(status)]
        if "content" not in described:
            assert await answer.get_data() == b""
            return None
        assert answer.content_type == "application/json"
        got = await answer.get_json()
        assert self.fits(got, described["content"]["application/json"]["schema"]), (path, got)
        return got

    def fits(self, value: Any, schema: dict[str, Any]) -> bool:
        """Whether a value is valid; what JSON Schema 2020-12 has and this does not know fails."""
        known = {"$ref", "type", "title", "description", "properties", "required", "items", "anyOf", "enum"}
        known |= {"minimum", "maximum", "format", "additionalProperties"}
        assert schema.keys() <= known, schema.keys() - known
        if "$ref" in schema:
            return self.fits(value, self.resolve(schema["$ref"]))
        if "anyOf" in schema:
            return any(self.fits(value, each) for each in schema["anyOf"])
        if "enum" in schema:
            return value in schema["enum"]
        match schema.get("type"):
            case None:
                return True
            case "object":
                properties = schema.get("properties", {})
                return (
                    isinstance(value, dict)
                    and set(schema.get("required", ())) <= value.keys()
                    and all(self.fits(value[key], each) for key, each in properties.items() if key in value)
                    and ("additionalProperties" not in schema or self._others_fit(value, schema))
                )
            case "array":
                return isinstance(value, list) and all(self.fits(each, schema["items"]) for each in value)
            case "integer":
                bounds = schema.get("minimum", value), schema.get("maximum", value)
                return type(value) is int and bounds[0] <= value <= bounds[1]
            case "number":
                return type(value) in (int, float)
            case simple:
                return type(value) is {"string": str, "boolean": bool, "null": type(None)}[simple]

    def _others_fit(self, value: dict[str, Any], schema: dict[str, Any]) -> bool:
        others = value.keys() - schema.get("properties", {}).keys()
        return all(self.fits(value[key], schema["additionalProperties"]) for key in others)

    def resolve(self, reference: str) -> dict[str, Any]:
        assert reference.startswith("#/")
        found: Any = self.document
        for key in reference[2:].split("/"):
            found = found[key]
        assert isinstance(found, dict)
        return found


@pytest.fixture
async def api(app: QuartTrio) -> Api:
    answer = await app.test_client().get("/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    return Api(app, await answer.get_json())


def every(document: Any, key: str) -> Iterator[Any]:
    """Every value of a key, however deep."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == key:
                yield value
            yield from every(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from every(value, key)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


async def test_the_document_is_openapi_3_1(api: Api) -> None:
    document = api.document
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document.keys() <= {"openapi", "info", "servers", "paths", "components", "security", "tags"}
    assert document["info"]["title"]
    assert document["info"]["version"]
    for method, path, operation in operations(document):
        assert path.startswith("/")
        assert method in METHODS
        assert operation["summary"]
        assert operation["responses"], "at least one answer"
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert response["description"]
            assert all("schema" in media for media in response.get("content", {}).values())
        named = set(re.findall(r"\{(\w+)\}", path))
        parameters = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert parameters.keys() == named
        assert all(each["required"] is True and each["schema"] for each in parameters.values())
        for requirement in operation.get("security", ()):
            assert requirement.keys() <= document["components"]["securitySchemes"].keys()
    paths = [re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]]
    assert len(set(paths)) == len(paths), "two paths that differ in a parameter's name alone"
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+_[a-z_]+", name) for name in names)


async def test_the_document_links_to_the_native_protocols(api: Api) -> None:
    about = api.document["info"]["description"]
    assert "/api/v1/openapi.json" in about
    assert "/api/v1/asyncapi.json" in about


async def test_nothing_in_the_document_speaks_of_how_it_came_about(api: Api) -> None:
    assert "seed" not in str(api.document).lower()


async def test_every_reference_leads_somewhere_and_every_schema_is_used(api: Api) -> None:
    references = list(every(api.document, "$ref"))
    for reference in references:
        assert api.resolve(reference)
    names = {reference.removeprefix("#/components/schemas/") for reference in references}
    assert names == api.document["components"]["schemas"].keys()


async def test_every_route_is_described_but_for_the_pages(app: QuartTrio, api: Api) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    described = {(method.upper(), path) for method, path, _ in operations(api.document)}
    native = await (await app.test_client().get("/api/v1/openapi.json")).get_json()
    described_there = {(method.upper(), path) for method, path, _ in operations(native)}
    sockets = {("GET", dialect.path) for dialect in DIALECTS}
    assert not described & described_there
    assert described | described_there == routes - NOT_DESCRIBED - sockets
    assert {operation["tags"][0] for _, _, operation in operations(api.document)} == {
        "talker",
        "messenger",
        "support",
        "direct",
        "rooms",
        "admin",
    }


async def test_answers_match_their_description(api: Api, storage: MemoryStorage) -> None:
    """Every call of every dialect, with its success and most of its refusals."""
    call = api.call
    ada = {"username": "ada", "password": "secret"}
    await call(201, "POST", "/api/reg", body=ada)
    await call(409, "POST", "/api/reg", body=ada)
    await call(400, "POST", "/api/reg", body={"username": " ", "password": "secret"})
    old = (await call(200, "POST", "/api/login", body=ada))["token"]
    await call(200, "GET", "/profile", token=old)
    await call(401, "POST", "/api/login", body=ada | {"password": "wrong"})
    await call(200, "POST", "/", body={"name": "ada", "password": "secret"})
    await call(200, "POST", "/", body={"name": "ada", "hash": "secret"})
    await call(401, "POST", "/", body={"name": "nobody", "password": "secret"})
    await call(200, "POST", "/v1/auth/", body={"user_name": "ada", "password": "secret", "id": ["any", None]})
    granted = await call(200, "POST", "/v1/auth/", body={"user_name": "ada", "password": "secret"})
    assert granted["id"] == 1
    await call(403, "POST", "/v1/auth/", body={"user_name": "ada", "password": "wrong"})
    await call(404, "POST", "/v1/auth/")
    ben = {"email": "ben@example.com", "name": "Ben", "password": "secret"}
    signed_up = await call(201, "POST", "/signup", body=ben)
    await call(409, "POST", "/signup", body=ben)
    await call(400, "POST", "/signup", body=ben | {"email": "x"})
    await call(200, "POST", "/login", body={"email": "BEN@example.com", "password": "secret"})
    await call(401, "POST", "/login", body={"email": "ben@example.com", "password": "wrong"})

    cem = {"Username": "cem", "Email": "cem@example.com", "Password": "secret"}
    await call(201, "POST", "/register", body=cem)
    await call(409, "POST", "/register", body=cem)
    await call(400, "POST", "/register", body=cem | {"Username": "no"})
    token = (await call(200, "PUT", "/login", body={"Email": "cem@example.com", "Password": "secret"}))[
        "token"
    ]
    await call(401, "PUT", "/login", body={"Email": "cem@example.com", "Password": "wrong"})
    assert (await call(200, "GET", "/profile", token=token))["Email"] == "cem@example.com"
    await call(401, "GET", "/profile")
    assert "Email" not in await call(200, "GET", "/profile/{uid}", 1)
    await call(404, "GET", "/profile/{uid}", 99)
    await call(200, "PUT", "/change-name", token=token, body={"NewName": "Cemal"})
    await call(409, "PUT", "/change-name", token=token, body={"NewName": "ADA"})
    made = await call(201, "POST", "/create-room", token=token, body={"Name": "garden", "IsPrivate": True})
    await call(409, "POST", "/create-room", token=token, body={"Name": "Garden"})
    await call(400, "POST", "/create-room", token=token, body={"Name": ""})
    room, other = made["RoomID"], signed_up["token"]
    await call(403, "PUT", "/join", token=other, body={"RoomID": room})
    await call(404, "PUT", "/join", token=other, body={"RoomID": 99})
    await call(409, "PUT", "/join", token=token, body={"RoomID": room})
    await call(200, "PUT", "/invite", token=token, body={"RoomID": room, "UID": signed_up["id"]})
    await call(409, "PUT", "/invite", token=token, body={"RoomID": room, "UID": signed_up["id"]})
    await call(403, "PUT", "/invite", token=other, body={"RoomID": room, "UID": 1})
    assert room in (await call(200, "GET", "/rooms", token=other))["IDs"]
    await call(200, "GET", "/room/{room_id}", room, token=other)
    await call(404, "GET", "/room/{room_id}", room)
    (joined,) = await call(200, "GET", "/messages/{room_id}", room, token=other, query="?lastid=0")
    assert (joined["Type"], joined["UID"]) == ("join", signed_up["id"])
    await call(400, "GET", "/messages/{room_id}", room, token=other, query="?LastID=x")
    await call(404, "GET", "/messages/{room_id}", 99, token=other)
    await call(200, "PUT", "/remove", token=token, body={"RoomID": room, "UID": signed_up["id"]})
    await call(403, "GET", "/messages/{room_id}", room, token=other)
    await call(403, "DELETE", "/room/{room_id}", room, token=other)
    await call(200, "DELETE", "/room/{room_id}", room, token=token)
    public = await call(201, "POST", "/create-room", token=token, body={"Name": "open"})
    await call(200, "PUT", "/join", token=other, body={"RoomID": public["RoomID"]})

    await call(403, "GET", "/admin/tree.json", token=token)
    await set_roles(storage.users, 3, operator=False, admin=True)
    snapshot = await call(200, "GET", "/admin/tree.json", token=token, query="?most=5")
    assert snapshot["clients"] == []
    await call(400, "GET", "/admin/tree.json", token=token, query="?most=-1")
    await call(404, "POST", "/admin/clients/{connection}/cancel", 7, token=token)
    assert await call(200, "GET", "/admin/nodes", token=token) == []
    number = await storage.nodes.register(address="vm:9000", version="1", bus="notify", secret_digest="")
    (node,) = await call(200, "GET", "/admin/nodes", token=token)
    assert (node["number"], node["address"], node["bus"]) == (number, "vm:9000", "notify")
    assert await call(200, "GET", "/admin/why", token=token) == []
    await call(404, "GET", "/admin/why/{connection}", 7, token=token)
    assert api.called == {(method.upper(), path) for method, path, _ in operations(api.document)}


async def test_a_body_that_is_not_as_described_is_refused_as_described(api: Api) -> None:
    registration = {"Username": "ada", "Email": "ada@example.com", "Password": "secret"}
    await api.call(201, "POST", "/register", body=registration)
    granted = await api.call(200, "PUT", "/login", body={"Email": "ada@example.com", "Password": "secret"})
    for method, path, operation in operations(api.document):
        body = operation.get("requestBody")
        if body is None or not body["required"]:
            continue
        schema = body["content"]["application/json"]["schema"]
        client = api._client
        nonsense: list[Any] = [wrong for wrong in ({}, [], "x", None) if not api.fits(wrong, schema)]
        assert len(nonsense) == 4
        for wrong in nonsense:
            answer = await client.open(
                path, method=method.upper(), json=wrong, headers={"Authorization": granted["token"]}
            )
            assert answer.status_code in (400, 404), (path, wrong)
            assert str(answer.status_code) in operation["responses"], (path, wrong)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "src", "action", "data", "srcset", "poster", "background"):
                self.links.append(value or "")
            if name == "id":
                self.names.add(value or "")
            assert not name.startswith("on"), "no script in an attribute"
            assert name != "style"


async def test_the_page_shows_every_call_and_loads_nothing_from_elsewhere(app: QuartTrio, api: Api) -> None:
    answer = await app.test_client().get("/api")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    text = await answer.get_data(as_text=True)
    page = Page(text)
    assert page.tags.isdisjoint({"script", "iframe", "object", "embed", "img", "base", "style"})
    for link in page.links:
        assert re.fullmatch(r"#\w+|/[\w./-]*", link), link
        assert not link.startswith("//")
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.names
    for method, path, operation in operations(api.document):
        assert f"{method.upper()} {path}" in text
        assert escape(operation["summary"]) in text
    for link in page.links:
        if link.startswith("/"):
            assert (await app.test_client().get(link)).status_code == 200, link
