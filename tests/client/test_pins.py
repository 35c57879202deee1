"""Pinned messages as a program sees them, on a real server."""

import pytest
import trio

from chat.client import Chat, Pinned, Refused, RoomSnapshot, open_chat
from tests.client.people import next_event
from tests.support.watched_server import open_watched


async def next_pin(chat: Chat) -> Pinned:
    event = await next_event(chat, Pinned)
    assert isinstance(event, Pinned)
    return event


async def test_a_pin_is_seen_by_everybody_and_by_who_comes_back() -> None:
    async with open_watched() as watched:
        ada_token, ben_token = await watched.token("ada"), await watched.token("ben")
        async with open_chat(watched.url, token=ada_token) as ada:
            async with open_chat(watched.url, token=ben_token) as ben:
                garden = (await ada.http.create_room("garden")).id
                await ada.http.add_member(garden, ben.person_id)
                await next_event(ben, RoomSnapshot)
                await next_event(ben, RoomSnapshot)
                first, second = await ada.send(garden, "roses"), await ada.send(garden, "tulips")
                assert await ada.pin(garden, first.seq) == 1
                assert await ada.pin(garden, second.seq) == 2
                assert await ada.pin(garden, second.seq) == 2
                pinned = [await next_pin(ben), await next_pin(ben)]
                assert [(each.room, each.seq, each.on, each.by) for each in pinned] == [
                    (garden, first.seq, True, ada.person_id),
                    (garden, second.seq, True, ada.person_id),
                ]
                pins = await ben.pins(garden)
                assert [(each.message.text, each.by and each.by.name) for each in pins] == [
                    ("tulips", "ada"),
                    ("roses", "ada"),
                ]
                positions = ben.positions
            assert await ada.unpin(garden, first.seq) == 1
            async with open_chat(watched.url, token=ben_token, positions=positions) as ben:
                event = await next_pin(ben)
                assert (event.seq, event.on) == (first.seq, False)


async def test_who_may_not_pin_learns_why() -> None:
    async with open_watched() as watched:
        ada_token, ben_token = await watched.token("ada"), await watched.token("ben")
        async with (
            open_chat(watched.url, token=ada_token) as ada,
            open_chat(watched.url, token=ben_token) as ben,
        ):
            garden = (await ada.http.create_room("garden")).id
            await ben.http.join(garden)
            sent = await ada.send(garden, "roses")
            with pytest.raises(Refused) as refused, trio.fail_after(10):
                await ben.pin(garden, sent.seq)
            assert refused.value.code == "forbidden"
            assert refused.value.reason is not None
            with pytest.raises(Refused, match="not_found"), trio.fail_after(10):
                await ada.pin(garden, 99)


async def test_one_pin_too_many_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.features.pins.changes.MOST_PINS", 1)
    async with open_watched() as watched, open_chat(watched.url, token=await watched.token("ada")) as ada:
        garden = (await ada.http.create_room("garden")).id
        first, second = await ada.send(garden, "roses"), await ada.send(garden, "tulips")
        await ada.pin(garden, first.seq)
        with pytest.raises(Refused) as refused, trio.fail_after(10):
            await ada.pin(garden, second.seq)
        assert (refused.value.code, refused.value.reason) == ("too_many", "too_many_pins")
