"""Clients that had more than a restored backup has: what they are told, and what they keep apart."""

import json
from typing import Any

import pytest
import trio
import trio.testing
from trio_websocket import open_websocket_url

from chat.client import Chat, Connected, Position, Refused, Restored, RoomSnapshot, open_chat
from tests.backup.conftest import LOBBY, register
from tests.backup.restorable import Restorable, open_restorable
from tests.client.people import next_event


async def until_connected(chat: Chat) -> tuple[list[RoomSnapshot], list[Restored]]:
    """Return the rooms that were reset, and what was said of a restore, until the client is connected again."""
    reset: list[RoomSnapshot] = []
    restores: list[Restored] = []
    async for event in chat.events():
        match event:
            case RoomSnapshot(reset=str()):
                reset.append(event)
            case Restored():
                restores.append(event)
            case Connected():
                return reset, restores
    raise AssertionError("events never end")


async def taken(chat: Chat, room: int, text: str) -> None:
    """Take events until the program is at or after this message, which is the room's last."""
    while True:
        info = chat.rooms[room].info if room in chat.rooms else None
        is_there = info is not None and info.last is not None and info.last.text == text
        if is_there and info is not None and chat.positions.get(room) == (info.pos, info.at):
            return
        await next_event(chat)


def position(chat: Chat, room: int) -> Position:
    info = chat.rooms[room].info
    return Position(info.pos, info.at)


def texts_of(restored: Restored) -> list[str]:
    return [message.text for message in restored.lost]


async def raw(url: str, token: str, known: dict[int, Position]) -> list[dict[str, Any]]:
    """Say hello and sync; return all frames."""
    frames: list[dict[str, Any]] = []
    positions = [{"room": room, "pos": at.pos, "at": at.at} for room, at in known.items()]
    async with open_websocket_url(f"{url.replace('http', 'ws')}/api/v1/socket") as socket:
        await socket.send_message(json.dumps({"type": "hello", "id": 1, "token": token}))
        await socket.send_message(json.dumps({"type": "sync", "id": 2, "known": positions}))
        while not frames or frames[-1]["type"] != "sync_ok":
            frames.append(json.loads(await socket.get_message()))
    return frames


async def test_clients_are_told_what_a_restore_has_lost_and_mix_nothing() -> None:
    with open_restorable() as restorable:
        await lose_and_come_back(restorable)


async def lose_and_come_back(restorable: Restorable) -> None:
    url = restorable.url
    ada_token, ben_token = (register(restorable.server, name) for name in ("ada", "ben"))
    with trio.fail_after(60):
        async with open_chat(url, token=ada_token) as ada, open_chat(url, token=ben_token) as ben:
            plans = (await ada.http.create_room("plans")).id
            await ben.http.join(plans)
            await ada.send(LOBBY, "kept")
            await ada.send(plans, "kept too")
            await taken(ben, plans, "kept too")
            await taken(ben, LOBBY, "kept")
            before = {room: position(ben, room) for room in (LOBBY, plans)}
            await trio.to_thread.run_sync(restorable.back_up)

            for n in range(2):
                await ada.send(LOBBY, f"lost {n}")
            seen = await ben.send(plans, "lost of ben")
            later = (await ada.http.create_room("later")).id
            await ada.send(later, "lost with its room")
            await taken(ada, plans, "lost of ben")
            await taken(ada, later, "lost with its room")
            known = dict(ada.positions)
            deleting = trio.Event()

            async def delete_later() -> None:
                """The request waits for a connection, and must not reach another message."""
                with pytest.raises(Refused, match="restored from a backup"):
                    await ada.delete(plans, seen.seq)
                deleting.set()

            async with trio.open_nursery() as nursery:
                await trio.to_thread.run_sync(restorable.server.stop)
                while ada._connector.connection is not None:  # noqa: ASYNC110 - the client notices by itself
                    await trio.sleep(0.01)
                nursery.start_soon(delete_later)
                await trio.testing.wait_all_tasks_blocked()
                await trio.to_thread.run_sync(restorable.restore)
                ada.reconnect_now()
                reset, (restored,) = await until_connected(ada)
                await deleting.wait()
            assert {(room.id, room.reset) for room in reset} == {
                (LOBBY, "other_history"),
                (plans, "other_history"),
            }
            assert texts_of(restored) == ["lost 0", "lost 1", "lost of ben", "lost with its room"]
            assert restored.until is not None
            assert restored.at is not None
            assert restored.until < restored.lost[0].at < restored.at
            own = [message for message in restored.lost if message.sender.id == ada.person_id]
            assert len(own) == 3

            frames = await raw(url, ben_token, known)
            hello = frames[0]
            assert hello["restored"] == {"at": restored.at, "until": restored.until}
            lobby = next(frame for frame in frames if frame["type"] == "room" and frame["id"] == LOBBY)
            assert (lobby["reset"], lobby["last"]["text"], lobby["after"]) == (
                "other_history",
                "kept",
                lobby["seq"],
            )
            assert {frame["room"] for frame in frames if frame["type"] == "gone"} == {later}

            async with open_chat(url, token=ben_token, positions=before) as never_past:
                assert await until_connected(never_past) == ([], [])
                await never_past.send(plans, "in the place of a lost one")
            for message in own[:2]:
                await ada.send(message.room, message.text)
            history = await ada.history(LOBBY)
            assert [message.text for message in history.messages][-3:] == ["kept", "lost 0", "lost 1"]
            await taken(ada, plans, "in the place of a lost one")
            await taken(ada, LOBBY, "lost 1")

            await trio.to_thread.run_sync(restorable.restore)
            ada.reconnect_now()
            _, (second,) = await until_connected(ada)
            assert second.until == restored.until
            assert second.at is not None
            assert second.at > restored.at
            assert texts_of(second) == ["lost 0", "lost 1", "in the place of a lost one"]
