"""What is asked of a storage about other people: who there is, whose profile has changed, and whom one blocks.

Both implementations pass one contract suite, and keep what `ports` says. Of people is told what everybody may know.
"""

from typing import Protocol

from chat.domain.entities import Person


class Contacts(Protocol):
    """Other people, as one of them sees them. A deleted person is none.

    Cancelling: a write is made whole, or not at all.
    """

    async def find(self, part: str, after: str, limit: int) -> list[Person]:
        """Return the people with `part` in their names, in any case, by name, from behind the name `after`."""
        ...

    async def changed_since(self, person_id: int, since: float, limit: int) -> list[Person]:
        """Return whose profile was changed after `since`, the last changed first, of those that the person meets.

        Those are the person, whoever is in a room, a direct room or a support conversation of theirs, and of operators
        all others; nobody else of the lobby. `since` is in Unix seconds, by the storage's clock.
        """
        ...

    async def block(self, person_id: int, other_id: int) -> bool:
        """Let the person block another, who may be blocked already. False: there is no such other person."""
        ...

    async def unblock(self, person_id: int, other_id: int) -> None:
        """Let the person block another no more, if they do."""
        ...

    async def blocked(self, person_id: int, after: str, limit: int) -> list[Person]:
        """Return whom the person blocks, by name, from behind the name `after`."""
        ...

    async def blocked_ids(self, person_id: int) -> frozenset[int]:
        """Return the ids of those whom the person blocks."""
        ...
