"""A fetched preview on its way to its message: signed, in the hands of its author; the server keeps nothing. Pure."""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from chat.domain.accounts.tokens import Tokens
from chat.features.previews.changes import LinkPreview

LONGEST = 16_384
"""Characters."""

_LASTS = 20 * 3600
"""Seconds; a picture without its message is kept for a day."""
_PURPOSE = b"a link preview"
_MAC = 32


class _Sealed(msgspec.Struct, array_like=True):
    person_id: int
    room_id: int
    ends_at: int
    preview: LinkPreview


_decode = msgspec.json.Decoder(_Sealed).decode


def seal(preview: LinkPreview, person_id: int, room_id: int, tokens: Tokens) -> str:
    """Return the preview as a token that this person can use in this room."""
    body = msgspec.json.encode(_Sealed(person_id, room_id, int(time.time()) + _LASTS, preview))
    return urlsafe_b64encode(tokens.derive(_PURPOSE, body) + body).decode().rstrip("=")


def unseal(token: str, person_id: int, room_id: int, tokens: Tokens) -> LinkPreview | None:
    """Return the preview of a token; None: it is not theirs, of another room, over, or none of this server."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    mac, body = raw[:_MAC], raw[_MAC:]
    if not any(hmac.compare_digest(mac, good) for good in tokens.accepted(_PURPOSE, body)):
        return None
    sealed = _decode(body)
    is_theirs = (sealed.person_id, sealed.room_id) == (person_id, room_id)
    return sealed.preview if is_theirs and time.time() < sealed.ends_at else None
