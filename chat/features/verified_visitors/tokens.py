"""The token with which a site says who its visitor is: a JWT (RFC 7519), signed by HS256. Sync and pure.

| claim | means |
|---|---|
| `id` | who it is for the site: a text of 1 to 255 characters |
| `name`, `email` | optional: how operators see them |
| `exp` | when it expires, in Unix seconds: at most `LASTS` from now |
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from typing import Any

import jwt
import msgspec

from chat.domain.refusals import Refusal
from chat.domain.text.rules import clean_email, clean_name

LONGEST = 4096
"""Characters of a token."""

LASTS = 300.0
"""Seconds for which a token may be valid."""

SKEW = 60.0
"""Seconds by which the site's clock may differ."""

_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")
_ALGORITHM = "HS256"


class BadToken(Exception):
    """A token is not valid; the text says why, for the log."""


class Identity(msgspec.Struct, frozen=True):
    """Who a visitor is, as a site has signed it."""

    site_id: str
    name: str | None
    email: str | None


def identity_of(token: str, secrets: Sequence[str], now: float) -> Identity:
    """Return who it is, of a token that is signed with one of these secrets. `now` is in Unix seconds.

    Raises BadToken.
    """
    if len(token) > LONGEST:
        raise BadToken(f"it has more than {LONGEST} characters")
    claims = _signed_claims(token, secrets)
    _check_time(claims.get("exp"), now)
    site_id = claims.get("id")
    if not isinstance(site_id, str) or not _TEXT.fullmatch(site_id):
        raise BadToken("id is no text of 1 to 255 characters")
    return Identity(site_id, _cleaned(claims, "name", clean_name), _cleaned(claims, "email", clean_email))


def _signed_claims(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    # The header is read before the signature is checked: a deep one must not become an error of the server.
    try:
        header = json.loads(_part(token, 0))
    except (ValueError, RecursionError) as error:
        raise BadToken("it is no JWT") from error
    algorithm = header.get("alg") if isinstance(header, dict) else None
    if algorithm != _ALGORITHM:
        raise BadToken(f"its signature is by {str(algorithm)[:20]!r}, not by HS256")
    for secret in secrets:
        try:
            # The times are checked here, by a stricter rule.
            claims = jwt.decode(
                token,
                secret,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise BadToken(f"it cannot be read: {type(error).__name__}") from error
        if isinstance(claims, dict):
            return claims
    raise BadToken("it is not signed with the secret of this desk" if secrets else "this desk has no secret")


def _part(token: str, nth: int) -> bytes:
    part = token.split(".")[nth]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _check_time(exp: object, now: float) -> None:
    if isinstance(exp, bool) or not isinstance(exp, int | float):
        raise BadToken("exp is no number of seconds")
    # Written so that NaN, which JSON in Python may have, is refused.
    if not exp > now - SKEW:
        raise BadToken("it has expired: sign it when the page asks for it")
    if not exp <= now + LASTS + SKEW:
        raise BadToken(f"exp is more than {LASTS:.0f} seconds ahead")


def _cleaned(claims: dict[str, Any], name: str, clean: Any) -> str | None:  # noqa: ANN401
    """Return a claim that may be missing, null or empty, by the rule for such a text."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadToken(f"{name} is no text")
    if not value.strip():
        return None
    cleaned = clean(value.strip())
    if isinstance(cleaned, Refusal):
        raise BadToken(f"{name}: {cleaned.text}")
    return str(cleaned)
