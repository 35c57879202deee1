"""Values of payloads, whatever their senders put there, and how they become texts. All of it is sync and pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from chat.domain.text.rules import TEXT_LENGTH

LABEL_LENGTH = 40
"""Characters of a label."""

MOST_ITEMS = 10
"""Alerts, commits, embeds or attachments that one message lists."""

LONGEST_PART = 1500
"""Characters of one part of a message: a description, or the text of one alert."""

_LONGEST_ADDRESS = 1000
_LINKED = ("http://", "https://", "mailto:")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Controls, and those that turn the direction of the text behind them."""
_BLANKS = re.compile(r"\s+")

Payload = Mapping[str, Any]


class Content(msgspec.Struct, frozen=True):
    """What a payload says: a text in our Markdown, and the name under which its sender wants to appear."""

    text: str
    label: str = ""


class Unreadable(Exception):
    """A payload without a message. `word` is the answer, `reason` is for people who look after the hook."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word
        self.reason = reason


class Reader(msgspec.Struct, frozen=True):
    """How texts are read. `may_mention`: the hook may mention people, so signs for everybody become `@all`."""

    may_mention: bool = False

    @property
    def everybody(self) -> str:
        """The text for a mention of everybody."""
        return "@all" if self.may_mention else "@here"


def text_of(value: object) -> str:
    """Return a value as text: of a string without controls, of a number its digits, of anything else nothing."""
    match value:
        case str():
            clean = _CONTROLS.sub("", value.replace("\r\n", "\n"))
            return clean.encode("utf-8", "replace").decode().strip()
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)[:100]
    return ""


def line_of(value: object, most: int = 200) -> str:
    """Return a value as one line of at most so many characters."""
    return shortened(_BLANKS.sub(" ", text_of(value)), most)


def dict_of(value: object) -> Payload:
    """Return a value if it is an object, or else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """Return a value if it is a list, or else an empty one."""
    return value if isinstance(value, list) else []


def shortened(text: str, most: int) -> str:
    """Return the text, or its beginning and `…`."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def label_of(value: object) -> str:
    """Return a name to appear under: one short line without the signs by which messages mention or are labelled."""
    seen = "".join(
        char
        for char in line_of(value)
        if char not in "‹›@" and unicodedata.category(char) not in ("Cf", "Co")
    )
    return shortened(_BLANKS.sub(" ", seen).strip(), LABEL_LENGTH)


def address_of(value: object) -> str:
    """Return a value if it is the address of a page or a mailbox, or else nothing: `javascript:` is none."""
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > _LONGEST_ADDRESS or not text.lower().startswith(_LINKED) or not text.isprintable():
        return ""
    return quote(text, safe="!#$%&'*+,-./:;=?@_~[]")


def link(text: object, address: object) -> str:
    """Return a link, or the text where there is no address."""
    shown, target = line_of(text), address_of(address)
    if not target:
        return shown
    if not shown or shown == address:
        return target
    return f"[{shown.replace('[', '(').replace(']', ')')}]({target})"


def bold(text: str) -> str:
    """Return a line in bold; a text with asterisks or a link stays as it is."""
    return f"**{text}**" if text and "*" not in text else text


def field(name: str, value: str) -> str:
    """Return a value with its name in bold, or the one of them that there is. A block of code begins a line."""
    blank = "\n" if value.startswith("```") else " "
    return f"{bold(name)}:{blank}{value}" if name and value else name or value


def code(value: object) -> str:
    """Return one line as code."""
    text = line_of(value, 100).replace("`", "'")
    return f"`{text}`" if text else ""


def lines(parts: Iterable[str]) -> str:
    """Return the parts that are not empty, each on lines of its own."""
    return "\n".join(part for part in parts if part)


def words(*parts: str) -> str:
    """Return the parts that are not empty, with spaces between them."""
    return " ".join(part for part in parts if part)


def with_rest(items: list[str], count: int) -> list[str]:
    """Return the items, and how many more there were."""
    return [*items, f"… {count - len(items)} more"] if count > len(items) else items


def message_text(content: Content) -> str:
    """Return the text of the message: the label as `‹label›` before it, and no more than a message may have."""
    before = f"‹{content.label}› " if content.label else ""
    text = shortened(_CONTROLS.sub("", content.text).strip(), TEXT_LENGTH - len(before))
    return f"{before}{text}"
