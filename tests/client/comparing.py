"""Rooms as a client has them, in the shape of the wire, so that they can be compared with the model's."""

from typing import Any

import msgspec

from chat.client.room import Room
from tests.client.model import Json


def info_of(room: Room) -> Json:
    """What a client knows of a room, as a snapshot has it."""
    return plain(msgspec.to_builtins(room.info))


def messages_of(room: Room) -> list[Json]:
    """The messages that a client holds."""
    return [plain(msgspec.to_builtins(message)) for message in room.messages.values()]


def plain(value: Json) -> Json:
    """A room or a message without what differs by its way: `key` is in what was made for one reader alone.

    Nor does it matter in which order the reactions stand.
    """
    fields: dict[str, Any] = {name: each for name, each in value.items() if name != "key"}
    if fields.get("last"):
        fields["last"] = plain(fields["last"])
    if "reactions" in fields:
        fields["reactions"] = sorted(
            ({**each, "people": sorted(each["people"])} for each in fields["reactions"]),
            key=lambda each: str(each["emoji"]),
        )
    if fields.get("role") == "member":  # which is left out on the wire
        del fields["role"]
    if isinstance(fields.get("mentions"), tuple):
        fields["mentions"] = list(fields["mentions"])
    if "sender" in fields:
        fields["sender"] = dict(fields["sender"])
    return fields
