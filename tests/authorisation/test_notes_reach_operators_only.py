"""Private notes at the far end: nobody but operators gets one, and they over one operation alone."""

from contextlib import ExitStack
from typing import Any

import msgspec

from chat.operations.operation import Operation
from chat.protocols.native.operations import OPERATIONS
from tests.authorisation.clients import V1, Live, live
from tests.authorisation.older_sockets import OLDER, OlderSocket, SupportSocket
from tests.authorisation.rules import NO_LONGER, RELATIONS
from tests.authorisation.site import Site
from tests.support.campaign import in_campaign
from tests.support.people import eventually

WORD = "quincenote"
"""What stands in the notes, and nowhere else."""

OF_ROOMS = ("/rooms", "/room/{room}", "/messages/{room}", "/profile", "/users")
"""What the protocol Rooms, and the links of the page, give."""


def test_no_socket_of_any_protocol_gets_a_note(site: Site) -> None:
    people = [who for who in site.house.people if who in RELATIONS and who not in NO_LONGER]
    room = site.house.places["support open", ""].room
    with ExitStack() as stack:
        native = {
            who: stack.enter_context(live(site.server.url, site.house.people[who].token)) for who in people
        }
        for socket in native.values():
            assert socket.ask("sync", {})["type"] == "sync_ok"
        older = {
            (protocol, who): stack.enter_context(OLDER[protocol](site.server.url, site.house.token(who)))
            for protocol in OLDER
            for who in people
            if may_connect(protocol, who)
        }
        for each in older.values():
            drained(each)
        write_notes(site)
        sees = events_after(native)
        assert {who for who, events in sees.items() if {"type": "notes", "room": room} in events} == {
            "operator"
        }
        assert WORD not in str(sees)
        heard = {asked: drained(each) for asked, each in older.items()}
        assert WORD not in str(heard)
        own, desk = [
            stack.enter_context(SupportSocket(site.server.url, site.house.token(who)))
            for who in ("member", "operator")
        ]
        assert WORD not in str([own.transcript, desk.history(site.house.people["member"].id)])


@in_campaign
def test_no_answer_but_that_of_notes_has_a_note(site: Site) -> None:
    write_notes(site)
    rooms = {place: site.house.places[place, ""].room for place in ("support open", "support closed")}
    for who in ("guest", "member", "outsider", "admin", "operator"):
        token, read = site.house.token(who), 0
        for room in rooms.values():
            for path in [*paths(site, room), *(each.format(room=room) for each in OF_ROOMS)]:
                status, body = site.api.raw(token, "GET", path)
                is_theirs = who == "operator" and path.startswith(f"{V1}/support/{room}/notes")
                assert (WORD.encode() in body) == is_theirs, (who, path, status)
                read += status == 200
        assert read >= 8, who
    # Searches find behind the log: once they find what was written later, they would have found a note.
    token, room = site.house.token("operator"), rooms["support open"]
    fence = "lateralus"
    site.api.call(token, "POST", f"/rooms/{room}/messages", {"key": fence, "text": fence})
    eventually(lambda: site.api.call(token, "GET", f"/search?q={fence}")["hits"], "the message is found")
    assert site.api.call(token, "GET", f"/search?q={WORD}")["hits"] == []


def write_notes(site: Site) -> None:
    for place in ("support open", "support closed"):
        path = f"/support/{site.house.places[place, ''].room}/notes"
        note = site.api.call(site.house.token("operator"), "POST", path, {"text": f"{WORD} in {place}"})
        assert note["by"]["name"] == site.house.people["operator"].name


def may_connect(protocol: str, who: str) -> bool:
    """Visitors have the protocol Support alone; who has no conversation would begin one by coming."""
    if protocol == "Support":
        return who in ("member", "guest", "operator")
    return who not in ("visitor", "guest", "bot")


def drained(socket: OlderSocket) -> list[str]:
    """What a socket has heard since."""
    assert hasattr(socket, "drain")
    found: list[str] = socket.drain()
    return found


def events_after(sockets: dict[str, Live]) -> dict[str, list[dict[str, Any]]]:
    """What each native socket has received before it answers once more."""
    for socket in sockets.values():
        assert socket.ask("sync", {})["type"] == "sync_ok"
    return {who: socket.received for who, socket in sockets.items()}


def paths(site: Site, room: int) -> list[str]:
    """What one can read over HTTP about a room, and without one."""
    return [V1 + path for each in OPERATIONS if each.method == "GET" and (path := _path(each, room))]


def _path(operation: Operation, room: int) -> str:
    if operation.takes_bytes or operation.gives_bytes or operation.name == "search":
        return ""
    path = (operation.path or "").replace("{room}", str(room)).replace("{seq}", "1")
    fields = {each.name for each in msgspec.structs.fields(operation.request)} if operation.request else set()
    query = f"?room={room}" if "room" in fields and "{room}" not in (operation.path or "") else ""
    return "" if "{" in path else path + query
