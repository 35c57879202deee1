"""The one token of all dialects: a JWT (RFC 7519) signed with HS256 and shorter than 255 characters.

Claims: `sub` (user id as text), `name`, `UID` (number), `iat`, `exp`, `jti`, and `sid` (number) where it is of a
session. A `jti` is "generation.random.born": raising a person's generation revokes every token issued before, and
`born` (by the second in which their account was made) keeps it from whoever has that id after a backup was restored. A
token of a session is good as long as that lasts.
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
"""Characters: the support desk's database keeps tokens in a VARCHAR(255)."""
_OPTIONS: Options = {
    "require": ["sub", "iat", "exp", "jti"],
    # A clock that was set back would lock out everybody who logged in shortly before.
    "verify_iat": False,
}
_HIGHEST_ID = 2**63 - 1


class Claims(msgspec.Struct, frozen=True):
    """What a token says that matters: whose it is, of which generation, and of which session, if of any.

    `expires_at` is in Unix seconds. `born` says when the account was made; older tokens do not.
    """

    person_id: int
    generation: int
    session_id: int | None = None
    expires_at: float = 0.0
    born: str | None = None

    def is_of(self, person: Person) -> bool:
        """Whether it is a token of this person, and no older one than is good."""
        is_that = self.born in (None, _born(person))
        return is_that and person.id == self.person_id and person.token_generation == self.generation


class Tokens:
    """Issues and reads tokens. `lifetime` is in seconds; the secret has 32 bytes or more."""

    def __init__(self, secret: str, lifetime: float) -> None:
        self._secret = secret
        self._lifetime = lifetime

    def issue(self, person: Person, *, session_id: int | None = None, lifetime: float | None = None) -> str:
        """Return a new token for `person`, of that session if there is one; `lifetime` is in seconds.

        The name in it is shortened where the whole would get too long; nothing depends on it but `sub` does.
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
                del claims["name"]  # the highest ids of all leave no room for an empty one
        return token

    def read(self, token: str) -> Claims | None:
        """Return what `token` says, or None unless it is ours, unexpired and whole."""
        if len(token) > _LONGEST:
            return None
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM], options=_OPTIONS)
            first, *others = claims["jti"].split(".")
            person_id, generation = int(claims["sub"]), int(first)
            session_id = claims.get("sid")
        except (
            jwt.PyJWTError,
            ValueError,
            RecursionError,
        ):  # UnicodeError, of a lone surrogate, is a ValueError
            return None
        if session_id is not None and not (type(session_id) is int and 0 < session_id <= _HIGHEST_ID):
            return None
        if not 0 < person_id <= _HIGHEST_ID:
            return None
        return Claims(
            person_id, generation, session_id, claims["exp"], others[1] if len(others) > 1 else None
        )

    def has_expired(self, token: str) -> bool:
        """Whether `token` is ours and whole, and only its time is over."""
        if len(token) > _LONGEST:
            return False
        try:
            jwt.decode(token, self._key, algorithms=[_ALGORITHM], options=_OPTIONS)
        except jwt.ExpiredSignatureError:
            return True
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return False

    def derive(self, purpose: bytes, value: bytes) -> bytes:
        """Return 32 bytes that only who has the secret can make of `value`; each `purpose` has a key of its own.

        A purpose has spaces, so it is nothing that a token is signed for.
        """
        return hmac.digest(hmac.digest(self._secret.encode(), purpose, "sha256"), value, "sha256")

    def _sign(self, claims: dict[str, Any]) -> str:
        # Without `typ`, which RFC 7519 leaves open, there is more room for the name.
        return jwt.encode(claims, self._key, _ALGORITHM, headers={"typ": None}, json_encoder=_Utf8Encoder)

    @cached_property
    def _key(self) -> jwt.PyJWK:
        # Made for the first token that is read or issued: the commands have no secret, and no tokens.
        encoded = base64url_encode(self._secret.encode()).decode()
        key = jwt.PyJWK({"kty": "oct", "k": encoded, "alg": _ALGORITHM})
        key.Algorithm = _CheckedOnce(self._secret)
        return key


def _born(person: Person) -> str:
    """Return four letters that tell accounts apart that had one id: a token has no room for all of the time."""
    return urlsafe_b64encode((int(person.created_at) % (1 << 24)).to_bytes(3)).decode()


class _CheckedOnce(HMACAlgorithm):
    """HS256 with one key. PyJWT has OpenSSL look, for each token, whether the key is an asymmetric one."""

    def __init__(self, secret: str) -> None:
        super().__init__(HMACAlgorithm.SHA256)
        self._key = super().prepare_key(secret)

    def prepare_key(self, key: str | bytes) -> bytes:
        return self._key


class _Utf8Encoder(json.JSONEncoder):
    """JSON that writes letters as they are: an escape takes six bytes, UTF-8 two to four."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - json.JSONEncoder's own options
        super().__init__(**{**options, "ensure_ascii": False})
