"""The registry of this server's native sockets, by person."""

from collections.abc import Iterator, KeysView
from typing import Generic, TypeVar

from chat.domain.entities import Person

SocketT = TypeVar("SocketT")

MOST_SOCKETS = 20
"""The most native sockets of one person on a server."""


class Sockets(Generic[SocketT]):
    """The sockets of each person, and those of operators, in the order of their connecting. Sync."""

    def __init__(self) -> None:
        self._operators: dict[SocketT, None] = {}
        # Most people have one socket, and a set of one takes four times the memory of a tuple.
        self._by_person: dict[int, tuple[SocketT, ...]] = {}
        self._people: dict[SocketT, int] = {}

    def __len__(self) -> int:
        return len(self._people)

    def __iter__(self) -> Iterator[SocketT]:
        """Iterate over all of them; the caller must not await in between."""
        return iter(self._people)

    @property
    def operators(self) -> KeysView[SocketT]:
        """The sockets of operators."""
        return self._operators.keys()

    def add(self, person: Person, socket: SocketT) -> None:
        """Add a socket of the person, or update whether it is an operator's."""
        if socket not in self._people:
            self._people[socket] = person.id
            self._by_person[person.id] = (*self._by_person.get(person.id, ()), socket)
        if person.is_operator:
            self._operators[socket] = None
        else:
            self._operators.pop(socket, None)

    def remove(self, socket: SocketT) -> None:
        """Remove a socket if it is registered."""
        person_id = self._people.pop(socket, None)
        if person_id is not None:
            self._operators.pop(socket, None)
            others = tuple(each for each in self._by_person.pop(person_id) if each is not socket)
            if others:
                self._by_person[person_id] = others

    def of(self, *person_ids: int) -> KeysView[SocketT]:
        """Return the sockets of these people, each once."""
        return {socket: None for each in person_ids for socket in self._by_person.get(each, ())}.keys()
