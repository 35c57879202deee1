"""The names of those whom one has met: in rooms, in messages, and in what was asked. Pure."""

from collections.abc import Mapping

from chat.client import Room


class People:
    """Names by the ids of people.

    Args:
        rooms: those that one is in, as the client has them.
    """

    def __init__(self, rooms: Mapping[int, Room]) -> None:
        self._rooms = rooms
        self._names: dict[int, str] = {}

    def meet(self, person: int, name: str) -> None:
        """Note somebody's name. Sync."""
        self._names[person] = name

    def called(self, name: str, here: Room | None) -> int | None:
        """Return who of those that were met is called so, in any case. Sync."""
        wanted = name.strip().removeprefix("@").casefold()
        return next((number for number, each in self.names(here).items() if each.casefold() == wanted), None)

    def addressed(self, line: str, here: Room | None) -> tuple[int, str] | None:
        """Return whom a line begins with, in any case, and what comes after their name. Sync.

        Names may have spaces in them: the longest one that fits counts.
        """
        line = line.strip().removeprefix("@")
        found = [
            (len(name), number)
            for number, name in self.names(here).items()
            if line.casefold().startswith(name.casefold()) and not line[len(name) : len(name) + 1].strip()
        ]
        if not found:
            return None
        length, number = max(found)
        return number, line[length:].strip()

    def names(self, here: Room | None) -> Mapping[int, str]:
        """Return the names of all, also of those who have said something in the room that is read. Sync."""
        for room in self._rooms.values():
            if room.info.peer is not None:
                self.meet(room.info.peer.id, room.info.peer.name)
            if room.info.last is not None:
                self.meet(room.info.last.sender.id, room.info.last.sender.name)
        for message in here.messages.values() if here is not None else ():
            self.meet(message.sender.id, message.sender.name)
        return self._names
