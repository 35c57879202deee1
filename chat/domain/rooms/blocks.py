"""Blocks between people: a blocked person can't send direct messages to the blocker; rooms are not affected."""

from collections.abc import Callable

from chat.domain.accounts.contacts import Contacts
from chat.domain.entities import Person
from chat.domain.fresh_reads import FreshReads
from chat.domain.lru_cache import LRUCache
from chat.domain.refusals import NO_PERSON, Code, Refusal

MOST_BLOCKS = 1000
"""People whom one person may block; concurrent requests may exceed it by one."""

_MOST_KNOWN = 10_000
"""People whose blocks are cached, those last used; most take some 300 bytes."""

NOT_ONESELF = Refusal(Code.INVALID, "you can't block yourself", field="person", reason="self_block")
TOO_MANY_BLOCKS = Refusal(
    Code.FORBIDDEN, f"you can block at most {MOST_BLOCKS} people", reason="too_many_blocks"
)


class Blocks:
    """Blocks and unblocks people, and caches the blocks of people who get direct messages.

    Every async method may raise StorageDown; those that change may raise OutcomeUnknown. Cancelling: it is changed, or
    not.
    """

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._known = LRUCache[int, frozenset[int]](_MOST_KNOWN)
        self._reads = FreshReads[int]()  # by who blocks
        self.changes = 0
        """How often blocks may have changed."""
        self._on_change: list[Callable[[int | None], object]] = []

    def on_change(self, changed: Callable[[int | None], object]) -> None:
        """Call `changed` whenever a person's blocks may have changed; None: anybody's. Both are sync."""
        self._on_change.append(changed)

    async def block(self, person: Person, other_id: int) -> Refusal | None:
        """Block another person, whose messages are refused once this returns."""
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
        """Unblock another person."""
        try:
            await self._contacts.unblock(person.id, other_id)
        finally:
            self.changed(person.id)

    async def of(self, person: Person, after: str, limit: int) -> list[Person]:
        """Return the people whom a person blocks, by name, after the name `after`."""
        return await self._contacts.blocked(person.id, after, limit)

    def is_known_to_let(self, person_id: int, by_id: int) -> bool:
        """Whether the cache shows that `by_id` does not block `person_id`. Sync."""
        blocked = self._known.get(by_id)
        return blocked is not None and person_id not in blocked

    async def is_blocked(self, person_id: int, by_id: int) -> bool:
        """Whether `by_id` blocks `person_id`; usually from the cache."""
        blocked = self._known.get(by_id)
        if blocked is None:
            blocked = await self._look_up(by_id)
        return person_id in blocked

    async def _look_up(self, person_id: int) -> frozenset[int]:
        """Return the ids of the people whom a person blocks, current when this returns."""
        blocked = await self._reads.read(person_id, lambda: self._contacts.blocked_ids(person_id))
        self._known[person_id] = blocked
        return blocked

    def changed(self, person_id: int | None) -> None:
        """Note that a person's blocks may have changed; None: anybody's. Sync."""
        self.changes += 1
        if person_id is None:
            self._reads.all_changed()
        else:
            self._reads.changed(person_id)
        for each in [*self._known] if person_id is None else [person_id]:
            if each in self._known:
                del self._known[each]
        for note in self._on_change:
            note(person_id)
