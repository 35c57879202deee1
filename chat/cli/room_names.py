"""Labels of rooms in the terminal: `#roses`, `@ben` for the direct room with ben, `lobby`. Pure."""

from collections.abc import Mapping

from chat.client import Room, RoomInfo


def label(info: RoomInfo) -> str:
    """Return the label of a room. Sync and pure."""
    match info.kind:
        case "lobby":
            return info.name or "lobby"
        case "direct":
            return f"@{info.peer.name if info.peer else info.id}"
        case "support":
            return f"support {info.peer.name if info.peer else info.id}"
    return f"#{info.name or info.id}"


def room_named(rooms: Mapping[int, Room], text: str) -> int | None:
    """Return the id of the room with this label, or with this id; None if there is none. Sync.

    Args:
        rooms: the rooms of the client.
        text: a label, ignoring case, with or without its sign; or an id. A label wins over an id.
    """
    wanted = text.strip().casefold()
    names = {number: label(room.info).casefold() for number, room in rooms.items()}
    for labels in (names, {number: name.lstrip("#@") for number, name in names.items()}):
        found = [number for number, name in labels.items() if name == wanted]
        if found:
            return found[0]
    return next((number for number in rooms if str(number) == wanted), None)
