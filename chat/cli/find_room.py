"""Finds the room that an argument of a command names."""

import re
from typing import TYPE_CHECKING

from chat.domain.text.rules import same_name_key

if TYPE_CHECKING:
    from chat.domain.ports import Storage

_PAGE = 100
_ROOM_ID = re.compile("#?([0-9]{1,15})")


async def find_room(storage: "Storage", name: str) -> int | None:
    """Return the id of the lobby or a room that people made, by its name, or of any room by its id."""
    key, after = same_name_key(name), 0
    while page := await storage.rooms.summaries(name, after, _PAGE):
        for each in page:
            if same_name_key(each.name) == key:
                return each.id
        after = page[-1].id
    match = _ROOM_ID.fullmatch(name)
    return int(match[1]) if match else None
