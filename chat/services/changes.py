"""Whoever is being looked up while they are changed: the one who looks is told, and looks again."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager


class Look:
    """One look at one person or more."""

    def __init__(self) -> None:
        self.missed: set[int] = set()
        """Who of them was changed since the look began."""


class Changes:
    """The looks under way, by person: nothing is kept of those that are over. All of it is sync."""

    def __init__(self) -> None:
        self._looks: dict[int, set[Look]] = {}

    @contextmanager
    def watched(self, person_ids: Iterable[int]) -> Generator[Look]:
        """Watch these people for as long as the block lasts."""
        look, ids = Look(), set(person_ids)
        for person_id in ids:
            self._looks.setdefault(person_id, set()).add(look)
        try:
            yield look
        finally:
            for person_id in ids:
                looks = self._looks[person_id]
                looks.remove(look)
                if not looks:
                    del self._looks[person_id]

    def happened(self, person_id: int | None) -> None:
        """A person, or None for anybody, may be another than before, and this is committed."""
        changed = self._looks if person_id is None else (person_id,)
        for each in changed:
            for look in self._looks.get(each, ()):
                look.missed.add(each)
