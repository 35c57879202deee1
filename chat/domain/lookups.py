"""Whoever is being looked up while they are changed: the one who looks is told, and looks again."""

from collections.abc import Iterable
from types import TracebackType


class Lookup:
    """One look-up of one person or more, for as long as its block lasts. Everybody who comes in makes one."""

    __slots__ = ("_ids", "_under_way", "outdated")

    def __init__(self, under_way: "dict[int, set[Lookup]]", ids: frozenset[int]) -> None:
        self._under_way = under_way
        self._ids = ids
        self.outdated: set[int] = set()
        """Who of them was changed since the look-up began."""

    def __enter__(self) -> "Lookup":
        for person_id in self._ids:
            self._under_way.setdefault(person_id, set()).add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for person_id in self._ids:
            lookups = self._under_way[person_id]
            lookups.remove(self)
            if not lookups:
                del self._under_way[person_id]


class Lookups:
    """The look-ups under way, by person: nothing is kept of those that are over. All of it is sync."""

    def __init__(self) -> None:
        self._under_way: dict[int, set[Lookup]] = {}

    def of(self, person_ids: Iterable[int]) -> Lookup:
        """Return a look-up of these people, to be entered by `with`."""
        return Lookup(self._under_way, frozenset(person_ids))

    def changed(self, person_id: int | None) -> None:
        """A person, or None for anybody, may be another than before, and this is committed."""
        changed = self._under_way if person_id is None else (person_id,)
        for each in changed:
            for lookup in self._under_way.get(each, ()):
                lookup.outdated.add(each)
