"""Whoever is being looked up while they are changed: the one who looks is told, and looks again."""

from collections.abc import Iterable
from types import TracebackType


class Look:
    """One look at one person or more, for as long as its block lasts. Everybody who comes in takes one."""

    __slots__ = ("_ids", "_looks", "missed")

    def __init__(self, looks: "dict[int, set[Look]]", ids: frozenset[int]) -> None:
        self._looks = looks
        self._ids = ids
        self.missed: set[int] = set()
        """Who of them was changed since the look began."""

    def __enter__(self) -> "Look":
        for person_id in self._ids:
            self._looks.setdefault(person_id, set()).add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for person_id in self._ids:
            looks = self._looks[person_id]
            looks.remove(self)
            if not looks:
                del self._looks[person_id]


class Changes:
    """The looks under way, by person: nothing is kept of those that are over. All of it is sync."""

    def __init__(self) -> None:
        self._looks: dict[int, set[Look]] = {}

    def watched(self, person_ids: Iterable[int]) -> Look:
        """Return a look at these people, to be taken by `with`."""
        return Look(self._looks, frozenset(person_ids))

    def happened(self, person_id: int | None) -> None:
        """A person, or None for anybody, may be another than before, and this is committed."""
        changed = self._looks if person_id is None else (person_id,)
        for each in changed:
            for look in self._looks.get(each, ()):
                look.missed.add(each)
