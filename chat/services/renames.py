"""Whoever is being looked up while they take another name: the one who looks is told."""

from collections.abc import Generator
from contextlib import contextmanager

from chat.model.entities import Person


class Watch:
    """One look at a person."""

    def __init__(self) -> None:
        self.missed = False
        """Whether the person was renamed since the look began."""


class Renames:
    """The looks under way, by person: nothing is kept of those that are over. All of it is sync."""

    def __init__(self) -> None:
        self._watches: dict[int, set[Watch]] = {}

    @contextmanager
    def watched(self, person_id: int) -> Generator[Watch]:
        """Watch a person's name for as long as the block lasts."""
        watch = Watch()
        watches = self._watches.setdefault(person_id, set())
        watches.add(watch)
        try:
            yield watch
        finally:
            watches.remove(watch)
            if not watches:
                del self._watches[person_id]

    def happened(self, person: Person) -> None:
        """A person has another name now, and this is committed."""
        for watch in self._watches.get(person.id, ()):
            watch.missed = True
