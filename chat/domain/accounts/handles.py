"""Unique names for people whose chosen names may be taken."""

import secrets
from collections.abc import Iterator

from chat.domain.text.rules import NAME_LENGTH


def handles(name: str) -> Iterator[str]:
    """Yield the names to try for `name`: itself, then with longer and longer random numbers."""
    yield name
    for digits in (1, 2, 4, 8):
        number = str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))
        yield f"{name[: NAME_LENGTH - 1 - digits].rstrip()}-{number}"
