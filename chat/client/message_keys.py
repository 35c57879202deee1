"""Keys of messages: unique for their sender, and those of one time beside each other in the server's index."""

import base64
import secrets
import time

_TIME = 1 << 40
"""Milliseconds after which the times repeat: 34 years."""

_RANDOM = 7
"""Random characters, of six bits each."""


def new_key() -> str:
    """Return a key: the time in milliseconds, as eight digits of base 32, and random characters. Sync.

    Each key is an entry of an index. Random ones would change another page of it for each message, and PostgreSQL
    writes a page whole to its log after a checkpoint.
    """
    at = base64.b32hexencode((time.time_ns() // 1_000_000 % _TIME).to_bytes(5, "big")).decode().lower()
    return at + secrets.token_urlsafe(_RANDOM)[:_RANDOM]
