"""What a room is called where somebody types or reads it: `#roses`, `@ben` for the two of you, `lobby`. Pure."""

from collections.abc import Mapping

from chat.client import Room, RoomInfo


def label(info: RoomInfo) -> str:
    """Return what a room is called. Sync and pure."""
    match info.kind:
        case "lobby":
            return info.name or "lobby"
        case "direct":
            return f"@{info.peer.name if info.peer else info.id}"
        case "support":
            return f"support {info.peer.name if info.peer else info.id}"
    return f"#{info.name or info.id}"


def room_named(rooms: Mapping[int, Room], text: str) -> int | None:
    """Return the id of the room that is called so, in any case, with or without its sign; or that has this id. Sync.

    Args:
        rooms: those that one is in.
        text: as `label` returns it, or the id; a room that is called as another's id has the sign to tell it by.
    """
    wanted = text.strip().casefold()
    names = {number: label(room.info).casefold() for number, room in rooms.items()}
    for called in (names, {number: name.lstrip("#@") for number, name in names.items()}):
        found = [number for number, name in called.items() if name == wanted]
        if found:
            return found[0]
    return next((number for number in rooms if str(number) == wanted), None)
