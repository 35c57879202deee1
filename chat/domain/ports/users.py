"""People and how they prove who they are, as a storage keeps them."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.account_changes import AccountChange, Role
from chat.domain.entities import (
    Credentials,
    Person,
    Visit,
)
from chat.domain.refusals import Refusal
from chat.domain.rules import same_name_key


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be added; names and addresses are clean already (`domain/rules.py`)."""

    name: str
    password_hash: bytes
    email: str | None = None
    display_name: str | None = None
    is_operator: bool = False
    is_moderator: bool = False
    is_admin: bool = False
    invite: bytes | None = None
    """The digest of the invite that is used up with it, if it takes one."""
    by_command: bool = False
    """Whether whoever runs the server adds them: then it goes into the audit."""
    added_by: int | None = None
    """The admin who adds them: then it goes into the audit too."""
    visit: Visit | None = None
    """What a visitor said; None: it is no visitor. A visitor has no password (b""), no e-mail address and no role."""


class NewInvite(msgspec.Struct, frozen=True, kw_only=True):
    """An invite to be made, known by its code's digest, for so many uses until `expires_at` (Unix seconds).

    With `room_id` it is to that room. `registers`: somebody can register with it where that takes an invite. Where
    nobody is its `maker_id`, whoever runs the server has made it with a command.
    """

    digest: bytes
    uses: int
    expires_at: float
    room_id: int | None = None
    maker_id: int | None = None
    registers: bool = True


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """An invite as it is now, for what NewInvite says.

    `is_over`: nobody can use it now: it is used up or too old, its room is gone, or its maker may not do any more
    what it lets others do.
    """

    uses_left: int
    expires_at: float
    room_id: int | None
    room_name: str | None
    maker_id: int | None
    registers: bool
    is_over: bool
    maker_name: str | None = None


class IssuedInvite(msgspec.Struct, frozen=True):
    """An invite with its digest, for who made it: the code itself is kept nowhere."""

    digest: bytes
    invite: Invite


INVITE_KEPT = 2_592_000.0
"""Seconds for which it is known of an invite that it is over, after its last day."""


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a person; what is UNSET stays. All of it is clean already (`domain/rules.py`)."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    display_name: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    share_reads: bool | msgspec.UnsetType = msgspec.UNSET


def is_own_display(person: Person, change: ProfileChange) -> bool:
    """Whether a new display name is that or the name which the person has, or takes with it. Sync and pure."""
    assert isinstance(change.display_name, str)
    return _is_among(change.display_name, person.name, person.display_name, change.name)


def is_own_name(person: Person, name: str) -> bool:
    """Whether a new name is the name or the display name which the person has. Sync and pure."""
    return _is_among(name, person.name, person.display_name)


def _is_among(name: str, *own: object) -> bool:
    return same_name_key(name) in {same_name_key(each) for each in own if isinstance(each, str)}


class Taken(msgspec.Struct, frozen=True):
    """Somebody else has this already.

    `what` is "name" or "email", "look" where a name only looks like a name or a display name, or "display" where a
    display name does.
    """

    what: str


class LookAlike(msgspec.Struct, frozen=True):
    """A person whose name looks like that of an older account."""

    person: Person
    older_id: int
    older_name: str
    older_is_deleted: bool


class Users(Protocol):
    """People and how they prove who they are. A deleted person is none, but nobody else can have their name.

    Nor a name that looks like it, or like somebody else's display name (`domain/skeletons.py`); who had such a name
    before that was asked keeps it.
    """

    async def add(self, new: NewPerson) -> Person | Taken | None:
        """Add a person, unless the name or the e-mail address is taken in any case, or the name looks like another's.

        None: the invite is not good. Who is not added uses nothing up of one.
        """
        ...

    async def invite(self, new: NewInvite) -> None:
        """Make an invite. One to a room that is gone is not made; those over for INVITE_KEPT are forgotten."""
        ...

    async def is_invite(self, digest: bytes) -> bool:
        """Whether there is such an invite that somebody can register with now."""
        ...

    async def find_invite(self, digest: bytes) -> Invite | None:
        """Return the invite with this digest, good or over."""
        ...

    async def invites(
        self, after: bytes, limit: int, *, maker_id: int | None = None, room_id: int | None = None
    ) -> list[IssuedInvite]:
        """Return good invites, those that end first before the others, from behind `after`.

        That is the digest of an invite, good or over; b"" is the beginning. With `maker_id` they are those that the
        person made, with `room_id` those to that room.
        """
        ...

    async def withdraw_invite(self, digest: bytes, by_id: int | None = None) -> bool:
        """Let nobody use an invite any more; False: it is used up, too old, or its room is gone.

        Of one to register it goes into the audit.
        """
        ...

    async def by_id(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        ...

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        """Return the people with these ids, as many as there are."""
        ...

    async def by_name(self, name: str) -> Credentials | None:
        """Return who has this name, in any case."""
        ...

    async def by_email(self, email: str) -> Credentials | None:
        """Return who has this e-mail address, in any case."""
        ...

    async def everyone(self) -> list[Person]:
        """Return all people but visitors, oldest first."""
        ...

    async def count(self) -> int:
        """Return how many people there are but visitors."""
        ...

    async def operators(self) -> list[int]:
        """Return the ids of all operators, ascending; also of those who are disabled."""
        ...

    async def page(self, part: str, after_id: int, limit: int, role: Role | None = None) -> list[Person]:
        """Return the people with `part` in their names or e-mail addresses, in any case, by id from behind this one.

        With `role` those of them who have it. Visitors are not among them.
        """
        ...

    async def look_alikes(self) -> list[LookAlike]:
        """Return the people whose names look like that of an older account, oldest first, each with the oldest."""
        ...

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        """Give a person another (clean) name; None if there is no such person."""
        ...

    async def change_profile(self, person_id: int, change: ProfileChange) -> Person | Taken | None:
        """Change all of it or nothing; None if there is no such person.

        A display name that looks like the name or the display name of another is "display"; one's own are one's own.
        """
        ...

    async def administer(
        self, person_id: int, change: AccountChange, by_id: int | None
    ) -> Person | Taken | Refusal | None:
        """Change an account, all of it or nothing, with the acts of that in the audit; None: there is no such person.

        Where a person does it (`by_id` is not None): NOT_ADMIN if they are none any more, LAST_ADMIN if no admin could
        come in then.
        """
        ...

    async def set_password(
        self,
        person_id: int,
        password_hash: bytes,
        *,
        instead_of: bytes | None = None,
        by_link: bool = False,
    ) -> Person | None:
        """Give a person another password, and make every token issued so far invalid.

        None if there is no such person, or if their hash is no longer `instead_of`, where that is given. `by_link`: by
        a link that an admin made, and it goes into the audit.
        """
        ...

    async def delete(self, person_id: int, by_id: int | None = None) -> bool | Refusal:
        """Delete a person; what they said stays, and so does their name with it. False: no such person.

        It goes into the audit. LAST_ADMIN and NOT_ADMIN as in `administer`.
        """
        ...
