"""Words that hold a message for review: which texts have one, and which writes are asked. All of it is sync.

A text and a word are compared as sequences of tokens, so that `ass` is not in `class`: a run of letters, marks and
digits is a token, and in scripts that write without spaces each character is one. There are no patterns, and a text is
split in linear time.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from chat.domain.entities import Draft, MessageKind
from chat.domain.features import Port
from chat.domain.messages.changes import Edit, Write
from chat.domain.refusals import Code, Refusal

MOST_WORDS = 1000
LONGEST_WORD = 60
"""Characters of a word or a phrase."""

MOST_HELD = 20
"""Messages of one person that wait for review at a time."""

HELD = Refusal(
    Code.FORBIDDEN,
    "held for review: moderators look at it before others see it",
    reason="held_for_review",
)
REMOVED = Refusal(Code.FORBIDDEN, "moderators have removed this message", reason="removed_in_review")
TOO_MANY_HELD = Refusal(
    Code.TOO_MANY, f"{MOST_HELD} of your messages wait for review already", reason="too_many_held"
)

# Thai and Lao, Burmese, Khmer, Japanese, Chinese; Korean attaches particles to its words.
_SINGLE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3098\u309b-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
    "\u0980-\u0983\u09bc-\u09d7\u0a01-\u0a03\u0a3c-\u0a51\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57"
    "\u0b82\u0bbe-\u0bd7\u0c00-\u0c04\u0c3c-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d57"
    "\u0d81-\u0d83\u0dca-\u0df3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
_ASCII_TOKEN = re.compile("[a-z0-9]+")
_TOKEN = re.compile(f"[{_SINGLE}]|[^\\W_{_SINGLE}]+(?:[{_MARKS}]+[^\\W_{_SINGLE}]*)*")
_TOO_MANY_MARKS = re.compile(f"([{_MARKS}]{{8}})[{_MARKS}]+")
"""Sorting a letter's marks, as NFKC does, takes quadratic time."""

_UNSEEN: dict[int, str | None] = dict.fromkeys(
    (0xAD, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))
)
"""Soft hyphen, joiners, directions: they would hide a word."""
_UNSEEN |= {0xFDFA: " ", 0xFDFB: " "}  # NFKC makes phrases of them: 4,000 would become 72,000 characters

_END = ""
"""The key of a word's end in the tree: no token is empty."""


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a text, without case, width and characters that are not seen."""
    if text.isascii():
        return _ASCII_TOKEN.findall(text.lower())
    seen = _TOO_MANY_MARKS.sub(r"\1", text.translate(_UNSEEN))
    return _TOKEN.findall(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()))


class WordList:
    """Words and phrases, as a tree of their tokens."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._tree: dict[str, Any] = {}
        for word in words:
            node = self._tree
            for token in tokens_of(word):
                node = node.setdefault(token, {})
            if node is not self._tree:
                node[_END] = word

    def __bool__(self) -> bool:
        return bool(self._tree)

    def find(self, text: str) -> str | None:
        """Return the first word of the list that the text has."""
        tree = self._tree
        if not tree:
            return None
        tokens = tokens_of(text)
        for first, token in enumerate(tokens):
            node, last = tree.get(token), first
            while node is not None:
                if _END in node:
                    found: str = node[_END]
                    return found
                last += 1
                node = node.get(tokens[last]) if last < len(tokens) else None
        return None


def is_reviewed(write: Write) -> TypeGuard[Draft | Edit]:
    """Whether the words apply to such a write: a text in the lobby or a room; not in direct or support rooms."""
    if type(write) is Draft:
        return write.kind is MessageKind.TEXT and write.people is None
    return type(write) is Edit and write.people is None


class Asked(NamedTuple):
    """A write whose text has a word of the list."""

    write: Draft | Edit
    word: str


class Review:
    """The words as this server knows them, and who learns that a message is held. One for each storage."""

    def __init__(self) -> None:
        self._words = WordList()
        self._on_held: list[Callable[[Collection[int]], object]] = []

    def replace(self, words: Iterable[str]) -> None:
        """Have these words from now on, and no others."""
        self._words = WordList(words)

    def asked(self, writes: Sequence[Write]) -> Mapping[int, Asked]:
        """Return those of these writes that have a word, by their place. Without words it costs nothing."""
        if not self._words:
            return {}
        return {
            nth: Asked(write, word)
            for nth, write in enumerate(writes)
            if is_reviewed(write) and (word := self._words.find(write.text)) is not None
        }

    def on_held(self, handler: Callable[[Collection[int]], object]) -> None:
        """Call `handler` with the ids of authors and moderators after messages were held."""
        self._on_held.append(handler)

    def notify(self, person_ids: Collection[int]) -> None:
        """Messages of or for these people are held now."""
        for handler in self._on_held if person_ids else ():
            handler(person_ids)


REVIEW = Port[Review]("review")
