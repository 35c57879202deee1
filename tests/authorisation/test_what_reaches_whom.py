"""What reaches somebody, live, at a sync, in lists and in searches, is what they may read, byte for byte."""

import json
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.authorisation.clients import Live, live
from tests.authorisation.rules import NO_LONGER, RELATIONS
from tests.authorisation.site import Site
from tests.support.people import eventually

WORD = "marzipan"
"""What nobody else writes."""

OF_THE_READER = ("read", "unread", "mentions", "mine", "key", "role", "notify", "hidden", "starred", "peer")
"""Fields of a room or a message that are made for who reads them."""

COUNTS = ("read", "members")
"""Events that are sent on changes: read marks and member counts."""

TYPES = '{{"person": {{"id": {id}, "name": "{name}"}}, "room": {room}, "type": "activity", "what": "typing"}}'
"""The typing notices that others receive; own sockets get none."""


@pytest.fixture
def sockets(site: Site) -> Generator[dict[str, Live]]:
    """A socket after a full sync, for each person who may have one."""
    with ExitStack() as stack:
        opened = {}
        for who in everybody(site):
            opened[who] = stack.enter_context(live(site.server.url, site.house.people[who].token))
            assert opened[who].ask("sync", {})["type"] == "sync_ok"
        yield opened


def everybody(site: Site) -> list[str]:
    """Who has a token that is good."""
    return [who for who in site.house.people if who in RELATIONS and who not in NO_LONGER]


def shared(value: Any) -> str:
    """A room or a message without what is made for who reads it, as bytes."""
    return json.dumps(plain(value), sort_keys=True)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in OF_THE_READER}
    return [plain(each) for each in value] if isinstance(value, list) else value


def room_in(event: dict[str, Any]) -> int | None:
    """The room that an event is about."""
    found: int | None = event.get("id") if event["type"] == "room" else event.get("room")
    return found


def test_a_sync_and_the_room_list_contain_exactly_the_readable_rooms(
    site: Site, sockets: dict[str, Live]
) -> None:
    for who, socket in sockets.items():
        snapshots = {room_in(each): each for each in socket.received if each["type"] == "room"}
        rooms = site.house.rooms_of(who)
        assert snapshots.keys() == rooms.keys(), who
        assert "gone" not in {each["type"] for each in socket.received}
        assert {room_in(each) for each in socket.received} <= rooms.keys(), who
        if who in ("visitor", "guest"):
            continue
        listed = site.api.call(site.house.token(who), "GET", "/rooms?limit=100")["rooms"]
        got = {room_in(each): {k: v for k, v in each.items() if k != "type"} for each in snapshots.values()}
        assert {each["id"]: each for each in listed} == got, who


def test_changes_of_a_room_reach_only_people_who_may_read_it(site: Site, sockets: dict[str, Live]) -> None:
    house = site.house
    for socket in sockets.values():
        socket.received.clear()
    seqs = {room: act_in(site, room, who) for room, who in written_in(site).items()}
    happened: dict[int, dict[str, list[str]]] = {room: {} for room in seqs}
    for who, socket in sockets.items():
        assert socket.ask("ping", {})["type"] == "ping_ok"
        got = [each for each in socket.received if each["type"] not in COUNTS]
        rooms = house.rooms_of(who)
        assert {room_in(each) for each in socket.received} == rooms.keys() & seqs.keys(), who
        for room in rooms.keys() & seqs.keys():
            happened[room][who] = [shared(each) for each in got if room_in(each) == room]
    for room, by_person in happened.items():
        writer = written_in(site)[room]
        by_person.get(writer, []).append(
            TYPES.format(id=house.people[writer].id, name=house.people[writer].name, room=room)
        )
        first, *others = by_person.values()
        assert all(each == first for each in others), (room, by_person)
        events = [json.loads(each) for each in first]
        kinds = ["message", "message", "edited", "reacted", "deleted", "activity"]
        assert [each["type"] for each in events] == kinds
        for who in by_person:
            assert_history_is(site, who, room, seqs[room], events)


def act_in(site: Site, room: int, who: str) -> int:
    """Write two messages, edit and react to the one, delete the other, and type. Return the first one's `seq`."""
    token, path = site.house.token(who), f"/rooms/{room}/messages"
    first = site.api.call(token, "POST", path, {"key": f"{WORD}-1-{room}", "text": f"{WORD} in {room}"})[
        "seq"
    ]
    second = site.api.call(token, "POST", path, {"key": f"{WORD}-2-{room}", "text": "never mind"})["seq"]
    site.api.call(token, "PATCH", f"{path}/{first}", {"text": f"{WORD} in {room}, better"})
    site.api.call(token, "PUT", f"{path}/{first}/reactions/%F0%9F%91%8D")
    site.api.call(token, "DELETE", f"{path}/{second}")
    with live(site.server.url, token or "") as socket:
        assert socket.ask("activity", {"room": room, "what": "typing"})["type"] == "activity_ok"
    seq: int = first
    return seq


def assert_history_is(site: Site, who: str, room: int, seq: int, events: list[dict[str, Any]]) -> None:
    """The message is in history as the events left it."""
    page = site.api.call(site.house.token(who), "GET", f"/rooms/{room}/messages?after={seq - 1}")
    message, second = page["messages"][:2]
    (said,) = (each for each in events if each["type"] == "message" and each["seq"] == seq)
    (edited,) = (each for each in events if each["type"] == "edited")
    (reacted,) = (each for each in events if each["type"] == "reacted")
    (deleted,) = (each for each in events if each["type"] == "deleted")
    reaction = {"emoji": reacted["emoji"], "count": reacted["count"], "people": [reacted["person"]]}
    now = {
        **said,
        "text": edited["text"],
        "edited": edited["at"],
        "reactions": [reaction],
        "pos": reacted["pos"],
    }
    del now["type"]
    assert shared(message) == shared(now), who
    assert second["deleted"] == {"at": deleted["at"], "by": deleted["by"]}
    assert "text" not in second


def test_searches_mentions_and_lists_contain_only_readable_messages(site: Site) -> None:
    house, word = site.house, "persipan"
    names = " ".join(f"@{who}" for who in everybody(site) if who not in ("visitor", "guest"))
    rooms = written_in(site)
    for room, who in rooms.items():
        said = {"key": f"{word}-{room}", "text": f"{word} for {names}"}
        site.api.call(house.token(who), "POST", f"/rooms/{room}/messages", said)
    # What is written is found in the order in which it is written, soon.
    path = f"/api/v1/search?q=last-{word}"
    site.api.call(house.token("host"), "POST", "/rooms/1/messages", {"key": word, "text": f"last-{word}"})
    eventually(lambda: b"last" in site.api.raw(house.token("host"), "GET", path)[1], "it is found")
    for who in everybody(site):
        if who in ("visitor", "guest"):
            continue
        token, expected = house.token(who), rooms.keys() & house.rooms_of(who).keys()
        hits = site.api.call(token, "GET", f"/search?q={word}")["hits"]
        assert {each["message"]["room"] for each in hits} == expected, who
        own = {room for room in expected if rooms[room] != who}
        mentioned = {each["message"]["room"] for each in site.api.call(token, "GET", "/mentions")["hits"]}
        assert mentioned <= own, who
        if who == "bot":  # what people may join is not for it
            continue
        public = site.api.call(token, "GET", "/rooms/public?limit=100")["rooms"]
        joinable = {made.room for (place, _), made in house.places.items() if place == "public open"}
        joinable -= joinable if who == "banned" else house.rooms_of(who).keys()
        assert {each["id"] for each in public} == joinable, who


def written_in(site: Site) -> dict[int, str]:
    """The rooms in which everybody who is in may write, each with somebody who does."""
    places = site.house.places.items()
    return {
        made.room: made.others for (place, _), made in places if place.endswith("open") and not made.is_over
    }
