"""Lines of IRC: parsing and writing them. Everything is sync and pure.

Source: RFC 1459 section 2.3, RFC 2812, and IRCv3's message tags (https://ircv3.net/specs/extensions/message-tags).
"""

import re
from collections.abc import Mapping

import msgspec

from chat.engine.dialect import Command
from chat.protocols.client import Misunderstood

LONGEST_LINE = 512
"""Bytes of a line without its tags, its end included (RFC 1459, section 2.3)."""

LONGEST_TAGS = 4096
"""Bytes of a client's tags, with `@` and the space behind them."""

MOST_PARAMETERS = 15

TOO_LONG = b"\n"
"""Stands for a line that was too long to keep; no line contains it."""

_ESCAPES = {"\\:": ";", "\\s": " ", "\\\\": "\\", "\\r": "\r", "\\n": "\n"}
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FORMATTING = re.compile(
    r"\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04[0-9A-Fa-f]{6}|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
"""Colours and styles of IRC clients (https://modern.ircdocs.horse/formatting)."""


class Line(Command, frozen=True, kw_only=True):
    """A command of a client. `verb` is in upper case."""

    verb: str
    params: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}


class Broken(msgspec.Struct, frozen=True):
    """Why a line could not be read: a code for programs, and a text."""

    code: str
    text: str


class BadLine(Command, frozen=True):
    """A line that could not be read. It has the tags that could be."""

    why: Broken
    tags: Mapping[str, str] = {}


INVALID_UTF8 = Broken("INVALID_UTF8", "the line is not UTF-8")
INVALID_CHARACTERS = Broken("INVALID_CHARACTERS", "the line has a NUL, or a CR before its end")
INPUT_TOO_LONG = Broken("INPUT_TOO_LONG", "the line is too long")
MALFORMED = Broken("MALFORMED", "the line has no command, or more than 15 parameters")


def parse(line: str | bytes) -> Line | BadLine | Misunderstood:
    """Return the command of a line without its end. Bytes are lines that are not UTF-8, or TOO_LONG."""
    if line == TOO_LONG:
        return BadLine(INPUT_TOO_LONG)
    text = line.decode(errors="replace") if isinstance(line, bytes) else line
    tags: Mapping[str, str] = {}
    rest = text
    if rest.startswith("@"):
        written, _, rest = rest[1:].partition(" ")
        if len(written.encode()) + 2 > LONGEST_TAGS:
            return BadLine(INPUT_TOO_LONG)
        tags = _parse_tags(written)
        rest = rest.lstrip(" ")
    if isinstance(line, bytes):
        return BadLine(INVALID_UTF8, tags)
    if "\0" in line or "\r" in line:
        return BadLine(INVALID_CHARACTERS, tags)
    if len(rest) > LONGEST_LINE - 2 or (not rest.isascii() and len(rest.encode()) > LONGEST_LINE - 2):
        return BadLine(INPUT_TOO_LONG, tags)
    if rest.startswith(":"):  # a client's source is ignored: the server knows who it is
        rest = rest.partition(" ")[2].lstrip(" ")
    head, colon, last = rest.partition(" :")
    verb, *params = head.split(" ") if not head.startswith(" ") else head.split()
    params = [each for each in params if each]
    if colon:
        params.append(last)
    is_word = verb.isascii() and (verb.isalnum() or verb.replace("_", "a").isalnum())
    if not is_word or len(params) > MOST_PARAMETERS:
        return BadLine(MALFORMED, tags)
    return Line(verb=verb.upper(), params=tuple(params), tags=tags)


def _parse_tags(written: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in written.split(";") if each)
    return {key: _unescaped(value) for key, _, value in pairs}


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[0], found[1]), value)


def escaped(value: str) -> str:
    """Return a tag's value as it is written."""
    for spelling, char in (("\\\\", "\\"), ("\\:", ";"), ("\\s", " "), ("\\r", "\r"), ("\\n", "\n")):
        value = value.replace(char, spelling)
    return value


def one_line(text: str) -> str:
    """Return a text without line ends and controls, as a parameter may have it."""
    return _CONTROLS.sub(" ", text) if _CONTROLS.search(text) else text


def without_formatting(text: str) -> str:
    """Return a text without the colours and styles of IRC clients."""
    return _FORMATTING.sub("", text)


def pieces(line: str, room: int) -> list[str]:
    """Split a line into pieces of at most `room` bytes, after a space if there is one in their second half."""
    if len(line) * 4 <= room or len(line.encode()) <= room:
        return [line]
    found, rest = list[str](), line
    while rest:
        raw = rest.encode()
        if len(raw) <= room:
            found.append(rest)
            break
        head = raw[:room].decode(errors="ignore")
        space = head.rfind(" ")
        if space > len(head) // 2:
            head = head[: space + 1]
        found.append(head)
        rest = rest[len(head) :]
    return found
