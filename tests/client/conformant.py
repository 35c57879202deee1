"""`chat.client` as a program that docs/protocols/conformance.md describes."""

import json
import os
import sys
from typing import Any

import trio

from chat.client import (
    Chat,
    MessageDeleted,
    MessageEdited,
    NewMessage,
    Position,
    Refused,
    RoomGone,
    RoomSnapshot,
    open_chat,
)

CHANGES = {NewMessage: "message", MessageEdited: "edited", MessageDeleted: "deleted"}


def report(**line: Any) -> None:
    print(json.dumps(line), flush=True)


async def follow(chat: Chat) -> None:
    async for event in chat.events():
        match event:
            case RoomSnapshot(id=room, pos=pos, reset=reset):
                report(event="room", room=room, pos=pos, reset=reset)
            case RoomGone(room=room):
                report(event="gone", room=room)
            case (
                NewMessage(room=room, pos=pos)
                | MessageEdited(room=room, pos=pos)
                | MessageDeleted(room=room, pos=pos)
            ):
                report(event=CHANGES[type(event)], room=room, pos=pos)


async def send(chat: Chat, room: int, key: str, text: str) -> None:
    try:
        sent = await chat.send(room, text, key=key)
        report(sent=key, seq=sent.seq)
    except Refused as refused:
        report(refused=key, code=refused.code)


def state(chat: Chat) -> list[dict[str, Any]]:
    return [
        {
            "room": number,
            "pos": room.info.pos,
            "seq": room.info.seq,
            "texts": {str(each.seq): each.text for each in room.messages.values()},
        }
        for number, room in chat.rooms.items()
    ]


async def main() -> None:
    stored = json.loads(os.environ["CONFORMANCE_POSITIONS"])
    positions = {int(room): Position(*each) for room, each in stored.items()}
    lines = trio.wrap_file(sys.stdin)
    async with (
        open_chat(
            os.environ["CONFORMANCE_SERVER"], token=os.environ["CONFORMANCE_TOKEN"], positions=positions
        ) as chat,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(follow, chat)
        async for line in lines:
            match json.loads(line):
                case {"do": "send", "room": room, "key": key, "text": text}:
                    nursery.start_soon(send, chat, room, key, text)
                case {"do": "state"}:
                    report(state=state(chat))
        nursery.cancel_scope.cancel()


trio.run(main)
