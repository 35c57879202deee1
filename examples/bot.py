"""A bot that answers `!echo …`, once for each message, however often it, its connection or the server is stopped.

    CHAT_TOKEN=… python examples/bot.py https://chat.example positions.json

The token is one for programs: `POST /api/v1/me/sessions`. In the file it keeps how far it is in each room. It answers
all that was said while it was away, however much that is: the client asks for it page by page, as the bot takes it.
"""

import json
import os
import sys
from pathlib import Path

import trio

from chat.client import Chat, Message, NewMessage, Position, RoomSnapshot, open_chat


async def answer(chat: Chat, said: Message) -> None:
    if said.text.startswith("!echo ") and said.sender.id != chat.person_id:
        # By this key it is said once, also where the bot is stopped before it has kept its position.
        key = f"echo-{said.room}-{said.seq}"
        await chat.send(said.room, said.text.removeprefix("!echo "), key=key)


async def answer_history(chat: Chat, room: int, after: int) -> None:
    """Answer what was said after a message, where the server's log does not know the bot's position any more."""
    is_read = False
    while not is_read:
        page = await chat.history(room, after=after, limit=100)
        for said in page.messages:
            await answer(chat, said)
            after = said.seq
        is_read = page.last


def load(kept: Path) -> dict[int, Position]:
    known = json.loads(kept.read_text()) if kept.exists() else {}
    return {int(room): Position(*position) for room, position in known.items()}


def save(kept: Path, positions: dict[int, Position]) -> None:
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(positions))
    part.replace(kept)  # the old ones or the new ones, wherever the bot is stopped


async def main(url: str, kept: Path) -> None:
    async with open_chat(url, token=os.environ["CHAT_TOKEN"], positions=load(kept)) as chat:
        async for event in chat.events():
            match event:
                case NewMessage():
                    await answer(chat, event)
                case RoomSnapshot(reset=str(reason), after=int(after)):
                    print(f"room {event.id}: going on after message {after} ({reason})")
                    await answer_history(chat, event.id, after)
            save(kept, chat.positions)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], Path(sys.argv[2]))
