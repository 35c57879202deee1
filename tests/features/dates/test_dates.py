"""The first message since a time; each test of a storage runs in memory and on PostgreSQL."""

import pytest

from chat.domain.entities import LOBBY_ID, Draft, Person, Room
from chat.domain.messages.changes import Deletion
from chat.domain.messages.dates import DATES
from chat.domain.ports import NewPerson, Storage
from tests.protocols.native.site import Site

TIMES = (100.0, 100.0, 250.5, 400.0, 400.25, 900.0, 1000.0)


@pytest.mark.parametrize(
    ("time", "seq"),
    [
        (0.0, 1),
        (100.0, 1),
        (100.5, 3),
        (250.5, 3),
        (251.0, 4),
        (400.1, 5),
        (901.0, 7),
        (1000.0, 7),
        (1000.5, None),
    ],
)
async def test_the_first_message_since_a_time_is_found(
    storage: Storage, time: float, seq: int | None
) -> None:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    room = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, ada.id, "ada", "hello", at) for at in TIMES])
    await storage.messages.save([Deletion(room.id, 4, ada.id, 1100.0)])  # its place stays
    dates = storage.feature_ports[DATES]
    assert await dates.first_since(room.id, time) == seq
    assert await dates.first_since(LOBBY_ID, time) is None
    assert await dates.first_since(99, time) is None


async def test_who_may_read_the_room_asks(site: Site) -> None:
    _, token = await site.join("ada")
    said = await site.call("POST", "/rooms/1/messages", {"key": "k", "text": "hello"}, token=token)
    at = said["at"]
    for time, body in ((0, {"seq": 1}), (at, {"seq": 1}), (at + 1, {})):
        answer = await site.call("GET", f"/rooms/1/first?time={time}", token=token)
        assert (answer.status, answer.body) == (200, body)
    assert (await site.call("GET", "/rooms/99/first?time=0", token=token)).status == 404
    assert (await site.call("GET", "/rooms/1/first", token=token, valid=False)).refused[:2] == (
        400,
        "invalid",
    )
