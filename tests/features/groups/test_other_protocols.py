"""Groups in the older protocols: a plain private room, with a name made of names."""

from chat.protocols.rooms.codec import ROOMS
from tests.protocols.native.site import Site


async def test_a_group_is_a_private_room_of_its_people(site: Site) -> None:
    (ada, adas), (ben, _), (cleo, _) = [await site.join(name) for name in ("ada", "ben", "cleo")]
    dan, _ = await site.join("dan")
    room = (await site.call("PUT", "/direct", {"people": [ben.id, cleo.id]}, token=adas))["id"]
    inside, outside = [await site.world.connect(ROOMS, person) for person in (ben, dan)]
    for socket in (inside, outside):
        socket.received_now()
    assert await inside.asks({"Type": "enter", "RoomID": room}) == {"Type": "enter"}
    inside.received_now()
    assert (await outside.asks({"Type": "enter", "RoomID": room}))["Type"] == "error"
    await site.call("POST", f"/rooms/{room}/messages", {"key": "k", "text": "hello"}, token=adas)
    (got,) = await inside.receives()
    assert (got["UID"], got["Text"]) == (ada.id, "hello")
    assert await site.services.rooms.of(ben, 1) == [1, room]
    seen = await site.services.rooms.see(ben, room)
    assert seen.name == "ada, ben, cleo"
