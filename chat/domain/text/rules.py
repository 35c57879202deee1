"""The rules for names, email addresses, passwords and texts, and the comparison of names.

Each `clean_*` takes a client's input and returns it normalised, or the refusal that names the violated rule.
Source: "Common to all" of the protocol pages; bcrypt uses the first 72 bytes only.
"""

import unicodedata
from functools import cache

from chat.domain.refusals import Code, Refusal
from chat.domain.text.skeletons import mixes_scripts, name_skeletons

NAME_LENGTH = 64
EMAIL_LENGTH = 254
"""RFC 5321's limit on a forward path, without its brackets."""
LONGEST_SPELLING = 4 * NAME_LENGTH
"""The most characters of a name or an email address before normalisation: a composed letter has at most four (U+1F82).

Longer input is not normalised, because that takes quadratic time over marks in the wrong order: 3 s for 32,000 of
them, 0.2 ms for this many.
"""
TEXT_LENGTH = 4000
TOPIC_LENGTH = 500
PASSWORD_BYTES = 72
RESERVED = frozenset({"server"})
"""The sender's name of the server's own messages."""
_NOBODYS = ("all", "everyone", "here", "channel", "system")
"""Names that readers would take for everybody in a room, or for the server: no account may have one."""
_OF_THE_STAFF = ("admin", "administrator", "moderator", "operator", "owner", "support", "root")
"""Names that suggest a role: only admins, or an operator of the server on its command line, may give them."""
_VISITOR = "visitor-"
"""The prefix of the names of visitors of the support widget."""

_BAD_NAME = Refusal(
    Code.INVALID,
    f"a name has 1 to {NAME_LENGTH} letters, digits, '_', '.', '-' and single spaces between them",
    field="name",
    reason="bad_name",
)
_BAD_ROOM_NAME = Refusal(
    Code.INVALID,
    _BAD_NAME.text.replace("a name has", "a room's name has"),
    field="name",
    reason="bad_room_name",
)
_RESERVED_NAME = Refusal(Code.INVALID, "that name is reserved", field="name", reason="reserved_name")
_MIXED_NAME = Refusal(
    Code.INVALID,
    "a name has letters of one script, as Latin or Cyrillic, not of several",
    field="name",
    reason="mixed_name",
)
_BAD_LABEL = Refusal(Code.INVALID, "it has characters that can't be shown", field="name", reason="bad_label")
_BAD_EMAIL = Refusal(Code.INVALID, "that is not an email address", field="email", reason="bad_email")
EMPTY_TEXT = Refusal(Code.INVALID, "the message is empty", field="text", reason="empty_text")
_LONG_TEXT = Refusal(
    Code.INVALID, f"the message is longer than {TEXT_LENGTH} characters", field="text", reason="long_text"
)
_BAD_TEXT = Refusal(
    Code.INVALID,
    "the message has characters that can't be kept (NUL, lone surrogates)",
    field="text",
    reason="bad_text",
)
_BAD_TOPIC = Refusal(
    Code.INVALID,
    f"a topic has at most {TOPIC_LENGTH} characters, no NUL and no lone surrogate",
    field="topic",
    reason="bad_topic",
)
_LONG_PASSWORD = Refusal(
    Code.INVALID,
    f"the password is longer than {PASSWORD_BYTES} bytes",
    field="password",
    reason="long_password",
)
_BAD_PASSWORD = Refusal(
    Code.INVALID, "the password has characters that can't be used", field="password", reason="bad_password"
)


def same_name_key(name: str) -> str:
    """Return the key under which spellings of one name (or email address) are equal: NFC, case-folded.

    Takes any text. A text that is too long for a name has the empty key, which no name has.
    """
    if len(name) > LONGEST_SPELLING:
        return ""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def clean_name(name: str, *, own: str = "", is_given: bool = False) -> str | Refusal:
    """Return a person's `name` in NFC, or the refusal.

    Args:
        name: The wanted name.
        own: The person's current name, which they may keep even if it is reserved.
        is_given: Whether an admin or the command line gives the name: these may give a role's name.
    """
    well_formed = _well_formed(name)
    if well_formed is None:
        return _BAD_NAME
    is_own = bool(own) and same_name_key(well_formed) == same_name_key(own)
    if not is_own and _is_reserved(well_formed, is_given=is_given):
        return _RESERVED_NAME
    return _MIXED_NAME if mixes_scripts(well_formed) else well_formed


def _is_reserved(name: str, *, is_given: bool) -> bool:
    looks = set(name_skeletons(name))
    if looks & _looks_of(*RESERVED, *_NOBODYS):
        return True
    if any(look.startswith(tuple(_looks_of(_VISITOR))) for look in looks):
        return True
    return not is_given and bool(looks & _looks_of(*_OF_THE_STAFF))


@cache
def _looks_of(*names: str) -> frozenset[str]:
    return frozenset(look for name in names for look in name_skeletons(name))


def clean_room_name(name: str) -> str | Refusal:
    """Return a room's `name` in NFC, or the refusal. It may mix scripts: a room impersonates nobody."""
    well_formed = _well_formed(name)
    if well_formed is None:
        return _BAD_ROOM_NAME
    return _RESERVED_NAME if same_name_key(well_formed) in RESERVED else well_formed


def _well_formed(name: str) -> str | None:
    """Return `name` in NFC if its length, characters and spaces are valid, else None."""
    if not 1 <= len(name) <= LONGEST_SPELLING:
        return None
    name = unicodedata.normalize("NFC", name)
    if len(name) > NAME_LENGTH or name != name.strip(" ") or "  " in name:
        return None
    if not all(map(may_stand_in_a_name, name)) or unicodedata.category(name[0])[0] == "M":
        return None
    return name


_INVISIBLE = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)]
) | frozenset(range(0xE0100, 0xE01F0))
"""Invisible letters and marks (Unicode's Default_Ignorable_Code_Point): with them two names would look the same."""


def may_stand_in_a_name(char: str) -> bool:
    """Whether a name may have this character."""
    # Marks (M) are parts of letters in many scripts. Of the numbers only digits (Nd) are allowed.
    if char in " _.-":
        return True
    category = unicodedata.category(char)
    return (category[0] in "LM" or category == "Nd") and ord(char) not in _INVISIBLE


def clean_label(label: str) -> str | Refusal:
    """Return `label` (a person's name for a device or program of theirs) trimmed, or the refusal."""
    label = label.strip()
    return label if label.isprintable() else _BAD_LABEL


def clean_email(email: str) -> str | Refusal:
    """Return `email` in NFC, or the refusal. Does not check whether the address can receive mail."""
    email = email.strip()
    if len(email) > EMAIL_LENGTH:
        return _BAD_EMAIL
    email = unicodedata.normalize("NFC", email)
    local, at, domain = email.rpartition("@")
    if not (at and local and domain) or len(email) > EMAIL_LENGTH:
        return _BAD_EMAIL
    if any(c.isspace() or unicodedata.category(c)[0] == "C" for c in email):
        return _BAD_EMAIL
    return email


def clean_text(text: str, *, may_be_empty: bool = False) -> str | Refusal:
    """Return a message's `text` trimmed, or the refusal. `may_be_empty`: the message has files instead."""
    text = text.strip()
    if not text and not may_be_empty:
        return EMPTY_TEXT
    if len(text) > TEXT_LENGTH:
        return _LONG_TEXT
    if "\0" in text or not _encodes(text):
        return _BAD_TEXT
    return text


def clean_topic(topic: str) -> str | Refusal:
    """Return a room's `topic` trimmed, or the refusal; it may be empty."""
    topic = topic.strip()
    if len(topic) > TOPIC_LENGTH or "\0" in topic or not _encodes(topic):
        return _BAD_TOPIC
    return topic


def clean_password(password: str, *, at_least: int) -> bytes | Refusal:
    """Return the password's bytes to hash, or the refusal. `at_least` is the minimum length in characters."""
    if len(password) < at_least:
        return Refusal(
            Code.INVALID,
            f"the password is shorter than {at_least} characters",
            field="password",
            reason="short_password",
        )
    if len(password) > PASSWORD_BYTES:
        return _LONG_PASSWORD
    if "\0" in password or not _encodes(password):
        return _BAD_PASSWORD
    raw = password.encode()
    return raw if len(raw) <= PASSWORD_BYTES else _LONG_PASSWORD


def _encodes(text: str) -> bool:
    """Whether `text` has no lone surrogate, which JSON can carry and UTF-8 can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
