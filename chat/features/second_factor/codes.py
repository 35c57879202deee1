"""Codes by time (RFC 6238) and recovery codes. Everything but the making of secrets is pure."""

import hashlib
import hmac
import secrets
from base64 import b32encode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP = 30
"""Seconds for which a code is shown."""

DIGITS = 6
_EARLY_OR_LATE = 1
"""Steps by which a phone's clock may differ from the server's."""

_SECRET = 20
"""Bytes, as RFC 4226 recommends."""

RECOVERY_CODES = 10
_RECOVERY = 16
"""Characters of a recovery code, of 5 bits each."""


def new_secret() -> bytes:
    """Return a random secret."""
    return secrets.token_bytes(_SECRET)


def written(secret: bytes) -> str:
    """Return a secret as people type it into an app."""
    return b32encode(secret).decode()


def uri_of(secret: bytes, name: str, server_name: str) -> str:
    """Return the `otpauth:` address of a secret, which a QR code shows to an app."""
    totp = TOTP(secret, DIGITS, SHA1(), STEP)  # of SHA-1, for many apps know no other
    uri = totp.get_provisioning_uri(name.replace(":", " "), server_name.replace(":", " ") or "chat")
    return uri.replace("+", "%20")  # some apps show a plus


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step, which is Unix time / 30 s."""
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()


def step_of(secret: bytes, code: str, now: float) -> int | None:
    """Return the step whose code this is, at a Unix time or one step beside it; None: it is wrong."""
    current = int(now) // STEP
    steps = range(current - _EARLY_OR_LATE, current + _EARLY_OR_LATE + 1)
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step), code)]
    return found[-1] if found else None


def is_by_time(code: str) -> bool:
    """Whether a cleaned code has the form of one by time; others may be recovery codes."""
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def clean(code: str) -> str:
    """Return a code without the spaces and hyphens that people type, in lower case."""
    return "".join(letter for letter in code if not letter.isspace() and letter != "-").lower()


def new_recovery_codes() -> list[str]:
    """Return ten random codes, as `abcd-efgh-ijkl-mnop`."""
    return [
        _in_groups(written(secrets.token_bytes(_RECOVERY * 5 // 8)).lower()) for _ in range(RECOVERY_CODES)
    ]


def digest_of(person_id: int, code: str) -> bytes:
    """Return the digest by which a cleaned recovery code is stored. The code is long and random, so no slow hash."""
    return hashlib.sha256(f"{person_id} {code}".encode("utf-8", "surrogatepass")).digest()


def _in_groups(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
