"""The native protocol over HTTP on a memory storage; every body, in and out, is held against the OpenAPI document."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trio
from jsonschema import Draft202012Validator
from quart import Response
from quart_trio import QuartTrio

from chat.data_access import make_accounts
from chat.domain.entities import Person
from chat.domain.limits.budgets import Budgets
from chat.domain.ports import FileStore
from chat.engine.engine import open_engine
from chat.features.registry import FEATURES
from chat.http_side import http_app
from chat.inspection.inspection import OwnInspection
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch
from chat.protocols.registry import PROTOCOLS, STREAMS
from chat.protocols.services import Services, services_of
from chat.settings.config import Config
from chat.storage.archives import Archives
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import Obstacles, ObstructedStorage, World

SECRET = "a secret of the tests that is long enough"
V1 = "/api/v1"
PASSWORD = "secret word"
PAGE = {"Origin": "http://localhost"}
"""What a browser adds to what a page posts."""

_document: dict[str, Any] = {}
"""The OpenAPI document, once a first site has served it."""


class Answer:
    """What came back: the status, the parsed body (None where there is none), and the headers."""

    def __init__(self, status: int, body: Any, headers: Any) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    def __getitem__(self, field: str) -> Any:
        return self.body[field]

    @property
    def refused(self) -> tuple[int, str, str | None]:
        """Status, code and field of an error."""
        return self.status, self.body["code"], self.body.get("field")


class Site:
    """The HTTP side and its callers. `world` has the sockets of all protocols."""

    def __init__(
        self,
        app: QuartTrio,
        document: dict[str, Any],
        services: Services,
        storage: MemoryStorage,
        obstacles: Obstacles,
        clock: list[float],
        world: World,
    ) -> None:
        self.app = app
        self.document = document
        self.services = services
        self.storage = storage
        self.obstacles = obstacles
        self.world = world
        self.seen: set[tuple[str, str, int]] = set()
        """Which operations were answered with which status."""
        self._clock = clock

    def pass_time(self, seconds: float) -> None:
        """Let time go by for the storage."""
        self._clock[0] += seconds

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        valid: bool = True,
        client: Any = None,
        **headers: str,
    ) -> Answer:
        """Make a call; what is sent is as described where it is `valid`, and what comes back always is.

        `client` has cookies of its own; without one there are none.
        """
        template = self.template(path)
        operation = self.document["paths"][V1 + template][method.lower()]
        if valid:
            schemas = {each["name"]: each["schema"] for each in operation.get("parameters", ())}
            for name, value in parse_qsl(urlsplit(path).query):
                told_as = int(value) if value.isdecimal() else value
                assert self.faults(told_as, schemas[name]) == []
        if body is not None and valid:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert self.faults(body, schema) == []
        sent: dict[str, Any] = {} if body is None else {"json": body}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = client or self.app.test_client(use_cookies=False)
        response: Response = await client.open(V1 + path, method=method, headers=headers, **sent)
        described = operation["responses"][str(response.status_code)]
        self.seen.add((method, template, response.status_code))
        raw = await response.get_data()
        if "content" not in described:
            assert raw == b""
            return Answer(response.status_code, None, response.headers)
        assert response.content_type == "application/json"
        got = await response.get_json()
        assert self.faults(got, described["content"]["application/json"]["schema"]) == [], got
        return Answer(response.status_code, got, response.headers)

    def faults(self, value: Any, schema: dict[str, Any]) -> list[str]:
        """What is wrong with a value by a schema of the document."""
        whole = {**schema, "components": self.document["components"]}
        return [error.message for error in Draft202012Validator(whole).iter_errors(value)]

    def template(self, path: str) -> str:
        """A path as the document has it."""
        path = path.partition("?")[0].removeprefix(V1)
        found = [each.removeprefix(V1) for each in self.document["paths"]]
        if path in found:
            return path
        (template,) = [each for each in found if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), path)]
        return template

    async def add(self, name: str, **about: Any) -> Person:
        """Add a person with the password of all, without a budget."""
        person = await self.services.accounts.add(name, PASSWORD, about.pop("email", None), **about)
        assert isinstance(person, Person)
        return person

    async def log_in(self, name: str, **fields: Any) -> Answer:
        """Log in as a program does, and return the session."""
        answer = await self.call("POST", "/auth/login", {"login": name, "password": PASSWORD} | fields)
        assert answer.status == 200, answer.body
        return answer

    async def join(self, name: str, **about: Any) -> tuple[Person, str]:
        """Add a person, and return them with an access token."""
        person = await self.add(name, **about)
        return person, (await self.log_in(name))["access"]

    async def is_good(self, token: str) -> bool:
        """Whether an access token is good over HTTP, here and in another protocol."""
        here = await self.call("GET", "/me", token=token)
        client = self.app.test_client(use_cookies=False)
        there = await client.get("/profile", headers={"Authorization": token})
        assert (here.status, there.status_code) in ((200, 200), (401, 401))
        return here.status == 200


@asynccontextmanager
async def open_site(
    *,
    budgets: Budgets | None = None,
    accounts_of: Callable[..., Any] = make_accounts,
    file_store: FileStore | None = None,
    archives: Archives | None = None,
    **settings: Any,
) -> AsyncGenerator[Site]:
    """Serve for as long as the block lasts, a minute at most."""
    clock, obstacles = [1000.0], Obstacles()
    storage = MemoryStorage(lambda: clock[0])
    behind: Any = ObstructedStorage(storage, obstacles)
    config = Config(bcrypt_cost=4, **settings)

    def accounts(_person: Any, login_failed: Any) -> Any:
        of_users = config, behind.users, behind.users.by_id, SECRET
        return accounts_of(*of_users, sessions=behind.sessions, login_failed=login_failed)

    with trio.fail_after(60):
        async with open_engine(
            behind,
            accounts,
            features=FEATURES,
            budgets=budgets,
            file_store=file_store,
            file_bytes=config.file_bytes,
            archives=archives,
            widget_origins=config.widget_origins,
            server_name=config.server_name,
            public_url=config.public_url,
            mail=config.mail_server(),
            provider=config.identity_provider(),
        ) as engine:
            own = OwnInspection(Watch(Recorder(), engine.metrics), engine.metrics, storage.ping)
            services = services_of(engine)
            app = http_app(config, behind, engine, services, own)
            if not _document:  # the same for all settings, and it takes a tenth of a second to make
                served = await app.test_client().get(f"{V1}/openapi.json")
                _document.update(await served.get_json())
            clients = {protocol.dialect: protocol.open(services) for protocol in PROTOCOLS}
            clients |= {stream.dialect: stream.open(services) for stream in STREAMS}
            context = engine.session_context(clients)
            async with trio.open_nursery() as nursery:
                world = World(storage, obstacles, engine, services, context, nursery)
                yield Site(app, _document, services, storage, obstacles, clock, world)
                nursery.cancel_scope.cancel()
