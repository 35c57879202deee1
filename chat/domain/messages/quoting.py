"""The quote of a message in a text of another one. All of it is sync and pure."""

import re

from chat.domain.entities import Room, RoomKind
from chat.domain.messages.sync_types import MessageNow
from chat.domain.text.rules import TEXT_LENGTH

_MENTION = re.compile(r"(?<![\w@])@(?=\w)")


def quoted(text: str, said: MessageNow, room: Room, after: str = "") -> str:
    """Return `text`, the quote of a message, who wrote it and in which room, and `after` it a text.

    A quote that is too long ends with "…". The name of a private room is left out, and a mention in the quote mentions
    nobody.
    """
    is_open = room.kind is RoomKind.LOBBY or (room.kind is RoomKind.ROOM and not room.is_private)
    source = f"— {said.sender_name}, #{room.name}" if is_open and room.name else f"— {said.sender_name}"
    before = f"{text.strip()}\n\n" if text.strip() else ""
    after = f"\n\n{after}" if after else ""
    lines = [f"> {line}".rstrip() for line in _MENTION.sub("", said.text).splitlines()]
    quote = "\n".join(lines)
    room_left = TEXT_LENGTH - len(before) - len(source) - len(after) - len("\n>\n> ")
    if len(quote) > room_left:
        quote = f"{quote[: max(room_left - 1, 0)]}…"
    return f"{before}{quote}\n>\n> {source}{after}" if quote else f"{before}> {source}{after}"
