"""The rules for new passwords, except where an older protocol's document has a rule of its own.

The list is the beginning of zxcvbn's list of the most common passwords, from 4.5.0 of its Python port (MIT License,
Dropbox and Daniel Wolf), without those that are too short anyway.
"""

from functools import cache
from pathlib import Path

from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import clean_password, same_name_key

LEAST = 8
"""Characters."""

_COMMON = Refusal(
    Code.INVALID,
    "this password is one of the first that are guessed: choose several words that don't belong together",
    field="password",
    reason="common_password",
)
_ADDED = "0123456789!?.,*#$%&@_-+ "
"""What people append to a word to make a stronger password."""


def clean_new_password(password: str, *, at_least: int = LEAST, name: str = "") -> bytes | Refusal:
    """Return the password's bytes to hash, or the refusal. It may not be guessable from the name. Sync.

    `at_least` is the configured minimum of characters; LEAST applies in any case.
    """
    least = max(at_least, LEAST)
    if len(password) < least:
        text = f"the password is shorter than {least} characters: use several words"
        return Refusal(Code.INVALID, text, field="password", reason="short_password")
    raw = clean_password(password, at_least=least)
    return _COMMON if isinstance(raw, bytes) and is_easily_guessed(password, name) else raw


def is_easily_guessed(password: str, name: str = "") -> bool:
    """Whether a password is common, is the person's name, or has at most two different characters. Sync."""
    plain = password.casefold()
    word = plain.rstrip(_ADDED)
    known = _common()
    return plain in known or word in known or _is_only(name, plain) or len(set(plain)) <= 2


def _is_only(name: str, plain: str) -> bool:
    """Whether a password is only a name, once or repeated, and usual additions."""
    key = same_name_key(name)
    return bool(key) and not same_name_key(plain).replace(key, "").strip(_ADDED)


@cache
def _common() -> frozenset[str]:
    """Return the list, which is read at the first use, in a tenth of a millisecond."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split())
