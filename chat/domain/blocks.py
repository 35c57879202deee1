"""Whom people block: who is blocked sends no direct message to whoever blocks them, and in rooms nothing changes."""

from chat.domain.contacts import Contacts
from chat.domain.entities import Person
from chat.domain.fresh_reads import FreshReads
from chat.domain.lru_cache import LRUCache
from chat.domain.refusals import NO_PERSON, Code, Refusal

MOST_BLOCKS = 1000
"""People whom one person blocks; two requests at once may make it one more."""

_MOST_KNOWN = 10_000
"""People of whom it is known without a query whom they block, the last asked for; most take some 300 bytes."""

NOT_ONESELF = Refusal(Code.INVALID, "you can't block yourself", field="person", reason="self_block")
TOO_MANY_BLOCKS = Refusal(
    Code.FORBIDDEN, f"you can block at most {MOST_BLOCKS} people", reason="too_many_blocks"
)


class Blocks:
    """Blocks people, and knows of those who are written to whom they block.

    Every async method may raise StorageDown, and those that change something OutcomeUnknown. Cancelling: it is changed,
    or it is not.
    """

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._known = LRUCache[int, frozenset[int]](_MOST_KNOWN)
        self._reads = FreshReads[int]()  # by who blocks

    async def block(self, person: Person, other_id: int) -> Refusal | None:
        """Let a person block another, who is refused from when this returns."""
        if other_id == person.id:
            return NOT_ONESELF
        known = await self._contacts.blocked_ids(person.id)
        if len(known) >= MOST_BLOCKS and other_id not in known:
            return TOO_MANY_BLOCKS
        try:
            return None if await self._contacts.block(person.id, other_id) else NO_PERSON
        finally:
            self.changed(person.id)

    async def unblock(self, person: Person, other_id: int) -> None:
        """Let a person block another no more."""
        try:
            await self._contacts.unblock(person.id, other_id)
        finally:
            self.changed(person.id)

    async def of(self, person: Person, after: str, limit: int) -> list[Person]:
        """Return whom a person blocks, by name, from behind the name `after`."""
        return await self._contacts.blocked(person.id, after, limit)

    def is_known_to_let(self, person_id: int, by_id: int) -> bool:
        """Whether it is known without a query that a person is not blocked by another. Sync."""
        blocked = self._known.get(by_id)
        return blocked is not None and person_id not in blocked

    async def is_blocked(self, person_id: int, by_id: int) -> bool:
        """Whether a person is blocked by another; mostly that is known without a query."""
        blocked = self._known.get(by_id)
        if blocked is None:
            blocked = await self._look_up(by_id)
        return person_id in blocked

    async def _look_up(self, person_id: int) -> frozenset[int]:
        """Return whom a person blocks, also at the moment at which this returns."""
        blocked = await self._reads.read(person_id, lambda: self._contacts.blocked_ids(person_id))
        self._known[person_id] = blocked
        return blocked

    def changed(self, person_id: int | None) -> None:
        """Somebody, or None for anybody, may block others than before, and this is committed. Sync."""
        if person_id is None:
            self._reads.all_changed()
        else:
            self._reads.changed(person_id)
        for each in [*self._known] if person_id is None else [person_id]:
            if each in self._known:
                del self._known[each]
