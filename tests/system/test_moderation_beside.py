"""Moderation by settings and by commands beside a real server."""

import json
from collections.abc import Generator

import pytest

from tests.support.command_line import chat, try_chat
from tests.support.people import PASSWORD, client, eventually, member, post, register, request
from tests.support.server import ServerProcess, running_server, used_data_path


@pytest.fixture(scope="module")
def club() -> Generator[ServerProcess]:
    """A server whose people are invited, and whose lobby is theirs."""
    settings = {"CHAT_REGISTRATION": "invite", "CHAT_LOBBY": "members", "CHAT_BCRYPT_COST": "4"}
    with used_data_path() as data, running_server(data, **settings) as server:
        yield server


REGISTERING = {
    "/api/reg": {"username": "{}", "password": PASSWORD},
    "/signup": {"email": "{}@chat.example", "name": "{}", "password": PASSWORD},
    "/register": {"Username": "{}", "Email": "{}@rooms.example", "Password": PASSWORD},
}


@pytest.mark.parametrize(("path", "form"), REGISTERING.items())
def test_an_invite_opens_every_way_in_once(club: ServerProcess, path: str, form: dict[str, str]) -> None:
    key = "Invite" if path == "/register" else "invite"

    def registering(name: str, code: str | None = None) -> int:
        body: dict[str, str | None] = {field: value.format(name) for field, value in form.items()}
        return post(club.url + path, body | {key: code}).status_code

    code = chat(club, "user", "invite").strip()
    who = f"guest_{path[1:4].replace('/', '_')}"
    assert registering(who) == 403
    assert registering(who, "guess") == 403
    assert registering(who, code) == 201
    assert registering(f"{who}2", code) == 403


def test_a_lobby_of_members_is_silent_to_everybody_else(club: ServerProcess) -> None:
    code = chat(club, "user", "invite", "--uses", "2", "--days", "1").strip()
    tokens = {
        name: post(f"{club.url}/api/reg", {"username": name, "password": PASSWORD, "invite": code}).json()[
            "token"
        ]
        for name in ("mia", "noa")
    }
    with (
        client(club.url) as stranger,
        member(club.url, "mia", tokens["mia"]) as mia,
        member(club.url, "noa", tokens["noa"]) as noa,
    ):
        mia.say("for members")
        assert noa.hear().text == "for members"
        stranger.say(f"auth {tokens['noa']}", "noa")
        assert stranger.hear().text == "authorised as noa", "nothing came before"
        mia.say("for noa too")
        assert stranger.hear() == ("mia", "for noa too")


def test_a_message_is_deleted_while_people_chat(server: ServerProcess) -> None:
    with member(server.url, "spammer") as spammer, member(server.url, "reader") as reader:
        for text in ("buy this", "and\x1b[2J that"):
            spammer.say(text)
            reader.hear()
        listed = json.loads(chat(server, "message", "list", "--last", "2", "--json"))
        assert [(each["sender"], each["text"]) for each in listed] == [
            ("spammer", "buy this"),
            ("spammer", "and\x1b[2J that"),
        ]
        head, first, second = chat(server, "message", "list", "--last", "2").splitlines()
        assert head.split() == ["ID", "AT", "WHO", "TEXT"]
        assert first.endswith("spammer  buy this")
        assert "\x1b" not in second, "a terminal obeys no message"
        spam = str(listed[0]["id"])
        assert chat(server, "message", "delete", spam) == f"deleted message {spam}\n"
        reader.say("history 2")
        left = reader.hear_until(lambda line: line.text == "and\x1b[2J that")
        assert "buy this" not in [line.text for line in left]
        refused = try_chat(server, "message", "delete", spam)
        assert (refused.returncode, refused.stderr) == (
            1,
            f"chat: no message has the id {spam}: `chat message list` lists messages with their ids\n",
        )


def test_a_room_is_deleted_while_somebody_is_in_it(server: ServerProcess) -> None:
    token = register(server.url, "gardener")
    made = request(
        "POST", f"{server.url}/create-room", {"Name": "weeds"}, headers={"Authorization": token}
    ).json()["RoomID"]
    with client(server.url, f"/ws?token={token}") as person:
        person.socket.recv(20)
        person.send(json.dumps({"Type": "enter", "RoomID": made}))
        assert "enter" in str(person.socket.recv(20))
        (listed,) = (
            room for room in json.loads(chat(server, "room", "list", "--json")) if room["name"] == "weeds"
        )
        assert (listed["id"], listed["creator"], listed["members"]) == (made, "gardener", 1)
        assert "weeds" in chat(server, "room", "list")
        assert chat(server, "room", "delete", str(made)) == f"deleted room {made}\n"

        def is_outside() -> bool:
            person.send('{"Type": "message", "Text": "still here?"}')
            return "not in room" in str(person.socket.recv(20))

        eventually(is_outside, "the server has heard that the room is gone")
    assert (
        try_chat(server, "room", "delete", str(made)).stderr
        == f"chat: no room has the id {made}: `chat room list` lists the rooms\n"
    )
    assert try_chat(server, "room", "delete", "1").returncode == 1, "the lobby stays"


def test_a_setting_is_changed_and_taken_back_while_the_server_runs(server: ServerProcess) -> None:
    def who_may_register() -> str:
        return str(request("GET", f"{server.url}/api/v1/setup").json()["registration"])

    before = who_may_register()
    assert chat(server, "setting", "set", "registration", "closed") == "set registration to closed\n"
    eventually(lambda: who_may_register() == "closed", "the server feels it")
    (changed,) = json.loads(chat(server, "setting", "list", "--json"))
    assert (changed["name"], changed["value"], changed["by"]) == ("registration", "closed", None)
    assert chat(server, "setting", "list").splitlines()[1].split()[:2] == ["registration", "closed"]
    for name, value, wrong in (
        ("colour", "green", "no setting 'colour'; there are server_name, registration, "),
        ("registration", "perhaps", "registration: expected closed or invite or open, got 'perhaps'"),
        ("message_rate", "1e9", "message_rate: expected a number <= 1000000"),
        ("message_rate", "nan", "message_rate: "),
        ("widget_origins", "shop.example", "widget_origins: expected an origin as https://shop.example"),
    ):
        refused = try_chat(server, "setting", "set", name, value)
        assert (refused.returncode, refused.stderr[: len(f"chat: {wrong}")]) == (1, f"chat: {wrong}")
    sites = "https://shop.example, https://help.example"
    assert chat(server, "setting", "set", "widget_origins", sites) == f"set widget_origins to {sites}\n"
    assert sites in chat(server, "setting", "list")
    unchanged = "each server uses the value from its start"
    assert chat(server, "setting", "unset", "widget_origins") == f"unset widget_origins: {unchanged}\n"
    assert chat(server, "setting", "unset", "registration") == f"unset registration: {unchanged}\n"
    eventually(lambda: who_may_register() == before, "the server goes by what it was started with")
    again = try_chat(server, "setting", "unset", "registration")
    assert again.stderr == f"chat: registration was not changed: {unchanged}\n"
