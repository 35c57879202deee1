"""The access token of all protocols: a JWT (RFC 7519) signed with HS256 and shorter than 255 characters.

| claim | means |
|---|---|
| `sub`, `UID` | the person's id, as text and as a number |
| `name` | the person's name, perhaps cut off |
| `iat`, `exp` | when it was issued and when it expires |
| `jti` | "generation.random.born" |
| `sid` | the id of the session, if the token belongs to one; it is valid as long as the session |

Raising a person's `generation` revokes every token issued before. `born` is derived from the second in which the
account was created: after a backup was restored, another account may have the same id, and must not accept the token.
"""

import hmac
import json
import secrets
import time
from base64 import urlsafe_b64encode
from functools import cached_property
from typing import Any

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm
from jwt.types import Options
from jwt.utils import base64url_encode

from chat.domain.entities import Person

_ALGORITHM = "HS256"
_LONGEST = 254
"""Characters: the support desk's database stores tokens in a VARCHAR(255)."""
_OPTIONS: Options = {
    "require": ["sub", "iat", "exp", "jti"],
    # After a clock was set back, it would reject every token issued shortly before.
    "verify_iat": False,
}
_HIGHEST_ID = 2**63 - 1


class Claims(msgspec.Struct, frozen=True):
    """The claims of a token that the server uses.

    `expires_at` is in Unix seconds. `session_id` is None for a token without a session, `born` for an older token.
    """

    person_id: int
    generation: int
    session_id: int | None = None
    expires_at: float = 0.0
    born: str | None = None

    def is_of(self, person: Person) -> bool:
        """Whether it is a token of this account and of its current generation."""
        is_that = self.born in (None, _born(person))
        return is_that and person.id == self.person_id and person.token_generation == self.generation


class Tokens:
    """Issues and reads tokens. `lifetime` is in seconds; the secret has at least 32 bytes.

    What was made with the `previous` secret is accepted too; nothing is made with it.
    """

    def __init__(self, secret: str, lifetime: float, *, previous: str | None = None) -> None:
        self._secrets = (secret,) if previous is None else (secret, previous)
        self._lifetime = lifetime

    def issue(self, person: Person, *, session_id: int | None = None, lifetime: float | None = None) -> str:
        """Return a new token for `person`, for a session if given; `lifetime` is in seconds.

        The name in it is cut off if the token would get too long: people are identified by `sub`.
        """
        now = int(time.time())
        claims: dict[str, Any] = {
            "sub": str(person.id),
            "name": person.name,
            "UID": person.id,
            "iat": now,
            "exp": now + int(self._lifetime if lifetime is None else lifetime),
            "jti": f"{person.token_generation}.{secrets.token_urlsafe(3)[:3]}.{_born(person)}",
        }
        if session_id is not None:
            claims["sid"] = session_id
        while len(token := self._sign(claims)) > _LONGEST:
            if claims["name"]:
                claims["name"] = claims["name"][:-1]
            else:
                del claims["name"]  # the highest ids leave no room even for an empty name
        return token

    def read(self, token: str) -> Claims | None:
        """Return the claims of `token`, or None if it is invalid or expired."""
        if len(token) > _LONGEST:
            return None
        try:
            claims = self._decode(token)
            first, *others = claims["jti"].split(".")
            person_id, generation = int(claims["sub"]), int(first)
            session_id = claims.get("sid")
        # UnicodeError, of a lone surrogate, is a ValueError.
        except (
            jwt.PyJWTError,
            ValueError,
            RecursionError,
        ):
            return None
        if session_id is not None and not (type(session_id) is int and 0 < session_id <= _HIGHEST_ID):
            return None
        if not 0 < person_id <= _HIGHEST_ID:
            return None
        return Claims(
            person_id, generation, session_id, claims["exp"], others[1] if len(others) > 1 else None
        )

    def has_expired(self, token: str) -> bool:
        """Whether `token` is valid except that it has expired."""
        if len(token) > _LONGEST:
            return False
        try:
            self._decode(token)
        except jwt.ExpiredSignatureError:
            return True
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return False

    def derive(self, purpose: bytes, value: bytes) -> bytes:
        """Return a 32-byte MAC of `value` under the secret; each `purpose` has a key of its own.

        A purpose contains spaces, so it can't be the signed part of a token.
        """
        return _derived(self._secrets[0], purpose, value)

    def accepted(self, purpose: bytes, value: bytes) -> list[bytes]:
        """Return the MACs of `value` to accept: derive()'s first, then that under the previous secret, if any."""
        return [_derived(secret, purpose, value) for secret in self._secrets]

    def _sign(self, claims: dict[str, Any]) -> str:
        # RFC 7519 makes `typ` optional; without it there is more room for the name.
        return jwt.encode(claims, self._keys[0], _ALGORITHM, headers={"typ": None}, json_encoder=_Utf8Encoder)

    def _decode(self, token: str) -> dict[str, Any]:
        own, *others = self._keys
        try:
            return jwt.decode(token, own, algorithms=[_ALGORITHM], options=_OPTIONS)
        except jwt.InvalidSignatureError:
            for other in others:
                return jwt.decode(token, other, algorithms=[_ALGORITHM], options=_OPTIONS)
            raise

    @cached_property
    def _keys(self) -> list[jwt.PyJWK]:
        # Made for the first token: commands have no secret and use no tokens.
        return [_key(secret) for secret in self._secrets]


def _key(secret: str) -> jwt.PyJWK:
    encoded = base64url_encode(secret.encode()).decode()
    key = jwt.PyJWK({"kty": "oct", "k": encoded, "alg": _ALGORITHM})
    key.Algorithm = _CheckedOnce(secret)
    return key


def _derived(secret: str, purpose: bytes, value: bytes) -> bytes:
    return hmac.digest(hmac.digest(secret.encode(), purpose, "sha256"), value, "sha256")


def _born(person: Person) -> str:
    """Return four letters of the account's creation time: a token has no room for all of it."""
    return urlsafe_b64encode((int(person.created_at) % (1 << 24)).to_bytes(3)).decode()


class _CheckedOnce(HMACAlgorithm):
    """HS256 with one key, checked once. PyJWT would check for each token that the key is not an asymmetric one."""

    def __init__(self, secret: str) -> None:
        super().__init__(HMACAlgorithm.SHA256)
        self._key = super().prepare_key(secret)

    def prepare_key(self, key: str | bytes) -> bytes:
        return self._key


class _Utf8Encoder(json.JSONEncoder):
    """JSON without escapes of letters: an escape takes six bytes, UTF-8 two to four."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - json.JSONEncoder's own options
        super().__init__(**{**options, "ensure_ascii": False})
