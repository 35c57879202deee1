"""Challenges that browsers sign. Pure.

The server does not keep them: it recognises its own by a MAC under its secret, so any server and worker may take the
answer, and a million begun log-ins cost nothing. Used ones are kept by their number, so each is good once.
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from chat.domain.accounts.tokens import Tokens

LASTS = 300
"""Seconds from a challenge to its answer."""

CODE_MARK = "p-"
"""How codes begin that take the place of a used passkey; those of apps and recovery codes have no hyphen there."""

_NUMBER, _TIME, _ID, _SIGNED = 16, 5, 8, 32
_PURPOSE = b"a challenge for a passkey"


class Challenge(msgspec.Struct, frozen=True):
    """A good challenge: its number, when it ends (Unix seconds), and for whom a passkey is added; 0: it is used."""

    number: bytes
    ends_at: int
    person_id: int


def new_challenge(tokens: Tokens, now: float, person_id: int = 0) -> bytes:
    """Return a challenge to use a passkey, or to add one to a person's account."""
    ends_at = int(now) + LASTS
    body = secrets.token_bytes(_NUMBER) + ends_at.to_bytes(_TIME) + person_id.to_bytes(_ID)
    return body + tokens.derive(_PURPOSE, body)


def challenge_in(client_data: bytes) -> bytes | None:
    """Return the challenge that a browser says it has signed; None: this is no client data."""
    try:
        found = json.loads(client_data)
    except (ValueError, RecursionError):
        return None
    text = found.get("challenge") if isinstance(found, dict) else None
    return decoded(text) if isinstance(text, str) else None


def good_challenge(challenge: bytes, tokens: Tokens, now: float) -> Challenge | None:
    """Return a challenge that this server made; None: it did not, or it is over."""
    body, mac = challenge[:-_SIGNED], challenge[-_SIGNED:]
    is_ours = any(hmac.compare_digest(mac, good) for good in tokens.accepted(_PURPOSE, body))
    if len(body) != _NUMBER + _TIME + _ID or not is_ours:
        return None
    ends_at = int.from_bytes(body[_NUMBER:-_ID])
    return None if now >= ends_at else Challenge(body[:_NUMBER], ends_at, int.from_bytes(body[-_ID:]))


def new_code() -> str:
    """Return a random code."""
    return CODE_MARK + secrets.token_urlsafe(32)


def code_digest(code: str) -> bytes:
    """Return the digest by which a code is stored. It is long and random, so no slow hash."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def encoded(raw: bytes) -> str:
    """Return bytes as browsers write them: base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes | None:
    """Return the bytes of such a text; None: it is not one."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
