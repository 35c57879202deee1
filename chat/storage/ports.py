"""What the rules ask of a storage, whichever it is. Both implementations pass one contract suite.

The law of cancelling, for every method here: a read can be cancelled and leaves nothing behind; a write
that has begun is finished or fails before the cancellation is felt (it is shielded, with a deadline), so a
cancelled write was either not begun or is complete.

Any method may raise `StorageDown`; a write may also raise `OutcomeUnknown`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from chat.model.entities import Credentials, Draft, Message, Person, Room


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be added; names and addresses are clean already (`model/rules.py`)."""

    name: str
    password_hash: bytes
    email: str | None = None
    display_name: str | None = None
    is_operator: bool = False
    is_admin: bool = False


class Taken(msgspec.Struct, frozen=True):
    """Somebody else has this already: `what` is "name" or "email"."""

    what: str


class Users(Protocol):
    """People and how they prove who they are."""

    async def add(self, new: NewPerson) -> Person | Taken:
        """Add a person, unless the name or the e-mail address is taken in any case."""
        ...

    async def by_id(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        ...

    async def by_name(self, name: str) -> Credentials | None:
        """Return who has this name, in any case."""
        ...

    async def by_email(self, email: str) -> Credentials | None:
        """Return who has this e-mail address, in any case."""
        ...

    async def everyone(self) -> list[Person]:
        """Return all people, oldest first."""
        ...

    async def raise_token_generation(self, person_id: int) -> Person | None:
        """Make every token issued so far to this person invalid."""
        ...


class Rooms(Protocol):
    """Rooms and who is in them."""

    async def by_id(self, room_id: int) -> Room | None:
        """Return the room with this id."""
        ...


class Messages(Protocol):
    """The messages of all rooms. Only the journal writes here, one call at a time."""

    async def save(self, drafts: Sequence[Draft]) -> list[Message | None]:
        """Commit all drafts in one transaction and return what they became, in the same order.

        In each room `seq` goes on without a gap, in the order of `drafts`. A draft for a room that is gone
        becomes None. Raises `WriteRejected` when a draft can't be stored: then none of them was.
        """
        ...

    async def settle(self, told: Mapping[int, int], since: float) -> list[Message]:
        """Return what was committed beyond what is told, once no earlier `save` can still land.

        Called after `OutcomeUnknown`. `told` maps room ids to the highest `seq` known to be committed (0
        where none is known); only messages created at `since` (Unix seconds) or later are looked at. Ordered by
        room and `seq`.
        """
        ...

    async def page(self, room_id: int, after: int, up_to: int) -> list[Message]:
        """Return the messages with `after` < `seq` <= `up_to`, oldest first."""
        ...


class Storage(Protocol):
    """Everything that is kept."""

    @property
    def users(self) -> Users: ...

    @property
    def rooms(self) -> Rooms: ...

    @property
    def messages(self) -> Messages: ...

    async def ping(self) -> None:
        """Return if the storage answers; raise `StorageDown` if not."""
        ...
