"""Slow mode over HTTP and on the sockets of all protocols that have rooms."""

from chat.application import members
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site


async def a_slow_room(site: Site) -> tuple[int, tuple[Person, str], tuple[Person, str]]:
    """Ada's room, in slow mode, and Ben, who is a member."""
    ada, ben = await site.join("ada"), await site.join("ben")
    room = await site.storage.rooms.create("garden", ada[0].id, is_private=False)
    assert isinstance(room, Room)
    assert (await site.call("PUT", f"/rooms/{room.id}/members/{ben[0].id}", {}, token=ben[1])).status == 200
    assert (await slow(site, room.id, 30, ada[1])).body == {"seconds": 30}
    return room.id, ada, ben


async def slow(site: Site, room: int, seconds: int, token: str) -> Answer:
    return await site.call("PUT", f"/rooms/{room}/slow_mode", {"seconds": seconds}, token=token)


async def say(site: Site, room: int, text: str, token: str) -> Answer:
    body = {"key": text, "text": text}
    return await site.call("POST", f"/rooms/{room}/messages", body, token=token)


async def test_a_call_that_comes_too_early_says_when_to_come_again(site: Site) -> None:
    room, _, (_, bens) = await a_slow_room(site)
    assert (await say(site, room, "one", bens)).status == 201
    refused = await say(site, room, "two", bens)
    assert (refused.status, refused["code"], refused["reason"]) == (429, "too_many", "slow_mode")
    assert refused["error"] == "slow mode: one message in 30 s in this room, wait 30 s"
    assert (refused["retry_ms"], refused.headers["Retry-After"]) == (30_000, "30")
    assert (await say(site, room, "one", bens)).status == 200  # it was sent already
    site.pass_time(30)
    assert (await say(site, room, "two", bens)).status == 201
    body = {"to": room, "key": "f"}
    forwarded = await site.call("POST", f"/rooms/{room}/messages/2/forward", body, token=bens)
    assert (forwarded.status, forwarded["reason"]) == (429, "slow_mode")


async def test_who_moderates_sets_it_within_bounds(site: Site) -> None:
    room, (ada, adas), (ben, bens) = await a_slow_room(site)
    refused = await slow(site, room, 0, bens)
    assert (refused.status, refused["reason"]) == (403, "not_moderator")
    refused = await slow(site, room, 4, adas)
    assert (refused.refused, refused["reason"]) == ((400, "invalid", "seconds"), "slow_mode_too_short")
    for wrong in (-1, 21_601):
        answer = await site.call(
            "PUT", f"/rooms/{room}/slow_mode", {"seconds": wrong}, token=adas, valid=False
        )
        assert answer.refused == (400, "invalid", "seconds")
    direct = (await site.call("PUT", f"/direct/{ben.id}", token=adas))["id"]
    assert (await slow(site, direct, 30, adas)).status == 404
    assert (await slow(site, room, 21_600, adas)).body == {"seconds": 21_600}
    assert (await site.call("GET", f"/rooms/{room}", token=bens))["slow_mode"] == 21_600
    await slow(site, room, 0, adas)
    assert "slow_mode" not in (await site.call("GET", f"/rooms/{room}", token=bens)).body
    assert ada.id != ben.id


async def test_a_change_is_published_and_in_a_resume(site: Site) -> None:
    room, (ada, adas), (ben, _) = await a_slow_room(site)
    bens = Replica(site.world, ben)
    await bens.connect()
    await slow(site, room, 60, adas)
    (event,) = await bens.receives()
    got = {
        "type": "slow_mode",
        "room": room,
        "pos": event["pos"],
        "at": event["at"],
        "seconds": 60,
        "by": ada.id,
    }
    assert event == got
    bens.drop()
    await slow(site, room, 0, adas)
    await bens.connect()
    assert (bens.events[-1]["type"], bens.events[-1].get("seconds", 0)) == ("slow_mode", 0)
    assert bens.resets == []


async def test_each_protocol_with_rooms_says_how_long_to_wait(site: Site) -> None:
    room, (_, adas), (ben, bens) = await a_slow_room(site)
    _, mods = await site.join("mod", moderator=True)
    assert (await slow(site, LOBBY_ID, 30, mods)).status == 200
    text = "slow mode: one message in 30 s in this room, wait 30 s"

    native = await site.world.connect(NATIVE)
    native.send({"type": "hello", "id": 1, "token": site.world.token(ben)})
    await native.receives()
    for nth in (2, 3):
        native.send({"type": "send", "id": nth, "room": room, "key": f"{nth}", "text": "hi"})
    refused = [each for each in await native.receives() if each.get("id") == 3]
    assert [(each["reason"], each["retry_ms"], each["text"]) for each in refused] == [
        ("slow_mode", 30_000, text)
    ]

    for dialect, names in ((TALKER, ("name", "message")), (MESSENGER, ("username", "message"))):
        person, _ = await site.join(dialect.name)
        client = await site.world.connect(dialect, person)
        await client.receives()
        for word in ("one", "two"):
            client.send(dict(zip(names, (person.name, word), strict=True)))
        assert text in str(await client.receives())

    person, _ = await site.join("rose")
    await members.join(site.services, person, room)
    rooms = await site.world.connect(ROOMS, person)
    rooms.send({"Type": "enter", "RoomID": room})
    for word in ("one", "two"):
        rooms.send({"Type": "message", "Text": word})
    assert {"Type": "error", "Error": text} in await rooms.receives()
    assert adas != bens
