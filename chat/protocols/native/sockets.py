"""Whose native sockets are open on this server."""

from typing import Generic, TypeVar

from chat.domain.entities import Person

SocketT = TypeVar("SocketT")

MOST_SOCKETS = 20
"""Of one person on a server; only those of this protocol count."""


class Sockets(Generic[SocketT]):
    """The sockets of each person, and those of operators; all of it is sync."""

    def __init__(self) -> None:
        self.operators: set[SocketT] = set()
        # Most people have one, and a set of one takes four times the memory of a tuple.
        self._by_person: dict[int, tuple[SocketT, ...]] = {}
        self._people: dict[SocketT, int] = {}

    def __len__(self) -> int:
        return len(self._people)

    def add(self, person: Person, socket: SocketT) -> None:
        """Count a socket in as the person's, as the person is now."""
        if socket not in self._people:
            self._people[socket] = person.id
            self._by_person[person.id] = (*self._by_person.get(person.id, ()), socket)
        if person.is_operator:
            self.operators.add(socket)
        else:
            self.operators.discard(socket)

    def remove(self, socket: SocketT) -> None:
        """Count a socket out, if it is in."""
        person_id = self._people.pop(socket, None)
        if person_id is not None:
            self.operators.discard(socket)
            others = tuple(each for each in self._by_person.pop(person_id) if each is not socket)
            if others:
                self._by_person[person_id] = others

    def of(self, *person_ids: int) -> set[SocketT]:
        """Return the sockets of these people."""
        return set[SocketT]().union(*(self._by_person.get(each, ()) for each in person_ids))
