"""Whose native sockets are open on this server."""

from collections import defaultdict
from typing import Generic, TypeVar

from chat.domain.entities import Person

SocketT = TypeVar("SocketT")


class Sockets(Generic[SocketT]):
    """The sockets of each person, and those of operators; all of it is sync."""

    def __init__(self) -> None:
        self.operators: set[SocketT] = set()
        self._by_person: defaultdict[int, set[SocketT]] = defaultdict(set)
        self._people: dict[SocketT, int] = {}

    def add(self, person: Person, socket: SocketT) -> None:
        """Count a socket in as the person's, as the person is now."""
        self._people[socket] = person.id
        self._by_person[person.id].add(socket)
        if person.is_operator:
            self.operators.add(socket)
        else:
            self.operators.discard(socket)

    def remove(self, socket: SocketT) -> None:
        """Count a socket out, if it is in."""
        person_id = self._people.pop(socket, None)
        if person_id is not None:
            self.operators.discard(socket)
            self._by_person[person_id].remove(socket)
            if not self._by_person[person_id]:
                del self._by_person[person_id]

    def of(self, *person_ids: int) -> set[SocketT]:
        """Return the sockets of these people."""
        return set[SocketT]().union(*(self._by_person.get(each, ()) for each in person_ids))
