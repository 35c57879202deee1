"""Each HTTP call once, in process over the memory storage: the exact status and body, good calls and bad ones."""

from collections.abc import AsyncGenerator
from html.parser import HTMLParser
from typing import Any, NamedTuple

import pytest
from quart import Blueprint, Response
from quart_trio import QuartTrio
from structlog.testing import capture_logs

from chat.data_access import make_accounts
from chat.domain.accounts.accounts import Accounts
from chat.domain.failures import FileStoreDown, OutcomeUnknown, StorageDown, WriteRejected
from chat.engine.dialect import Dialect
from chat.engine.engine import open_engine
from chat.features.registry import FEATURES
from chat.http_side import http_app
from chat.inspection.inspection import DATABASE_DOWN, InspectionFailed, OwnInspection
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch
from chat.protocols.registry import DIALECTS
from chat.protocols.services import services_of
from chat.settings.config import Config
from chat.web_api.app import create_app
from chat.web_api.bodies import LONGEST_BODY
from chat.web_api.pages import create_pages
from tests.reference.storage import MemoryStorage

SECRET = "a secret of the tests that is long enough"
ADA = {"username": "ada", "password": "secret"}
BEN = {"email": "ben@example.com", "name": "Ben", "password": "secret"}
CEM = {"Username": "cem", "Email": "cem@example.com", "Password": "secret"}
JSON = "application/json"

DESCRIBED = {
    "POST /": "200 400 401 429",
    "POST /api/reg": "201 400 403 409 429",
    "POST /api/login": "200 400 401 429",
    "POST /v1/auth/": "200 403 404 429",
    "POST /signup": "201 400 403 409 429",
    "POST /login": "200 400 401 429",
    "POST /register": "201 400 403 409 429",
    "PUT /login": "200 400 401 429",
    "GET /profile": "200 401 403",
    "GET /profile/{uid}": "200 404",
    "PUT /change-name": "200 400 401 403 409 429",
    "POST /create-room": "201 400 401 403 409 429",
    "PUT /join": "200 400 401 403 404 409 429",
    "PUT /invite": "200 400 401 403 404 409 429",
    "PUT /remove": "200 400 401 403 404 429",
    "DELETE /room/{room_id}": "200 401 403 404 429",
    "GET /rooms": "200 401 403",
    "GET /room/{room_id}": "200 404",
    "GET /messages/{room_id}": "200 400 401 403 404 429",
    "GET /admin/tree.json": "200 400 401 403",
    "POST /admin/clients/{connection}/cancel": "200 401 403 404 429",
    "GET /admin/nodes": "200 401 403",
    "GET /admin/why": "200 401 403",
    "GET /admin/why/{connection}": "200 401 403 404",
}
"""The statuses that the document promises."""


class Site(NamedTuple):
    """The HTTP side on a memory storage, and who issues its tokens."""

    app: QuartTrio
    accounts: Accounts

    async def call(self, method: str, path: str, token: str = "", **sent: Any) -> tuple[int, Any]:
        """Make a call. Returns its status, and what the JSON of its body says; b"" where it has none."""
        headers = {"Authorization": token} if token else {}
        headers |= sent.pop("headers", {})
        response: Response = await self.app.test_client().open(path, method=method, headers=headers, **sent)
        body = await response.get_data()
        if not body:
            return response.status_code, b""
        assert response.content_type == JSON
        return response.status_code, await response.get_json()

    async def whose(self, token: str) -> int:
        """The id of the person whose token this is."""
        person = await self.accounts.authenticate(token)
        return person.id  # type: ignore[union-attr]  # a refusal has none, and fails here


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    storage, config = MemoryStorage(), Config(bcrypt_cost=4)
    accounts = make_accounts(config, storage.users, storage.users.by_id, SECRET)
    async with open_engine(storage, lambda *_: accounts, features=FEATURES) as engine:
        watch = Watch(Recorder(), engine.metrics)
        own = OwnInspection(watch, engine.metrics, storage.ping)
        yield Site(http_app(config, storage, engine, services_of(engine), own), accounts)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
async def test_a_call_of_a_sockets_path_explains_the_path(site: Site, dialect: Dialect) -> None:
    response = await site.app.test_client().get(dialect.path)
    assert response.status_code == 426
    assert response.headers["Upgrade"] == "websocket"
    assert "ws://" in (await response.get_json())["error"]


async def test_registering_with_the_messenger_gives_a_token_for_every_protocol(site: Site) -> None:
    status, body = await site.call("POST", "/api/reg", json=ADA)
    assert (status, body.keys()) == (201, {"token"})
    assert await site.whose(body["token"]) == 1
    assert await site.call("POST", "/api/reg", json=ADA) == (409, {"error": "that name is taken"})

    by_name = {"name": "ada", "password": "secret"}
    for path, good in (
        ("/api/login", ADA),
        ("/", by_name),
        ("/", {"name": "ada", "hash": "secret"}),
        ("/", by_name | {"hash": "unread"}),
    ):
        status, body = await site.call("POST", path, json=good)
        assert (status, body.keys()) == (200, {"token"})
        assert await site.whose(body["token"]) == 1
    for path, bad in (("/api/login", ADA | {"password": "x"}), ("/", by_name | {"password": "x"})):
        assert await site.call("POST", path, json=bad) == (401, {"error": "invalid credentials"})
    assert await site.call("POST", "/", json={"name": "ada"}) == (
        400,
        {"error": "password is missing"},
    )


async def test_the_support_desk_grants_a_token_or_answers_empty(site: Site) -> None:
    await site.call("POST", "/api/reg", json=ADA)
    login = {"user_name": "ada", "password": "secret"}
    status, body = await site.call("POST", "/v1/auth/", json=login)
    assert (status, body.keys(), body["error"], body["id"]) == (200, {"error", "result", "id"}, None, 1)
    assert await site.whose(body["result"]["token"]) == 1
    status, body = await site.call("POST", "/v1/auth/", json=login | {"id": None})
    assert (status, body["id"]) == (200, None)
    assert await site.call("POST", "/v1/auth/", json=login | {"password": "x"}) == (403, b"")
    assert await site.call("POST", "/v1/auth/", json={"user_name": "ada"}) == (404, b"")
    assert await site.call("POST", "/v1/auth/", json="x" * LONGEST_BODY) == (404, b""), (
        "too long is malformed"
    )
    for path in ("/v1/auth", "/v1/auth/"):
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            assert await site.call(method, path) == (404, b"")


async def test_direct_returns_the_person_of_the_token(site: Site) -> None:
    who = {"id": 1, "email": "ben@example.com", "name": "Ben"}
    for status, path in ((201, "/signup"), (200, "/login")):
        made, body = await site.call("POST", path, json=BEN)
        assert await site.whose(body.pop("token")) == 1
        assert (made, body) == (status, who)
    status, body = await site.call("POST", "/signup", json=BEN | {"email": "other@example.com"})
    assert (status, body["id"], body["name"]) == (201, 2, "Ben"), "a shared name is told as it was given"
    assert await site.call("POST", "/signup", json=BEN) == (409, {"error": "email already registered"})
    wrong = BEN | {"password": "wrong"}
    assert await site.call("POST", "/login", json=wrong) == (401, {"error": "invalid credentials"})

    await site.call("POST", "/register", json=CEM)
    status, body = await site.call("POST", "/login", json={"email": "cem@example.com", "password": "secret"})
    assert (status, body["id"], body["name"]) == (200, 3, "cem"), "who shares no name is told by it"


async def test_rooms_registers_people_with_plain_names(site: Site) -> None:
    assert await site.call("POST", "/register", json=CEM) == (201, {"UID": 1})
    assert await site.call("POST", "/register", json=CEM) == (409, {"error": "that name is taken"})
    for name in ("ce", "c" * 21, "cé m", "cem\n"):
        assert await site.call("POST", "/register", json=CEM | {"Username": name}) == (
            400,
            {"error": "a Username has 3 to 20 letters A to Z, digits and '_'"},
        )
    login = {"email": "cem@example.com", "PASSWORD": "secret"}
    status, body = await site.call("PUT", "/login", json=login)
    assert (status, body.keys()) == (200, {"token"})
    assert await site.whose(body["token"]) == 1
    wrong = login | {"PASSWORD": "wrong"}
    assert await site.call("PUT", "/login", json=wrong) == (401, {"error": "invalid credentials"})


async def test_rooms_are_made_joined_left_and_deleted(site: Site) -> None:
    await site.call("POST", "/register", json=CEM)
    await site.call("POST", "/signup", json=BEN)
    cem, ben = [
        (await site.call("POST", "/login", json={"email": f"{name}@example.com", "password": "secret"}))[1][
            "token"
        ]
        for name in ("cem", "ben")
    ]
    call = site.call
    status, profile = await call("GET", "/profile", cem)
    assert (status, profile.keys()) == (200, {"UID", "Username", "Email", "CreatedAt"})
    assert (profile["UID"], profile["Username"], profile.pop("Email")) == (1, "cem", "cem@example.com")
    assert await call("GET", "/profile/1") == (200, profile), "to others without the address"
    no_person = (404, {"error": "there is no such person"})
    assert await call("GET", "/profile/3") == await call("GET", f"/profile/{2**63}") == no_person
    assert await call("GET", "/profile") == (401, {"error": "the token is not valid"})
    assert await call("PUT", "/change-name", cem, json={"NewName": "Cemal"}) == (
        200,
        {"status": "name changed"},
    )
    assert (await call("GET", "/profile/1"))[1]["Username"] == "Cemal"
    taken = (409, {"error": "that name is taken"})
    assert await call("PUT", "/change-name", cem, json={"NewName": "BEN"}) == taken

    assert await call("POST", "/create-room", cem, json={"Name": "garden", "IsPrivate": True}) == (
        201,
        {"RoomID": 2},
    )
    assert (await call("POST", "/create-room", cem, json={"Name": "Garden"}))[0] == 409
    both = {"RoomID": 2, "UID": 2}
    assert (await call("GET", "/room/2", ben))[0] == 404
    assert (await call("PUT", "/join", ben, json={"RoomID": 2}))[0] == 403
    assert (await call("PUT", "/invite", ben, json=both))[0] == 403
    assert await call("PUT", "/invite", cem, json=both) == (200, {"status": "invited"})
    assert (await call("PUT", "/invite", cem, json=both))[0] == 409
    status, room = await call("GET", "/room/2", ben)
    assert (status, room.pop("CreatedAt")[-1]) == (200, "Z")
    assert room == {"RoomID": 2, "Name": "garden", "CreatorUID": 1, "IsPrivate": True}
    assert await call("GET", "/rooms", ben) == (200, {"IDs": [1, 2]})
    status, (joined,) = await call("GET", "/messages/2?lastid=0", ben)
    assert (status, joined["UID"], joined["Type"]) == (200, 2, "join")
    assert await call("PUT", "/remove", cem, json=both) == (200, {"status": "removed"})
    assert (await call("GET", "/messages/2", ben))[0] == 403
    assert (await call("DELETE", "/room/2", ben))[0] == 403
    assert await call("DELETE", "/room/2", cem) == (200, {"status": "deleted"})
    assert (
        (await call("DELETE", "/room/2", cem))[0] == (await call("DELETE", f"/room/{2**63}", cem))[0] == 404
    )
    assert await call("POST", "/create-room", cem, json={"Name": "open"}) == (201, {"RoomID": 3})
    assert await call("PUT", "/join", ben, json={"RoomID": 3}) == (200, {"status": "joined"})


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"data": b"{", "headers": {"Content-Type": JSON}}, (400, "the body is not JSON")),
        ({"data": b'{"a":' * 10_000, "headers": {"Content-Type": JSON}}, (400, "the body is not JSON")),
        ({"json": {}}, (400, "{} is missing")),
        ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, (415, None)),
        ({"data": b"{}", "headers": {"Content-Type": f"{JSON}; {'x' * 200}"}}, (415, None)),
        ({"data": b"x" * (LONGEST_BODY + 1), "headers": {"Content-Type": JSON}}, (413, None)),
    ],
)
@pytest.mark.parametrize(("path", "field"), [("/api/login", "username"), ("/register", "Username")])
async def test_a_body_that_cannot_be_used_is_refused(
    site: Site, path: str, field: str, sent: dict[str, Any], answer: tuple[int, str | None]
) -> None:
    status, text = answer
    got, body = await site.call("POST", path, **sent)
    assert got == status
    if status == 415:
        text = "send JSON, with Content-Type: application/json"
    if text is not None:
        assert body == {"error": text.format(field) if "{}" in text else text}


async def test_a_json_type_of_ones_own_and_no_type_at_all_are_read(site: Site) -> None:
    raw = b'{"username": "ada", "password": "secret"}'
    typed = {"Content-Type": "application/vnd.chat+json; charset=utf-8"}
    assert (await site.call("POST", "/api/reg", data=raw, headers=typed))[0] == 201
    assert (await site.call("POST", "/api/login", data=raw))[0] == 200


async def test_a_missing_path_is_answered_in_json(site: Site) -> None:
    status, body = await site.call("GET", "/nowhere")
    assert (status, body.keys()) == (404, {"error"})
    client = site.app.test_client()
    response = await client.delete("/login")
    assert (response.status_code, response.content_type) == (405, JSON)
    assert {each.strip() for each in response.headers["Allow"].split(",")} == {"OPTIONS", "POST", "PUT"}
    assert "Allow" not in (await client.get("/nowhere")).headers
    for part in ("nowhere.js", "..%2Fserver.py"):
        assert (await client.get(f"/web/{part}")).status_code == 404


@pytest.mark.parametrize(
    ("problem", "status", "text"),
    [
        (StorageDown("gone"), 503, "the database does not answer, try again"),
        (
            FileStoreDown("No space left on device"),
            503,
            "the server's disk does not store or read files now, try again later",
        ),
        (OutcomeUnknown("gone"), 503, "the message may or may not have been saved"),
        (WriteRejected("no"), 503, "the message could not be saved, try again"),
        (RuntimeError("a bug"), 500, "internal error"),
    ],
)
async def test_a_storage_failure_is_explained_and_a_bug_is_not(
    problem: Exception, status: int, text: str
) -> None:
    routes = Blueprint("failing", __name__)

    @routes.get("/fails")
    async def fails() -> Response:
        raise problem

    response = await create_app([routes]).test_client().get("/fails")
    assert (response.status_code, await response.get_json()) == (status, {"error": text})


async def test_the_server_is_healthy_while_its_storage_answers(site: Site) -> None:
    for path in ("/healthz", "/readyz", "/up", "/livez"):
        assert await site.call("GET", path) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("problem", "public"),
    [
        (StorageDown("no role chat for database secret on 10.0.0.7"), "the database does not answer"),
        (
            InspectionFailed("worker 2: the database does not answer: no role chat", DATABASE_DOWN),
            "the database does not answer",
        ),
        (InspectionFailed("worker 2 does not answer"), "a process of the server does not answer"),
    ],
)
async def test_an_unhealthy_server_names_the_failure_and_logs_the_reason_once(
    problem: Exception, public: str
) -> None:
    ill = True

    async def health() -> None:
        if ill:
            raise problem

    client = create_app([create_pages(health, [])]).test_client()
    with capture_logs() as entries:
        for path in ("/healthz", "/readyz", "/healthz"):
            response = await client.get(path)
            assert (response.status_code, await response.get_json()) == (503, {"error": public})
        assert (await client.get("/livez")).status_code == 200, "a restart would not help"
        ill = False
        assert (await client.get("/healthz")).status_code == 200
        ill = True
        await client.get("/healthz")
    event = "health check failed; /readyz and /healthz answer 503 until it passes"
    logged = {"event": event, "log_level": "warning", "reason": str(problem)}
    assert entries == [logged, logged]


async def test_the_document_promises_these_statuses(site: Site) -> None:
    _, document = await site.call("GET", "/openapi.json")
    assert {
        f"{method.upper()} {path}": " ".join(sorted(operation["responses"]))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    } == DESCRIBED


class Outline(HTMLParser):
    """The texts of a page, without its tags; a heading of a call begins a line."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "\n" if tag in ("h1", "h2", "p", "li", "pre") else ""

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_page_shows_each_call_and_each_body(site: Site) -> None:
    response = await site.app.test_client().get("/api")
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    lines = Outline(await response.get_data(as_text=True)).text.splitlines()
    assert sorted(line for line in lines if line in DESCRIBED) == sorted(DESCRIBED)
    start = lines.index("GET /messages/{room_id}")
    assert lines[start + 1].endswith("`LastID`. Needs a token. (rooms)")
    assert lines[start + 2 : start + 5] == [
        "Takes UpTo",
        "In the query: LastID",
        "200 Done: a list of RoomsMessage",
    ]
    assert "403 Not permitted: an empty body" in lines
    start = lines.index("TokenBody")
    assert '"token"' in "".join(lines[start:])
