"""Changes over HTTP reach the sockets of all protocols, and their messages are readable over HTTP."""

from typing import Any

from chat.application import members
from chat.domain.entities import LOBBY_ID, Person
from chat.protocols.direct.codec import DIRECT
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.site import Site


async def say(site: Site, token: str, room: int, text: str) -> int:
    answer = await site.call(
        "POST", f"/rooms/{room}/messages", {"key": text.encode().hex(), "text": text}, token=token
    )
    assert answer.status == 201, answer.body
    return int(answer["seq"])


async def edit(site: Site, token: str, room: int, seq: int, text: str) -> None:
    answer = await site.call("PATCH", f"/rooms/{room}/messages/{seq}", {"text": text}, token=token)
    assert answer["text"] == text


async def delete(site: Site, token: str, room: int, seq: int) -> None:
    answer = await site.call("DELETE", f"/rooms/{room}/messages/{seq}", token=token)
    assert "deleted" in answer.body


async def texts(site: Site, token: str, room: int) -> list[Any]:
    answer = await site.call("GET", f"/rooms/{room}/messages", token=token)
    return [each.get("text") for each in answer["messages"]]


async def test_talkers_receive_the_lobby_and_read_its_current_history(site: Site) -> None:
    _, token = await site.join("ada")
    ben, _ = await site.join("ben")
    talker = await site.world.connect(TALKER, ben)
    talker.received_now()
    first, second = [await say(site, token, LOBBY_ID, text) for text in ("one", "two")]
    assert await talker.receives() == [{"name": "ada", "message": "one"}, {"name": "ada", "message": "two"}]
    await edit(site, token, LOBBY_ID, first, "ONE")
    await delete(site, token, LOBBY_ID, second)
    assert await talker.receives() == []
    assert await talker.asks({"name": "ben", "message": "history 9"}) == {"name": "ada", "message": "ONE"}
    talker.send({"name": "ben", "message": "three"})
    await site.world.rest()
    assert await texts(site, token, LOBBY_ID) == ["ONE", None, "three"]


async def test_a_direct_message_reaches_an_older_client_also_later(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    room = await site.storage.rooms.direct_room(ada.id, ben.id)
    assert room is not None
    clients = [await site.world.connect(DIRECT, person) for person in (ada, ben)]
    for client in clients:
        client.received_now()
    await say(site, token, room.id, "hello")
    assert await clients[1].receives() == [{"from": ada.id, "to": ben.id, "content": "hello"}]
    assert await clients[0].receives() == []
    for client in clients:
        client.leave()
        await client.ends()
    first, second = [await say(site, token, room.id, text) for text in ("helo", "oops")]
    await edit(site, token, room.id, first, "hello again")
    await delete(site, token, room.id, second)
    late = await site.world.connect(DIRECT, ben)
    assert (await late.receives())[1:] == [{"from": ada.id, "to": ben.id, "content": "hello again"}]
    late.send({"from": ben.id, "to": ada.id, "content": "hi"})
    await site.world.rest()
    assert await texts(site, token, room.id) == ["hello", "hello again", None, "hi"]
    assert await texts(site, bens, room.id) == ["hello", "hello again", None, "hi"]


async def test_a_conversation_reaches_its_person_and_operators(site: Site) -> None:
    ada, token = await site.join("ada")
    olga, olgas = await site.join("olga", operator=True)
    room = await site.storage.rooms.support_room(ada.id)
    assert room is not None

    async def opened(person: Person) -> Any:
        client = await site.world.connect(SUPPORT, person)
        client.received_now()
        return client

    own, desk = await opened(ada), await opened(olga)
    await say(site, token, room.id, "help")
    await say(site, olgas, room.id, "how?")
    received = [[got["result"]["message"] for got in await client.receives()] for client in (own, desk)]
    for messages in received:
        assert [(each["message_text"], each["is_from_support"]) for each in messages] == [
            ("help", False),
            ("how?", True),
        ]
    await edit(site, token, room.id, 1, "help!")
    await delete(site, olgas, room.id, 2)
    assert (await own.receives(), await desk.receives()) == ([], [])
    again = await site.world.connect(SUPPORT, ada)
    (opening,) = again.received_now()
    assert [each["message_text"] for each in opening["result"]["messages"]] == ["help!"]
    own.send({"method": "message.send", "params": ["thanks"], "id": 1})
    await site.world.rest()
    assert await texts(site, olgas, room.id) == ["help!", None, "thanks"]


async def test_a_room_reaches_clients_that_entered_it(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    garden = await site.world.make_room(ada)
    assert await members.join(site.services, ben, garden.id) is None
    inside = await site.world.connect(ROOMS, ben)
    inside.received_now()
    assert await inside.asks({"Type": "enter", "RoomID": garden.id}) == {"Type": "enter"}
    inside.received_now()
    seq = await say(site, token, garden.id, "hello")
    (got,) = await inside.receives()
    assert (got["Type"], got["UID"], got["Text"]) == ("message", ada.id, "hello")
    await edit(site, token, garden.id, seq, "hello!")
    assert await inside.receives() == []
    inside.send({"Type": "message", "Text": "hi"})
    await site.world.rest()
    assert await texts(site, bens, garden.id) == [None, "hello!", "hi"], "the first is Ben's joining"


async def test_native_sockets_get_all_changes_of_their_rooms(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    olga, olgas = await site.join("olga", operator=True)
    garden = await site.world.make_room(ada)
    assert await members.join(site.services, ben, garden.id) is None
    direct = await site.call("PUT", f"/direct/{ben.id}", token=token)
    desk = await site.storage.rooms.support_room(ben.id)
    assert desk is not None
    await say(site, bens, desk.id, "help")
    await say(site, olgas, desk.id, "how?")  # from then on it is Olga's
    clients = []
    for access in (bens, olgas):
        client = await site.world.connect(NATIVE)
        client.send({"type": "hello", "id": 1, "token": access})
        client.send({"type": "sync", "id": 2})
        assert (await client.receives())[-1]["type"] == "sync_ok"
        clients.append(client)
    for room, access, listening in (
        (LOBBY_ID, token, clients),
        (garden.id, token, clients[:1]),
        (direct["id"], token, clients[:1]),
        (desk.id, olgas, clients),
    ):
        seq = await say(site, access, room, f"in {room}")
        await edit(site, access, room, seq, "changed")
        path = f"/rooms/{room}/messages/{seq}/reactions/%F0%9F%91%8D"
        assert (await site.call("PUT", path, token=access)).status == 200
        assert (await site.call("DELETE", path, token=access)).status == 200
        await delete(site, access, room, seq)
        for client in clients:
            received = [(each["type"], each["room"], each["seq"]) for each in await client.receives()]
            kinds = ("message", "edited", "reacted", "reacted", "deleted") if client in listening else ()
            assert received == [(kind, room, seq) for kind in kinds]
    assert olga
