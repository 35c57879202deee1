"""Invites: codes with which a number of people may register or join a room for some time."""

import hashlib
import secrets
import time
from collections.abc import Callable

from chat.domain.entities import Draft, Person
from chat.domain.messages.changes import Acceptance
from chat.domain.ports import Invite, IssuedInvite, NewInvite, Users
from chat.domain.refusals import INVITE_OVER, Code, Refusal

NEEDS_INVITE = Refusal(
    Code.FORBIDDEN,
    "registration needs an invite: ask whoever runs the server",
    field="invite",
    reason="needs_invite",
)
BAD_INVITE = Refusal(
    Code.FORBIDDEN,
    "that invite is not valid: it is used up, too old, or mistyped",
    field="invite",
    reason="bad_invite",
)
NO_INVITE = Refusal(Code.NOT_FOUND, "there is no such invitation", reason="no_invite")

_CODE_BYTES = 12
"""Random bytes of an invite's code."""


class Invites:
    """Creates invites. May raise StorageDown and OutcomeUnknown. Cancelling: the invite exists, or not."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def issue(
        self, uses: int, seconds: float, *, room_id: int | None = None, maker: Person | None = None
    ) -> str:
        """Return the code of a new invite for a number of people and seconds.

        With `room_id` it is to that room; the caller has checked that `maker` may invite there. It also admits to
        registration by invite, unless `maker` is a person who is not an admin.
        """
        code = secrets.token_urlsafe(_CODE_BYTES)
        await self._users.invite(
            NewInvite(
                digest=invite_digest(code),
                uses=uses,
                expires_at=round(time.time() + seconds, 6),
                room_id=room_id,
                maker_id=None if maker is None else maker.id,
                registers=maker is None or maker.is_admin,
            )
        )
        return code

    async def find(self, code: str) -> Invite | Refusal:
        """Return the invite with this code, valid or over."""
        return await self._users.find_invite(invite_digest(code)) or NO_INVITE

    async def issued_by(self, person: Person, after: str, limit: int) -> list[IssuedInvite]:
        """Return the person's valid invites, first to expire first, after this id."""
        return await self._users.invites(bytes.fromhex(after), limit, maker_id=person.id)

    async def issued(self, room_id: int | None, after: str, limit: int) -> list[IssuedInvite]:
        """Return the valid invites to a room, or of the server, like `issued_by`; the caller has checked the right."""
        return await self._users.invites(bytes.fromhex(after), limit, room_id=room_id)

    async def withdraw_issued(
        self, invite_id: str, by: Person, is_theirs: Callable[[Invite], bool]
    ) -> Refusal | None:
        """Invalidate an invite of the person; somebody else's does not exist for them."""
        digest = bytes.fromhex(invite_id)
        found = await self._users.find_invite(digest)
        if found is None or not is_theirs(found):
            return NO_INVITE
        return None if await self._users.withdraw_invite(digest, by.id) else INVITE_OVER

    async def withdraw(self, code: str, by: Person) -> Refusal | None:
        """Invalidate an invite; the caller has checked the right."""
        return None if await self._users.withdraw_invite(invite_digest(code), by.id) else INVITE_OVER


def accepted(joining: Draft, code: str, *, is_used: bool = False) -> Acceptance:
    """Return the write by which somebody joins the room of an invite, and uses it. Sync.

    `is_used`: they have just used it to register.
    """
    return Acceptance(joining, invite_digest(code), is_used)


def invite_digest(code: str) -> bytes:
    """Return the stored digest of a code, of any input. Codes are long and random, so a fast hash suffices."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
