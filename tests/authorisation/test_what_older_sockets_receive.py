"""What reaches somebody over an older protocol, live and of the past, is what they may read, byte for byte."""

import json
from collections.abc import Generator
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from tests.authorisation.clients import Json
from tests.authorisation.older_sockets import (
    OLDER,
    DirectSocket,
    LineSocket,
    OlderSocket,
    RoomsSocket,
    SupportSocket,
)
from tests.authorisation.rules import NO_LONGER, RELATIONS, Answer
from tests.authorisation.site import Site

LINES = {"Talker": "name", "Messenger": "username"}
"""The protocols of the lobby, and what a line's sender is called there."""

WRITTEN = ("lobby open", "public open", "private open", "direct open", "support open")
"""Where something is written."""

OF_SUPPORT = ("member", "guest", "operator")
"""Who has a support conversation; who has none would begin one by coming."""

VISITORS = ("visitor", "guest", "bot")

Sockets = dict[tuple[str, str, str], OlderSocket]
"""By protocol, who has it, and for Rooms the place that they entered."""


def accounts(site: Site) -> list[str]:
    """Who has an account, and a token that is good."""
    return [who for who in site.house.people if who in RELATIONS and who not in (*NO_LONGER, *VISITORS)]


@pytest.fixture
def sockets(site: Site) -> Generator[Sockets]:
    """A socket of each older protocol for everybody, also for who has no token or one that is good no more."""
    with ExitStack() as stack:
        opened: Sockets = {}

        def open_one(protocol: str, who: str, place: str = "") -> OlderSocket:
            socket = OLDER[protocol](site.server.url, site.house.token(who))
            opened[protocol, who, place] = stack.enter_context(socket)
            return socket

        for who in [*accounts(site), *VISITORS, *NO_LONGER, "nobody"]:
            for protocol in LINES:
                open_one(protocol, who)
            if who in accounts(site):
                open_one("Direct", who)
                rooms = site.house.rooms_of(who)
                for place in WRITTEN[:3]:
                    made = site.house.places[place, ""]
                    socket = open_one("Rooms", who, place)
                    assert isinstance(socket, RoomsSocket)
                    assert (socket.enter(made.room) is Answer.DONE) == (made.room in rooms), (who, place)
            if who in OF_SUPPORT:
                open_one("Support", who)
        open_one("Direct", "nobody")
        for socket in opened.values():
            drained(socket)
        yield opened


def drained(socket: OlderSocket) -> list[str]:
    """What a socket has heard since."""
    assert isinstance(socket, LineSocket | DirectSocket | SupportSocket | RoomsSocket)
    return socket.drain()


def test_an_older_socket_receives_what_its_person_may_read(site: Site, sockets: Sockets) -> None:
    written = {place: act_in(site, place) for place in WRITTEN}
    assert_each_receives(site, sockets, written)


def test_a_lobby_for_members_reaches_only_people_with_an_account(site: Site, sockets: Sockets) -> None:
    admin = site.house.token("admin")
    site.api.call(admin, "PATCH", "/admin/settings", {"lobby": "members"})
    try:
        written = {"lobby open": act_in(site, "lobby open")}
        assert_each_receives(site, sockets, written, lobby_for=accounts(site))
    finally:
        site.api.call(admin, "PATCH", "/admin/settings", {"lobby": "open"})


def assert_each_receives(
    site: Site, sockets: Sockets, written: dict[str, "Written"], lobby_for: list[str] | None = None
) -> None:
    wrong = []
    for (protocol, who, place), socket in sockets.items():
        expected = []
        if protocol in LINES and (lobby_for is None or who in lobby_for):
            expected = [line(each, LINES[protocol]) for each in written["lobby open"].native]
        elif protocol == "Direct":
            expected = expected_of_direct(site, who, written)
        elif protocol == "Support":
            expected = expected_of_support(site, who, written)
        elif protocol == "Rooms" and place in written:
            made = site.house.places[place, ""]
            is_in = made.room in site.house.rooms_of(who)
            expected = [frame(each) for each in written[place].of_protocol] if is_in else []
        if (received := drained(socket)) != expected:
            wrong.append(f"{protocol}, {who} {place}: {received}, not {expected}")
    assert not wrong, "\n" + "\n".join(wrong)


def expected_of_direct(site: Site, who: str, written: dict[str, "Written"]) -> list[str]:
    """Only the one to whom something is written hears it."""
    if who != "member" or "direct open" not in written:
        return []
    member = site.house.people["member"].id
    return [frame(direct(each, member)) for each in written["direct open"].native]


def expected_of_support(site: Site, who: str, written: dict[str, "Written"]) -> list[str]:
    """The person hears their own conversation, operators hear every one, and with it whose it is."""
    if who not in ("member", "operator") or "support open" not in written:
        return []
    member = site.house.people["member"]
    whose = {"user_id": member.id, "user_name": member.name} if who == "operator" else {}
    return [
        frame({"error": None, "result": {"message": {**each, **whose}}, "id": each["message_id"]})
        for each in written["support open"].of_protocol
    ]


class Written:
    """Messages as the native protocol shows them, and as Rooms or Support shows those of its rooms."""

    def __init__(self, native: list[Json], of_protocol: list[Json]) -> None:
        self.native = native
        self.of_protocol = of_protocol


_numbers = count(1)


def act_in(site: Site, place: str) -> Written:
    """Write two messages; then edit and react to the one, and delete the other, which no older protocol tells."""
    made, writer = site.house.places[place, ""], "operator" if place == "support open" else "host"
    token, path = site.house.token(writer), f"/rooms/{made.room}/messages"
    seqs = []
    for _ in range(2):
        number = next(_numbers)
        said = {"key": f"nougat-{number}", "text": f"nougat {number} ü\n<b>"}
        seqs.append(site.api.call(token, "POST", path, said)["seq"])
    native = site.api.call(token, "GET", f"{path}?after={seqs[0] - 1}")["messages"]
    assert [each["seq"] for each in native] == seqs
    written = Written(native, past_of(site, place, writer)[-2:])
    site.api.call(token, "PATCH", f"{path}/{seqs[0]}", {"text": "nougat, better"})
    site.api.call(token, "PUT", f"{path}/{seqs[0]}/reactions/%F0%9F%91%8D")
    site.api.call(token, "DELETE", f"{path}/{seqs[1]}")
    return written


def past_of(site: Site, place: str, who: str) -> list[Json]:
    """What was written there, as Rooms or Support shows it."""
    if place.startswith("support"):
        with SupportSocket(site.server.url, site.house.token(who)) as socket:
            if who == "operator":
                return socket.history(site.house.people["member"].id)
            return socket.transcript
    if place.startswith("direct"):
        return []
    status, body = site.api.raw(
        site.house.token(who), "GET", f"/messages/{site.house.places[place, ''].room}"
    )
    assert status == 200, body
    got: list[Json] = json.loads(body)
    return got[::-1]


def test_the_history_of_an_older_protocol_is_that_of_native(site: Site) -> None:
    for who in accounts(site):
        for place in WRITTEN[:3]:
            if site.house.places[place, ""].room in site.house.rooms_of(who):
                now = native_past(site, place, who)
                got = past_of(site, place, who)
                assert got == [rooms(each, like) for each, like in zip(now, got, strict=True)], who
        for protocol, key in LINES.items():
            with OLDER[protocol](site.server.url, site.house.token(who)) as socket:
                assert isinstance(socket, LineSocket)
                lines = [line(each, key) for each in native_past(site, "lobby open", who)]
                assert socket.history(len(lines)) == lines, who
                assert drained(socket) == [], who


def test_a_transcript_of_support_is_the_history_of_native(site: Site) -> None:
    for who, person in (("member", "member"), ("operator", "member"), ("guest", "guest")):
        of_guest = "guest" if who == "guest" else ""
        now = native_past(site, "support open", who, of_guest)
        got = past_of(site, "support open", who)
        asked = site.house.people[person].id
        assert got == [support(each, asked, like) for each, like in zip(now, got, strict=True)], who
    with SupportSocket(site.server.url, site.house.token("operator")) as socket:
        assert socket.transcript == []


def native_past(site: Site, place: str, who: str, relation: str = "") -> list[Json]:
    """What was written there, and not deleted, as the native protocol shows it."""
    room = site.house.places[place, relation].room
    page = site.api.call(site.house.token(who), "GET", f"/rooms/{room}/messages?limit=100")
    assert page["first"]
    return [each for each in page["messages"] if "deleted" not in each]


def test_direct_delivers_on_connect_only_what_was_written_to_that_person(site: Site) -> None:
    token = site.house.token("host")
    for who in accounts(site):  # so that nothing else is left to tell
        with OLDER["Direct"](site.server.url, site.house.token(who)) as socket:
            drained(socket)
    room = site.house.places["direct open", ""].room
    said = f"nougat-{next(_numbers)}"
    site.api.call(token, "POST", f"/rooms/{room}/messages", {"key": said, "text": said})
    for who in accounts(site):
        person = site.house.people[who]
        with OLDER["Direct"](site.server.url, person.token) as socket:
            expected = {"from": site.house.people["host"].id, "to": person.id, "content": said}
            assert drained(socket) == ([frame(expected)] if who == "member" else []), who


# What each protocol's description says of a message.


def line(message: Json, key: str) -> str:
    """Of Talker or of Messenger."""
    return frame({key: message["sender"]["name"], "message": text_of(message)})


def direct(message: Json, to: int) -> Json:
    return {"from": message["sender"]["id"], "to": to, "content": text_of(message)}


def rooms(message: Json, like: Json) -> Json:
    """Of Rooms, which numbers messages otherwise and has a finer time."""
    kind = message.get("kind", "message")
    assert milliseconds(like["Timestamp"]) == message["at"]
    ours = {"Type": kind, "ID": like["ID"], "RoomID": message["room"], "UID": message["sender"]["id"]}
    return {**ours, "Text": text_of(message), "Timestamp": like["Timestamp"]}


def support(message: Json, person: int, like: Json) -> Json:
    """Of Support, in the conversation of this person."""
    is_answer = message["sender"]["id"] != person
    return {
        "message_id": like["message_id"],
        "message_text": text_of(message),
        "invader_name": message["sender"]["name"] if is_answer else "",
        "is_from_support": is_answer,
        "created": message["at"] // 1000,
    }


def milliseconds(time: str) -> int:
    """What RFC 3339 says, in UTC, as Unix milliseconds."""
    assert time.endswith("Z")
    return int(datetime.fromisoformat(time).timestamp() * 1000)


def text_of(message: Json) -> str:
    """The text, and the names of the files, for protocols without files."""
    files = [f"{each['name']} (file)" for each in message.get("files", [])]
    return "\n".join([*filter(None, [message.get("text")]), *files])


def frame(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
