"""Unique names for people whose names others may have too."""

import secrets
from collections.abc import Iterator

from chat.domain.rules import NAME_LENGTH


def handles(name: str) -> Iterator[str]:
    """Names to try for somebody who wants to be called `name`: that, then with a number that grows."""
    yield name
    for digits in (1, 2, 4, 8):
        number = str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))
        yield f"{name[: NAME_LENGTH - 1 - digits].rstrip()}-{number}"
