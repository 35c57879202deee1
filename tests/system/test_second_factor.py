"""Second factors on the real server: sockets of all protocols, the command, the SDK, and `chat talk`'s log-in."""

import json
import time
from base64 import b32decode
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest
import trio
from websockets.exceptions import InvalidStatus

from chat.client import LoggedOut, log_in, open_chat, parse_url
from chat.features.second_factor.codes import STEP, code_at
from tests.support.command_line import chat, try_chat
from tests.support.documentation.commands import ROOT, commands
from tests.support.people import PASSWORD, PATIENCE, Person, client, register, request
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess
from tests.system.test_revocation import PATHS, ends_with, is_open, sockets_of

PAGE = ROOT / "docs" / "login.md"
NATIVE = "/api/v1/socket"
NEEDED = "this server requires a second factor: set it up in the page first"


def hello(token: str) -> str:
    return json.dumps({"type": "hello", "id": 1, "token": token, "protocol": 1})


def call(
    server: ServerProcess, method: str, path: str, body: object = None, token: str = ""
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return request(method, f"{server.url}/api/v1{path}", body, headers=headers)


def session(server: ServerProcess, name: str, **more: str) -> httpx.Response:
    return call(server, "POST", "/auth/login", {"login": name, "password": PASSWORD, **more})


def set_up(server: ServerProcess, token: str) -> tuple[bytes, list[str]]:
    """Set a second factor up, which uses up the code of the current step; returns its secret and the recovery codes."""
    begun = call(server, "POST", "/me/second-factor", {"password": PASSWORD}, token)
    secret = b32decode(begun.json()["secret"])
    code = code_at(secret, int(time.time()) // STEP)
    done = call(server, "POST", "/me/second-factor/confirm", {"code": code}, token)
    assert done.status_code == 200, done.text
    return secret, done.json()["recovery_codes"]


def next_code(secret: bytes) -> str:
    """The code of the next step: it is good already, and for at least one step more, and the set-up has not used it."""
    return code_at(secret, int(time.time()) // STEP + 1)


@contextmanager
def required(server: ServerProcess, of: str) -> Generator[None]:
    chat(server, "setting", "set", "second_factor", of)
    try:
        yield
    finally:
        chat(server, "setting", "unset", "second_factor")


def test_who_must_have_one_loses_every_socket_and_opens_none_until_then(server: ServerProcess) -> None:
    token, other = register(server.url, "must"), register(server.url, "mustnot")
    chat(server, "user", "role", "must", "admin")
    try:
        with (
            sockets_of(server, token) as gone,
            client(server.url, NATIVE) as native,
            sockets_of(server, other) as here,
        ):
            native.send(hello(token))
            assert "hello_ok" in str(native.socket.recv(PATIENCE))
            with required(server, "admins"):
                ended = [ends_with(person) for person in (*gone, native)]
                assert ended == [(4403, NEEDED)] * (len(PATHS) + 1)
                assert all(is_open(person) for person in here)
                for path in PATHS:
                    with pytest.raises(InvalidStatus) as refused, client(server.url, f"{path}?token={token}"):
                        pass
                    assert refused.value.response.status_code == 403
                assert _refused_after_the_handshake(server, token)
                limited = session(server, "must").json()["access"]
                refusal = call(server, "GET", "/rooms", token=limited).json()
                assert refusal["reason"] == "second_factor_required"
                set_up(server, limited)
                with sockets_of(server, limited) as back:
                    assert all(is_open(person) for person in back)
    finally:
        chat(server, "user", "role", "must", "member")


def _refused_after_the_handshake(server: ServerProcess, token: str) -> bool:
    """Whether a token that comes in a frame is refused, in each protocol that has such a frame."""
    with client(server.url, NATIVE) as native:
        native.send(hello(token))
        answer = json.loads(str(native.socket.recv(PATIENCE)))
        assert (answer["code"], answer["reason"]) == ("forbidden", "second_factor_required")
    for path, key in (("/talker", "name"), ("/messenger", "username")):
        with client(server.url, path, key, "must") as person:
            person.say(f"auth {token}")
            assert _until(person, NEEDED)
    with client(server.url, "/support") as person:
        person.send(json.dumps({"method": "message.auth", "params": [token], "id": 1}))
        assert ends_with(person)[0] == 4401
    return True


def _until(person: Person, text: str) -> bool:
    while True:
        if text in str(person.socket.recv(PATIENCE)):
            return True


def test_the_command_shows_and_removes_one_and_the_audit_has_it(server: ServerProcess) -> None:
    set_up(server, register(server.url, "lost"))
    assert session(server, "lost").json()["reason"] == "code_needed"
    assert chat(server, "user", "second-factor", "lost") == "lost has a second factor\n"
    assert chat(server, "user", "second-factor", "lost", "--remove").startswith(
        "removed the second factor of lost"
    )
    assert session(server, "lost").status_code == 200
    again = try_chat(server, "user", "second-factor", "lost", "--remove")
    assert (again.returncode, again.stderr) == (1, "chat: lost has no second factor\n")
    nobody = try_chat(server, "user", "second-factor", "n0body")
    assert "nobody is called 'n0body'" in nobody.stderr
    assert "second factor removed" in chat(server, "audit")


def test_a_code_is_used_once_by_what_the_database_says(server: ServerProcess) -> None:
    """The last step is nowhere but in the database: with the step before in it, the same code is taken again."""
    secret, _ = set_up(server, register(server.url, "replayed"))
    code = next_code(secret)
    assert session(server, "replayed", code=code).status_code == 200
    assert session(server, "replayed", code=code).json()["reason"] == "wrong_code"
    execute_sql(server.address, "UPDATE totp_secrets SET last_step = last_step - 1")
    assert session(server, "replayed", code=code).status_code == 200


async def test_the_client_asks_for_a_code(server: ServerProcess) -> None:
    secret, recovery = set_up(server, register(server.url, "coded"))
    address = parse_url(server.url)
    with pytest.raises(LoggedOut) as refused:
        await log_in(address, "coded", PASSWORD)
    assert refused.value.reason == "code_needed"
    with pytest.raises(LoggedOut) as refused:
        await log_in(address, "coded", PASSWORD, code="000000")
    assert refused.value.reason == "wrong_code"
    assert (await log_in(address, "coded", PASSWORD, code=next_code(secret))).access
    asked: list[str] = []

    async def ask() -> str:
        await trio.lowlevel.checkpoint()
        asked.append(recovery[0])
        return recovery[0]

    with trio.fail_after(PATIENCE):
        async with open_chat(server.url, login=("coded", PASSWORD), ask_code=ask) as chat_:
            assert chat_.name == "coded"
    assert asked == recovery[:1]
    with pytest.raises(LoggedOut), trio.fail_after(PATIENCE):
        async with open_chat(server.url, login=("coded", PASSWORD)):
            pass


def test_every_command_of_the_part_about_it_works(server: ServerProcess) -> None:
    set_up(server, register(server.url, "ada"))
    part = PAGE.read_text("utf-8").partition("## By an identity provider")[0]
    given = [each.text.split()[1:] for each in commands(PAGE) if each.whole and f"\n{each.text}\n" in part]
    assert [words[0] for words in given] == ["setting", "user", "user", *["setting"] * 3]
    printed = [chat(server, *words) for words in given]
    assert printed[1] == "ada has a second factor\n"
    assert printed[2].startswith("removed the second factor of ada, id ")
