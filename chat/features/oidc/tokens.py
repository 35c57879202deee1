"""Tokens of the identity provider: whose signature is good, and whether their claims are for this server. Pure.

OpenID Connect Core 1.0, section 3.1.3.7, and Back-Channel Logout 1.0, section 2.6.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 32_768
"""Characters of a token; one with some hundred groups has 20,000."""

SKEW = 60.0
"""Seconds by which the provider's clock may differ."""

LOGOUT_LASTS = 300.0
"""Seconds for which a log-out of the provider is accepted after it was issued, besides the skew."""

ALGORITHMS = frozenset(
    (
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    )
)
"""Signatures with a key pair. `none` and HS256, for which a public key would be the secret, are not among them."""

_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,255}")

Claims = Mapping[str, Any]


class BadToken(Exception):
    """A token is not valid; the text says why, for the log."""


class UnknownKey(BadToken):
    """The token was signed with a key that is not among those known."""


def verified_claims(token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the claims of a token that one of these keys (JWK) has signed. Raises BadToken. Sync."""
    from joserfc import jwk, jws, jwt  # here: most servers have no identity provider
    from joserfc.errors import JoseError

    if len(token) > LONGEST:
        raise BadToken("it is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise BadToken(f"its signature is by {str(algorithm)[:20]!r}, not by a key pair")
        chosen = _chosen(keys, algorithm, kid)
        claims = jwt.decode(token, jwk.import_key(dict(chosen)), algorithms=[algorithm]).claims
    # AttributeError: a header that is no object.
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadToken(f"it cannot be verified: {type(error).__name__} {error}") from error
    if not isinstance(claims, dict):
        raise BadToken("it has no claims")
    return claims


def _chosen(keys: Sequence[Mapping[str, Any]], algorithm: str, kid: object) -> Mapping[str, Any]:
    """Return the key with this id; without an id, the only key that could be it."""
    kind = "RSA" if algorithm[:2] in ("RS", "PS") else "EC" if algorithm[:2] == "ES" else "OKP"
    usable = [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    if len(usable) != 1:
        raise UnknownKey(f"{len(usable)} keys for it")
    return usable[0]


def check_id_token(claims: Claims, issuer: str, client_id: str, nonce: str, now: float) -> None:
    """Raise BadToken unless an ID token is for this server, of this log-in, and current. `now` is in Unix seconds."""
    _check_issued(claims, issuer, client_id, now)
    azp, audience = claims.get("azp"), claims.get("aud")
    if azp is not None and azp != client_id:
        raise BadToken(f"azp is {azp!r}")
    if isinstance(audience, list) and len(audience) > 1 and azp is None:
        raise BadToken("it is for several audiences, and has no azp")
    if claims.get("nonce") != nonce:
        raise BadToken("nonce is not that of this log-in")
    subject_of(claims)


def check_logout_token(claims: Claims, issuer: str, client_id: str, now: float) -> None:
    """Raise BadToken unless a token is a current log-out by the provider. `now` is in Unix seconds."""
    _check_issued(claims, issuer, client_id, now)
    if claims["iat"] < now - LOGOUT_LASTS - SKEW:
        raise BadToken("it was issued too long ago")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise BadToken("it is no log-out")
    if "nonce" in claims:
        raise BadToken("it has a nonce: it is an ID token")
    if not _is_text(claims.get("jti")):
        raise BadToken("it has no jti")
    if claims.get("sub") is None and claims.get("sid") is None:
        raise BadToken("it has neither sub nor sid")
    if claims.get("sub") is not None:
        subject_of(claims)
    sid_of(claims)


def subject_of(claims: Claims) -> str:
    """Return who it is at the provider. Raises BadToken."""
    subject = claims.get("sub")
    if not _is_text(subject):
        raise BadToken("sub is no text of 1 to 255 characters")
    return str(subject)


def sid_of(claims: Claims) -> str | None:
    """Return the session at the provider, if it says so. Raises BadToken."""
    sid = claims.get("sid")
    if sid is not None and not _is_text(sid):
        raise BadToken("sid is no text of 1 to 255 characters")
    return sid


def _check_issued(claims: Claims, issuer: str, client_id: str, now: float) -> None:
    if claims.get("iss") != issuer:
        raise BadToken(f"iss is {claims.get('iss')!r}")
    audience = claims.get("aud")
    if not (audience == client_id or (isinstance(audience, list) and client_id in audience)):
        raise BadToken(f"aud is {audience!r}")
    if _seconds(claims, "iat") > now + SKEW:
        raise BadToken("it was issued in the future; check the clocks")
    # A log-out may have none: it lasts for minutes after its iat.
    if ("exp" in claims or "events" not in claims) and _seconds(claims, "exp") <= now - SKEW:
        raise BadToken("it has expired")
    if "nbf" in claims and _seconds(claims, "nbf") > now + SKEW:
        raise BadToken("it is not valid yet; check the clocks")


def _seconds(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise BadToken(f"{name} is no time")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None
