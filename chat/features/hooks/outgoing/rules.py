"""Who may send a room's changes to another program, and how calls are signed. Sync and pure.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping

from chat.domain.entities import RoomKind
from chat.domain.refusals import NO_ROOM, NOT_ADMIN, Code, Refusal
from chat.domain.rooms.membership import LEADING
from chat.domain.rooms.room_rights import NOT_LEADING, Authority, access_of

MOST_OUTGOING = 20
"""Outgoing hooks of one person."""

NO_OUTGOING = Refusal(Code.NOT_FOUND, "there is no such outgoing hook", reason="no_outgoing_hook")
TOO_MANY_OUTGOING = Refusal(
    Code.TOO_MANY,
    f"a person has at most {MOST_OUTGOING} outgoing hooks: remove one first",
    reason="too_many_outgoing_hooks",
)
UNKNOWN_KIND = Refusal(
    Code.INVALID, "there is no event with this type", field="kinds", reason="unknown_event_type"
)
NOT_IN_LOG = Refusal(
    Code.INVALID, "the log does not reach this position", field="position", reason="position_not_in_log"
)

NO_BRIDGE = Refusal(Code.INVALID, "this outgoing hook is no bridge", field="gateway", reason="no_bridge")


def sending_refusal(by: Authority, *, is_for_all: bool) -> Refusal | None:
    """Return why somebody may not have a room's changes sent; None: they may.

    They are in the room, and lead it or are an admin; for all of their rooms they are an admin. Conversations of two
    people and of support are sent nowhere.
    """
    if by.room.kind not in (RoomKind.ROOM, RoomKind.LOBBY):
        return NO_ROOM
    access = access_of(by)
    if isinstance(access, Refusal):
        return access
    if by.person.is_admin:
        return None
    if is_for_all or by.room.kind is RoomKind.LOBBY:
        return NOT_ADMIN
    return None if by.role in LEADING else NOT_LEADING


def host_of(url: str) -> str:
    """Return the scheme and the host of a URL: its path may be a secret. Sync and pure."""
    return "/".join(url.split("/", 3)[:3])


def signed_headers(webhook_id: str, at: int, body: bytes, secrets: Iterable[str]) -> Mapping[str, str]:
    """Return the headers of a call. `at` is in Unix seconds; each secret makes a signature."""
    signed = f"{webhook_id}.{at}.".encode() + body
    made = [
        hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256) for secret in secrets
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{b64encode(each).decode()}" for each in made),
    }
