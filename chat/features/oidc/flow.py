"""A log-in under way: what binds the provider's answer to the browser that began it. Pure.

The browser has a secret in a cookie that no script can read; state, nonce and the verifier of PKCE (RFC 7636) are made
of it. The server keeps nothing, so any server and worker may take the answer.
"""

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlencode

import msgspec

from chat.domain.accounts.tokens import Tokens

LASTS = 600
"""Seconds from the begin of a log-in to its end."""

_PURPOSE = b"a log-in by the identity provider"
_SECRET, _SIGNED = 32, 32


class Flow(msgspec.Struct, frozen=True):
    """A log-in that has begun: its secret, until when it may end (Unix seconds), and whom it links; 0: nobody."""

    secret: bytes
    ends_at: int
    person_id: int = 0

    @property
    def state(self) -> str:
        """The parameter `state`. Its first letter says whether it links (`l`) or logs in (`i`)."""
        return ("l" if self.person_id else "i") + self._derived(b"state")

    @property
    def nonce(self) -> str:
        """The parameter `nonce`."""
        return self._derived(b"nonce")

    @property
    def verifier(self) -> str:
        """The verifier of PKCE, which only the token endpoint gets."""
        return self._derived(b"verifier")

    @property
    def challenge(self) -> str:
        """The challenge of PKCE (S256)."""
        return _encoded(hashlib.sha256(self.verifier.encode()).digest())

    def _derived(self, what: bytes) -> str:
        return _encoded(hmac.digest(self.secret, what, "sha256"))


def begun(secret: bytes, person_id: int = 0) -> Flow:
    """Return a flow that begins now."""
    return Flow(secret, int(time.time()) + LASTS, person_id)


def cookie_name(public_url: str) -> str:
    """Return the cookie's name: with TLS browsers take it from this host alone.

    Without TLS, so on this machine, there is no such prefix: not all browsers accept it from http://localhost.
    """
    return "__Host-chat_oidc" if public_url.startswith("https://") else "chat_oidc"


def set_cookie(public_url: str, value: str) -> str:
    """Return the header that sets the cookie; an empty value removes it."""
    secure = "; Secure" if public_url.startswith("https://") else ""
    lasts = LASTS if value else 0
    return f"{cookie_name(public_url)}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Strict{secure}"


def sealed(flow: Flow, tokens: Tokens) -> str:
    """Return the cookie's value."""
    body = flow.secret + flow.ends_at.to_bytes(8) + flow.person_id.to_bytes(8)
    return _encoded(body + tokens.derive(_PURPOSE, body))


def opened(value: str, tokens: Tokens) -> Flow | None:
    """Return the flow of a cookie's value; None: it is not one of ours, or over."""
    try:
        raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return None
    if len(raw) != _SECRET + 16 + _SIGNED:
        return None
    body, mac = raw[:-_SIGNED], raw[-_SIGNED:]
    if not any(hmac.compare_digest(mac, good) for good in tokens.accepted(_PURPOSE, body)):
        return None
    flow = Flow(body[:_SECRET], int.from_bytes(body[_SECRET:-8]), int.from_bytes(body[-8:]))
    return flow if time.time() < flow.ends_at else None


def is_state_of(flow: Flow, state: str) -> bool:
    """Whether the provider's answer belongs to this flow."""
    return hmac.compare_digest(flow.state.encode(), state.encode())


def with_query(url: str, **parameters: str) -> str:
    """Return a URL with these parameters after those that it has."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
