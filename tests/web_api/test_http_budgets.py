"""Calls that change something cost a message, calls that read cost pages; over budget they get a 429 after a delay."""

import re
from collections.abc import AsyncGenerator
from typing import NamedTuple

import pytest
import trio
from quart import Response
from quart_trio import QuartTrio

from chat.data_access import make_accounts
from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.domain.ports import NewPerson
from chat.engine.engine import open_engine
from chat.http_side import http_app
from chat.inspection.inspection import OwnInspection
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch
from chat.protocols.services import services_of
from chat.settings.config import Config
from tests.reference.storage import MemoryStorage

SECRET = "a secret of the tests that is long enough"
CHANGES = [
    ("PUT", "/change-name"),
    ("POST", "/create-room"),
    ("PUT", "/join"),
    ("PUT", "/invite"),
    ("PUT", "/remove"),
    ("DELETE", "/room/2"),
    ("POST", "/admin/clients/1/cancel"),
]
READS = [("GET", "/messages/1")]
FREE = [("GET", "/profile"), ("GET", "/rooms"), ("GET", "/admin/why"), ("GET", "/admin/why/1")]
FREE += [
    ("GET", "/admin/nodes"),
    ("GET", "/admin/tree.json"),
]


class Api(NamedTuple):
    """The HTTP side on a memory storage, and somebody's token."""

    app: QuartTrio
    storage: MemoryStorage
    metrics: Metrics
    ada: Person
    token: str

    async def call(self, method: str, path: str) -> Response:
        body = {"NewName": "adele", "Name": "garden", "RoomID": 2, "UID": 1, "old": "?", "new": "?" * 9}
        headers = {"Authorization": self.token}
        sent = {} if method == "GET" else {"json": body}
        answer: Response = await self.app.test_client().open(path, method=method, headers=headers, **sent)
        return answer


@pytest.fixture
async def api() -> AsyncGenerator[Api]:
    storage, metrics, config = MemoryStorage(), Metrics(), Config(bcrypt_cost=4)
    budgets = Budgets(messages=5, text=1000, pages=10, calls=20, refused=metrics.over_budget)
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
    assert isinstance(ada, Person)
    accounts = make_accounts(config, storage.users, storage.users.by_id, SECRET)
    async with open_engine(storage, lambda *_: accounts, budgets=budgets, metrics=metrics) as engine:
        own = OwnInspection(Watch(Recorder(), metrics), metrics, storage.ping)
        app = http_app(config, storage, engine, services_of(engine), own)
        yield Api(app, storage, metrics, ada, accounts.grant(ada).token)


async def test_every_call_with_a_token_is_looked_at_below(api: Api) -> None:
    document = await (await api.app.test_client().get("/openapi.json")).get_json()
    described = {
        (method.upper(), path.replace("{room_id}", "2" if method == "delete" else "1")): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "security" in operation
    }
    described = {
        (method, re.sub("{(connection|person)}", "1", path)): each
        for (method, path), each in described.items()
    }
    assert described.keys() == {*CHANGES, *READS, *FREE}
    for call, operation in described.items():
        assert ("429" in operation["responses"]) == (call not in FREE)


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_change_costs_a_message(api: Api, autojump_clock: object, method: str, path: str) -> None:
    for _ in range(20):
        assert (await api.call("PUT", "/change-name")).status_code in (200, 409)
    began = trio.current_time()
    answer = await api.call(method, path)
    assert trio.current_time() == began + HOLD_BACK, "the next call of this connection comes so much later"
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    coded = {"code": "too_many", "retry_ms": 1000} if path.startswith("/api/v1/") else {}
    assert await answer.get_json() == {"error": "too many messages, wait 1 second"} | coded
    assert b'chat_over_budget_total{what="messages"} 1.0' in api.metrics.render()
    assert (await api.call(method, path)).status_code != 429


@pytest.mark.parametrize(("method", "path"), READS)
async def test_reading_costs_pages(api: Api, autojump_clock: object, method: str, path: str) -> None:
    for _ in range(40):
        assert (await api.call(method, path)).status_code == 200
    answer = await api.call(method, path)
    assert answer.status_code == 429
    assert await answer.get_json() == {"error": "too much history, wait 1 second"}


async def test_reading_long_messages_costs_more(api: Api, autojump_clock: object) -> None:
    for number in range(100):
        await api.storage.messages.save([Draft(LOBBY_ID, api.ada.id, "ada", "x" * 3900, float(number))])
    for _ in range(7):
        assert (await api.call("GET", "/messages/1")).status_code == 200
    assert (await api.call("GET", "/messages/1")).status_code == 429


@pytest.mark.parametrize(("method", "path"), FREE)
async def test_a_client_over_budget_may_still_read(
    api: Api, autojump_clock: object, method: str, path: str
) -> None:
    for _ in range(20):
        await api.call("PUT", "/change-name")
    for _ in range(50):
        assert (await api.call(method, path)).status_code in (200, 404)


async def test_calls_beyond_an_addresses_share_wait_for_their_turn(api: Api, autojump_clock: object) -> None:
    began = trio.current_time()
    for _ in range(60):
        assert (await api.call("GET", "/profile/1")).status_code == 200
    assert trio.current_time() == began
    for _ in range(10):
        assert (await api.call("GET", "/profile/1")).status_code == 200
    assert trio.current_time() - began == pytest.approx(10 / 20)


async def test_many_calls_of_one_address_at_once_are_all_answered_within_five_seconds(
    api: Api, autojump_clock: object
) -> None:
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(300):
            nursery.start_soon(api.call, "GET", "/profile/1")
    assert trio.current_time() - began == pytest.approx(5.0)


async def test_a_refused_call_changes_nothing(api: Api, autojump_clock: object) -> None:
    for _ in range(20):
        await api.call("PUT", "/change-name")
    assert (await api.call("POST", "/create-room")).status_code == 429
    assert await api.storage.rooms.by_id(2) is None
