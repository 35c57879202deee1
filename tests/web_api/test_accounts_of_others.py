"""Changes of accounts by admins, on the whole server with its memory storage: rights, and effects on open sockets."""

from typing import Any

import pytest
from trio_websocket import ConnectionClosed

from chat.domain.accounts.passwords import Passwords
from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from tests.support.watched_server import Watched, next_fields, open_watched

ONE = "/api/v1/admin/people/2"
PEOPLE = "/api/v1/admin/people"

CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", PEOPLE, None),
    ("GET", ONE, None),
    ("PATCH", ONE, {"name": "Zoë"}),
    ("DELETE", ONE + "/sessions", None),
    ("DELETE", ONE, None),
]


async def call(watched: Watched, method: str, path: str, token: str | None, body: object = None) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await watched._http.request(method, watched.url + path, headers=headers, json=body)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_only_an_admin_may(method: str, path: str, body: dict[str, Any] | None) -> None:
    async with open_watched() as watched:
        eve, _ben = await watched.token("eve"), await watched.token("ben")
        before = await watched.storage.users.everyone()
        for token, status in ((None, 401), ("nonsense", 401), (eve, 403)):
            answer = await call(watched, method, path, token, body)
            assert (answer.status_code, list(answer.json())) == (status, ["error", "text", "code", "reason"])
        assert await watched.storage.users.everyone() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("PATCH", ONE, {"password": "another word"}, "your logins were ended, log in again"),
        ("PATCH", ONE, {"disabled": True}, "your account is disabled"),
        ("DELETE", ONE + "/sessions", None, "your logins were ended, log in again"),
        ("DELETE", ONE, None, "your account was deleted"),
    ],
)
async def test_acts_of_an_admin_close_that_persons_sockets(
    method: str, path: str, body: dict[str, Any] | None, reason: str
) -> None:
    async with open_watched() as watched:
        grace, ben = await watched.token("grace", admin=True), await watched.token("ben")
        async with watched.client(token=ben) as socket, watched.client(token=grace) as admin:
            await next_fields(socket), await next_fields(admin)
            answer = await call(watched, method, path, grace, body)
            assert (answer.status_code, answer.json()["name"]) == (200, "ben")
            with pytest.raises(ConnectionClosed) as closed:
                await socket.get_message()
            assert closed.value.reason is not None
            assert (closed.value.reason.code, closed.value.reason.reason) == (4403, reason)
            await admin.ping()
        metrics = await call(watched, "GET", "/metrics", grace)
        assert 'chat_closed_total{code="4403"} 1.0' in metrics.text
        assert "chat_accounts_total{what=" in metrics.text


async def test_after_a_password_change_only_the_new_token_is_valid() -> None:
    async with open_watched() as watched:
        hashed = await Passwords(4).hash(b"secret", None)
        assert isinstance(hashed, bytes)
        ada = await watched.storage.users.add(NewPerson(name="ada", password_hash=hashed))
        assert isinstance(ada, Person)
        token = watched.token_of(ada)
        async with watched.client(token=token) as socket:
            await next_fields(socket)
            wrong = await call(
                watched, "POST", "/api/v1/me/password", token, {"old": "wrong", "new": "other words"}
            )
            assert (wrong.status_code, wrong.json()) == (
                403,
                {
                    "error": "wrong password",
                    "text": "wrong password",
                    "code": "forbidden",
                    "reason": "wrong_password",
                    "field": "old",
                },
            )
            changed = await call(
                watched, "POST", "/api/v1/me/password", token, {"old": "secret", "new": "other words"}
            )
            assert changed.status_code == 200
            with pytest.raises(ConnectionClosed) as closed:
                await socket.get_message()
            assert closed.value.reason is not None
            assert closed.value.reason.code == 4403
        assert (await call(watched, "GET", "/profile", token)).status_code == 401
        assert (await call(watched, "GET", "/profile", changed.json()["access"])).status_code == 200
