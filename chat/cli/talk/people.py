"""The names of people that the client has seen: in rooms, messages and member lists. Pure."""

from collections.abc import Mapping

from chat.client import Room


class People:
    """Names by the ids of people.

    Args:
        rooms: the rooms of the client.
    """

    def __init__(self, rooms: Mapping[int, Room]) -> None:
        self._rooms = rooms
        self._names: dict[int, str] = {}

    def add(self, person: int, name: str) -> None:
        """Remember the name of a person. Sync."""
        self._names[person] = name

    def find(self, name: str, here: Room | None) -> int | None:
        """Return the id of the person with this name, ignoring case. Sync."""
        wanted = name.strip().removeprefix("@").casefold()
        return next((number for number, each in self.names(here).items() if each.casefold() == wanted), None)

    def split_recipient(self, line: str, here: Room | None) -> tuple[int, str] | None:
        """Split a line into the person whose name it begins with, ignoring case, and the rest. Sync.

        Names may contain spaces: the longest matching name counts.
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
        """Return the names by id, including the senders in the open room `here`. Sync."""
        for room in self._rooms.values():
            if room.info.peer is not None:
                self.add(room.info.peer.id, room.info.peer.name)
            if room.info.last is not None:
                self.add(room.info.last.sender.id, room.info.last.sender.name)
        for message in here.messages.values() if here is not None else ():
            self.add(message.sender.id, message.sender.name)
        return self._names
