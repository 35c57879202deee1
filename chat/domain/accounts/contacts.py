"""The storage port of contacts: finding people, changed profiles, and blocks.

Both implementations pass one contract suite, with the rules of `ports`. People are returned with public fields only.
"""

from collections.abc import Collection
from typing import Protocol

import msgspec

from chat.domain.entities import Person


class BlocksNow(msgspec.Struct, frozen=True):
    """The ids of the people whom somebody blocks, and when that changed last (Unix seconds)."""

    at: float
    people: tuple[int, ...]


class Contacts(Protocol):
    """Other people, as one person sees them, without deleted ones. Cancelling: a write is complete, or not begun."""

    async def find(self, part: str, after: str, limit: int) -> list[Person]:
        """Return people with `part` in their names, in any case, by name, after the name `after`."""
        ...

    async def changed_since(self, person_id: int, since: float, limit: int) -> list[Person]:
        """Return people whom the person meets and whose profiles changed after `since`, last changed first.

        Those are the person, the people of their rooms, direct rooms and support conversations, and, for operators,
        everybody; the lobby does not count. `since` is in Unix seconds, by the storage's clock.
        """
        ...

    async def block(self, person_id: int, other_id: int) -> bool:
        """Block another person, who may be blocked already. False: no such person."""
        ...

    async def unblock(self, person_id: int, other_id: int) -> None:
        """Unblock another person, if they are blocked."""
        ...

    async def blocked(self, person_id: int, after: str, limit: int) -> list[Person]:
        """Return the people whom the person blocks, by name, after the name `after`."""
        ...

    async def blocked_ids(self, person_id: int) -> frozenset[int]:
        """Return the ids of the people whom the person blocks."""
        ...

    async def blocks_since(self, person_ids: Collection[int], since: float) -> dict[int, BlocksNow]:
        """Return the blocks of those of these people whose blocks changed after `since`, by person.

        `since` is in Unix seconds, by the storage's clock.
        """
        ...
