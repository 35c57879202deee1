"""Mentions in texts: `@` and the longest name of a member of the room, in any case. All of it is sync and pure."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from chat.domain.entities import Draft, Message, MessageKind
from chat.domain.messages.changes import Edit, Write
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import LONGEST_SPELLING, NAME_LENGTH, may_stand_in_a_name, same_name_key

ALL = 0
"""Stands for everybody in the room; no person has this id."""

ALL_KEY = "all"
"""The name key by which everybody is mentioned."""

MOST_MENTIONS = 50
"""People whom one message can mention; further ones are ignored."""

MOST_MEMBERS = 20
"""Members of a room up to which every member may mention everybody; in larger rooms only moderators may."""

_MOST_NAMES = 256
"""Candidate names of one text that are looked up. Usual texts have few; a text made for it has 2,000."""

NO_SUCH_REPLY = Refusal(
    Code.INVALID, "there is no such message to reply to", field="reply", reason="no_reply_target"
)


def refers(write: Write) -> TypeGuard[Draft | Edit]:
    """Whether a write may mention somebody or replies to a message, which needs a look-up."""
    if isinstance(write, Draft):
        return write.reply is not None or ("@" in write.text and write.kind is MessageKind.TEXT)
    return isinstance(write, Edit) and "@" in write.text


def author_of(write: Draft | Edit) -> int:
    """Return the author of a draft or an edit."""
    return write.sender_id if isinstance(write, Draft) else write.actor_id


def possible_names(text: str) -> list[tuple[str, ...]]:
    """Return the possible names after each `@`, longest first, as keys of names.

    An `@` after a letter or a digit, as in an email address, mentions nobody. A name ends at the end of a word.
    """
    places: list[tuple[str, ...]] = []
    left, at = _MOST_NAMES, text.find("@")
    while at >= 0 and left > 0 and len(places) < MOST_MENTIONS:
        if at == 0 or not text[at - 1].isalnum():
            names = tuple(reversed(list(_names_at(text[at + 1 : at + 1 + LONGEST_SPELLING]))[:left]))
            left -= len(names)
            if names:
                places.append(names)
        at = text.find("@", at + 1)
    return places


def _names_at(rest: str) -> Iterator[str]:
    """Yield the keys of the names with which a text may begin, shortest first."""
    if not rest.isascii():
        rest = unicodedata.normalize("NFC", rest)
    for end in range(1, min(NAME_LENGTH, len(rest)) + 1):
        if not may_stand_in_a_name(rest[end - 1]):
            return
        is_over = end == len(rest) or not _continues_a_word(rest[end])
        if is_over and rest[end - 1] != " ":
            yield same_name_key(rest[:end])


def _continues_a_word(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def mentioned(
    places: Sequence[tuple[str, ...]], people: Mapping[str, int], *, may_mention_all: bool
) -> tuple[int, ...]:
    """Return the mentioned people in text order; `people` are the room's, by the keys of their names."""
    found: dict[int, None] = {}
    for names in places:
        for name in names:
            if name == ALL_KEY and may_mention_all:
                found[ALL] = None
                break
            if name in people:
                found[people[name]] = None
                break
    return tuple(found)


def mentions(message: Message, person_id: int) -> bool:
    """Whether a message by somebody else mentions the person."""
    return message.sender_id != person_id and not {ALL, person_id}.isdisjoint(message.mentions)
