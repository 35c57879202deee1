"""Invites: codes that let people register, so many each, for so long."""

import hashlib
import secrets
import time

from chat.domain.ports import Users
from chat.domain.refusals import Code, Refusal

NEEDS_INVITE = Refusal(
    Code.FORBIDDEN, "registration needs an invite: ask whoever runs the server", field="invite"
)
BAD_INVITE = Refusal(
    Code.FORBIDDEN, "that invite is not valid: it is used up, too old, or mistyped", field="invite"
)

_CODE_BYTES = 12
"""Random bytes of an invite's code."""


class Invites:
    """Makes invites. May raise StorageDown and OutcomeUnknown. Cancelling: the invite is there, or it is not."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def issue(self, uses: int, seconds: float) -> str:
        """Return the code of a new invite that so many people can register with, within so many seconds."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        await self._users.invite(invite_digest(code), uses, time.time() + seconds)
        return code


def invite_digest(code: str) -> bytes:
    """Return what is kept of an invite's code, whatever somebody typed. A code is long and random: no slow hash."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
