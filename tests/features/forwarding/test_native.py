"""Forwarding over HTTP: the quote, its files, rights, and repeats."""

from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID, MessageKind, Person, Room, RoomKind
from chat.domain.messages.quoting import quoted
from chat.domain.messages.sync_types import MessageNow
from chat.domain.text.rules import TEXT_LENGTH
from tests.features.files.test_native import PNG, site, upload
from tests.protocols.native.site import Answer, Site

__all__ = ["site"]  # the fixture, with a place for files


class Garden:
    """Ada's private room, of which Ben is a member, with a message of hers; both are in the lobby."""

    def __init__(self, site: Site, room: int, adas: str, ben: tuple[Person, str]) -> None:
        self.site = site
        self.room = room
        self.adas = adas
        self.ben, self.bens = ben
        self._said = 0

    async def say(self, text: str, **fields: Any) -> int:
        path = f"/rooms/{self.room}/messages"
        self._said += 1
        body = {"key": f"k{self._said}", "text": text, **fields}
        said = await self.site.call("POST", path, body, token=self.adas)
        assert said.status == 201, said.body
        seq: int = said["seq"]
        return seq

    async def forward(self, seq: int, key: str = "f", to: int = LOBBY_ID, **fields: Any) -> Answer:
        path = f"/rooms/{self.room}/messages/{seq}/forward"
        return await self.site.call("POST", path, {"to": to, "key": key, **fields}, token=self.bens)

    async def newest(self) -> Any:
        """The newest message of the lobby."""
        return (await self.site.call("GET", "/rooms/1/messages?limit=1", token=self.bens))["messages"][-1]


@pytest.fixture
async def garden(site: Site) -> Garden:
    ada, ben = await site.join("ada"), await site.join("ben")
    room = await site.storage.rooms.create("garden", ada[0].id, is_private=True)
    assert isinstance(room, Room)
    path = f"/rooms/{room.id}/members/{ben[0].id}"
    assert (await site.call("PUT", path, {"role": "member"}, token=ada[1])).status == 200
    return Garden(site, room.id, ada[1], ben)


async def test_a_message_is_quoted_in_another_room_once(garden: Garden) -> None:
    seq = await garden.say("look, @ben:\n\n- roses")
    for status in (200, 200):
        answer = await garden.forward(seq, text=" have a look ")
        assert answer.status == status, answer.body
    said = await garden.newest()
    assert answer.body == {"room": LOBBY_ID, "seq": said["seq"]}
    assert said["seq"] == 1
    assert said["sender"]["name"] == "ben"
    # The private room has no name there, and nobody is mentioned.
    assert said["text"] == "have a look\n\n> look, ben:\n>\n> - roses\n>\n> — ada"
    assert "mentions" not in said
    other = await garden.forward(seq, text="something else")
    assert other.refused[:2] == (409, "conflict")


async def test_its_files_go_with_it_and_stay_when_it_is_deleted(garden: Garden) -> None:
    file = (await upload(garden.site, garden.room, garden.adas, PNG))["id"]
    seq = await garden.say("", files=[file])
    for _ in range(2):
        assert (await garden.forward(seq)).status == 200
    said = await garden.newest()
    assert (said["seq"], said["text"]) == (1, "> — ada")
    (copy,) = said["files"]
    assert (copy["name"], copy["type"]) == ("rose.png", "image/png")
    assert copy["id"] != file
    path = f"/rooms/{garden.room}/messages/{seq}"
    assert (await garden.site.call("DELETE", path, token=garden.adas)).status == 200
    await garden.site.join("eve")
    response = await garden.site.app.test_client(use_cookies=False).get(
        f"/api/v1/files/{copy['id']}", headers={"Authorization": f"Bearer {garden.bens}"}
    )
    assert await response.get_data() == PNG


async def test_who_may_not_read_it_or_not_write_there_forwards_nothing(garden: Garden) -> None:
    seq = await garden.say("secret")
    _, eves = await garden.site.join("eve")
    garden.bens, bens = eves, garden.bens
    assert (await garden.forward(seq)).refused[:2] == (404, "not_found")
    garden.bens = bens
    other = await garden.site.storage.rooms.create("shed", 1, is_private=True)
    assert isinstance(other, Room)
    assert (await garden.forward(seq, to=other.id)).refused[:2] == (404, "not_found")
    assert (await garden.forward(seq, to=99)).refused[:2] == (404, "not_found")
    assert (await garden.forward(99)).refused[:2] == (404, "not_found")
    assert (await garden.forward(1)).refused[:2] == (404, "not_found")  # that Ben has joined is no text
    path = f"/rooms/{garden.room}/messages/{seq}"
    assert (await garden.site.call("DELETE", path, token=garden.adas)).status == 200
    assert (await garden.forward(seq)).refused[:2] == (404, "not_found")
    assert (await garden.site.call("GET", "/rooms/1/messages", token=bens))["messages"] == []


def test_a_long_quote_is_cut_and_a_public_room_is_named() -> None:
    room = Room(id=2, kind=RoomKind.ROOM, name="garden")
    said = MessageNow(
        **{"id": 1, "room_id": 2, "seq": 1, "pos": 1, "changed_pos": 1, "sender_id": 1, "sender_name": "ada"},
        kind=MessageKind.TEXT,
        text="x\n" * (TEXT_LENGTH // 2),
        created_at=0.0,
    )
    text = quoted("look", said, room)
    assert len(text) == TEXT_LENGTH
    assert text.startswith("look\n\n> x\n> x\n")
    assert text.endswith("…\n>\n> — ada, #garden")
    assert "> — ada" in quoted("y" * TEXT_LENGTH, said, room)  # too long, which is refused
