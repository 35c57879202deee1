"""The codes of mailed links: 32 random bytes, of which the database has a digest. Sync."""

import hashlib
import secrets


def new_code(mark: str) -> str:
    """Return a new code, which begins with `mark`: so a code is of use for one purpose only."""
    return mark + secrets.token_urlsafe(32)


def digest_of(code: str) -> bytes:
    """Return the digest by which a code is stored. Pure."""
    return hashlib.sha256(code.encode()).digest()
