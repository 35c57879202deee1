"""People, their credentials and invites."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.accounts.account_changes import AccountChange, Role
from chat.domain.accounts.account_removal import How
from chat.domain.entities import (
    Credentials,
    Person,
    Visit,
)
from chat.domain.refusals import Refusal
from chat.domain.text.rules import same_name_key


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person to add; names and addresses have passed `domain/text/rules.py`."""

    name: str
    password_hash: bytes
    email: str | None = None
    display_name: str | None = None
    is_operator: bool = False
    is_moderator: bool = False
    is_admin: bool = False
    invite: bytes | None = None
    """The digest of the invite that this uses, if any."""
    by_command: bool = False
    """Added by a command of the server's operator; recorded in the audit."""
    added_by: int | None = None
    """The admin who adds them; recorded in the audit."""
    visit: Visit | None = None
    """What a visitor entered; None: no visitor. A visitor has no password (b""), no email address and no role."""


class NewInvite(msgspec.Struct, frozen=True, kw_only=True):
    """An invite to create, valid for `uses` until `expires_at` (Unix seconds). `digest` is its code's.

    `room_id` is the room that it leads to. `registers`: it also lets people register where that takes an invite.
    `maker_id` None: a command created it.
    """

    digest: bytes
    uses: int
    expires_at: float
    room_id: int | None = None
    maker_id: int | None = None
    registers: bool = True


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of an invite; the fields are as in NewInvite.

    `is_over`: it is used up or expired, its room is deleted, or its maker has lost the right to invite.
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
    """An invite with its digest, for its maker. The code itself is not stored."""

    digest: bytes
    invite: Invite


INVITE_KEPT = 2_592_000.0
"""Seconds for which an expired invite is kept, so that its users learn that it is over."""


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a person; UNSET fields stay. All values have passed `domain/text/rules.py`."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    display_name: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    share_reads: bool | msgspec.UnsetType = msgspec.UNSET


def is_own_display(person: Person, change: ProfileChange) -> bool:
    """Whether a new display name equals the person's name or display name, or the name that they take with it. Pure."""
    assert isinstance(change.display_name, str)
    return _is_among(change.display_name, person.name, person.display_name, change.name)


def is_own_name(person: Person, name: str) -> bool:
    """Whether a new name equals the person's name or display name. Sync and pure."""
    return _is_among(name, person.name, person.display_name)


def _is_among(name: str, *own: object) -> bool:
    return same_name_key(name) in {same_name_key(each) for each in own if isinstance(each, str)}


class Taken(msgspec.Struct, frozen=True):
    """Somebody else has this already.

    `what` is "name", "email", "look" (the name looks like another name or display name) or "display" (the display
    name does).
    """

    what: str


class LookAlike(msgspec.Struct, frozen=True):
    """A person whose name looks like an older account's."""

    person: Person
    older_id: int
    older_name: str
    older_is_deleted: bool


class Users(Protocol):
    """People and their credentials. Methods skip deleted people, but nobody else can take their names.

    Nor can anybody take a name that looks like another's name or display name (`domain/text/skeletons.py`); names that
    are older than this rule stay.
    """

    async def add(self, new: NewPerson) -> Person | Taken | None:
        """Add a person, unless the name or email address is taken, in any case, or the name looks like another's.

        None: the invite is not valid. A refused addition does not use the invite.
        """
        ...

    async def invite(self, new: NewInvite) -> None:
        """Create an invite, unless its room is deleted. Removes invites that have been over for INVITE_KEPT."""
        ...

    async def is_invite(self, digest: bytes) -> bool:
        """Whether there is a valid invite with this digest that lets people register."""
        ...

    async def find_invite(self, digest: bytes) -> Invite | None:
        """Return the invite with this digest, valid or over."""
        ...

    async def invites(
        self, after: bytes, limit: int, *, maker_id: int | None = None, room_id: int | None = None
    ) -> list[IssuedInvite]:
        """Return valid invites, the first to expire first, after the invite with the digest `after`.

        That invite may be over; b"" is the beginning. `maker_id` and `room_id` filter them.
        """
        ...

    async def withdraw_invite(self, digest: bytes, by_id: int | None = None) -> bool:
        """Invalidate an invite; False: it is used up, expired, or its room is deleted.

        For an invite to register this is recorded in the audit.
        """
        ...

    async def by_id(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        ...

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        """Return the people with these ids, by id; unknown ids are left out."""
        ...

    async def by_name(self, name: str) -> Credentials | None:
        """Return the person with this name, in any case, and their credentials."""
        ...

    async def by_email(self, email: str) -> Credentials | None:
        """Return the person with this email address, in any case, and their credentials."""
        ...

    async def everyone(self) -> list[Person]:
        """Return everybody except visitors, oldest first."""
        ...

    async def count(self) -> int:
        """Return the number of people, without visitors."""
        ...

    async def operators(self) -> list[int]:
        """Return the ids of all operators, disabled ones too, ascending."""
        ...

    async def page(self, part: str, after_id: int, limit: int, role: Role | None = None) -> list[Person]:
        """Return people with `part` in their names or email addresses, in any case, with ids above `after_id`, by id.

        `role` filters them. Visitors are left out.
        """
        ...

    async def look_alikes(self) -> list[LookAlike]:
        """Return people whose names look like older accounts', oldest first, each with the oldest such account."""
        ...

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        """Change a person's name, which has passed `domain/text/rules.py`; None: no such person."""
        ...

    async def change_profile(self, person_id: int, change: ProfileChange) -> Person | Taken | None:
        """Apply all of the change or nothing; None: no such person.

        Taken("display"): the display name looks like another person's name or display name.
        """
        ...

    async def administer(
        self, person_id: int, change: AccountChange, by_id: int | None
    ) -> Person | Taken | Refusal | None:
        """Apply all of the change to an account or nothing, and record it in the audit; None: no such person.

        If a person does it (`by_id`): NOT_ADMIN when they are no longer an admin. If a person or the identity provider
        does it: LAST_ADMIN when no admin could log in afterwards.
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
        """Change a person's password and invalidate every token issued so far.

        None: no such person, or their hash is no longer `instead_of`, if that is given. `by_link`: with a reset link
        from an admin; recorded in the audit.
        """
        ...

    async def delete(
        self, person_id: int, by_id: int | None = None, how: How = How.LEAVE, *, is_own: bool = False
    ) -> bool | Refusal:
        """Delete a person and record it in the audit and for `Removals`. False: no such person.

        Somebody who was deleted already can be deleted again in a way that removes more. `is_own`: it is their own
        wish. LAST_ADMIN and NOT_ADMIN as in `administer`.
        """
        ...

    async def nameless(self, person_ids: Sequence[int]) -> list[Person]:
        """Return those of these people who were deleted with their names, with the names that they have instead."""
        ...
