"""The write of a hook, and who may look after hooks. All of it is sync and pure."""

import hashlib
from base64 import urlsafe_b64encode

from chat.domain.entities import RoomKind
from chat.domain.messages.changes import FeatureWrite
from chat.domain.refusals import NO_ROOM, NOT_ADMIN, NOT_MEMBER, Code, Refusal
from chat.domain.rooms.membership import LEADING, RoomRole
from chat.domain.rooms.room_rights import NOT_LEADING, Authority

MOST_HOOKS = 50
"""Hooks of one room."""

REPEAT_WINDOW = 10.0
"""Seconds in which the same body of one hook is the same message."""

NO_HOOK = Refusal(Code.NOT_FOUND, "there is no such hook", reason="no_hook")
TOO_MANY_HOOKS = Refusal(
    Code.TOO_MANY, f"a room has at most {MOST_HOOKS} hooks: remove one first", reason="too_many_hooks"
)


class HookPost(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """A message by a hook, `actor_id`.

    Attributes:
        token: the digest of the token that it came with, which must still be the hook's.
        key: identifies the message. With `is_body` it is made of the body, and holds for `REPEAT_WINDOW`.
        reply: the `seq` of the message that it answers.
    """

    token: bytes
    text: str
    key: str
    is_body: bool
    reply: int | None = None


def key_of(data: bytes) -> str:
    """Return the key for what identifies a message: 32 characters that a message's key may have."""
    return urlsafe_b64encode(hashlib.sha256(data).digest()[:24]).decode()


def keys_in_time(key: str, at: float) -> tuple[str, str]:
    """Return the key of a body at a time (Unix seconds), and that of the window before."""
    window = int(at // REPEAT_WINDOW)
    return f"{window}-{key}", f"{window - 1}-{key}"


def hooks_refusal(by: Authority) -> Refusal | None:
    """Return why somebody may not look after the hooks of a room; None: they may.

    Admins may in each room that people made and in the lobby, others where they lead. Private rooms are hidden from
    strangers.
    """
    room = by.room
    if room.kind not in (RoomKind.ROOM, RoomKind.LOBBY):
        return NO_ROOM
    if by.person.is_disabled:
        return NO_ROOM if room.is_private else NOT_MEMBER
    if by.person.is_admin:
        return None
    if room.kind is RoomKind.LOBBY:
        return NOT_ADMIN
    if by.role in LEADING:
        return None
    if by.role in (None, RoomRole.BANNED):
        return NO_ROOM if room.is_private else NOT_MEMBER
    return NOT_LEADING
