"""A mail's text without what it repeats: the new words, the quoted history, and the signature. Sync and pure."""

import re
from typing import NamedTuple

_INTRODUCTION = re.compile(
    r"(on|am|le|el|em|a|в|вс|пн|вт|ср|чт|пт|сб|\d).{4,300}"
    r"(wrote|schrieb.{0,80}|écrit|escribió|escreveu|пишет|написал\(?а?\)?|写道)\s?[:：]",
    re.IGNORECASE,
)
"""The line above a quote, by the clients of seven languages."""

_HISTORY = re.compile(
    r"-{2,}\s?(original message|ursprüngliche nachricht|message d.origine|mensaje original|mensagem original"
    r"|исходное сообщение|原始邮件|forwarded message)\s?-{2,}|_{20,}",
    re.IGNORECASE,
)
"""The line from which on everything is history."""

_LONGEST_LINE = 1000


class Split(NamedTuple):
    """The parts of a text; each may be empty."""

    new: str
    quoted: str
    signature: str


def split_text(text: str) -> Split:
    """Return the parts of a mail's text. An answer between quoted lines stays where it is."""
    lines = text.strip().split("\n")
    end = _end_of_new(lines)
    new, quoted = lines[:end], lines[end:]
    signature: list[str] = []
    for at, line in enumerate(new):
        if line in ("-- ", "--") and len(new) - at <= 20:
            new, signature = new[:at], new[at + 1 :]
            break
    if not any(line.strip() and not line.startswith(">") for line in new):
        return Split(text.strip(), "", "")  # all of it is quoted: somebody forwards it
    return Split("\n".join(new).strip(), "\n".join(quoted).strip(), "\n".join(signature).strip())


def _end_of_new(lines: list[str]) -> int:
    """Return the first line of the history."""
    for at, line in enumerate(lines):
        if len(line) < _LONGEST_LINE and _HISTORY.fullmatch(line.strip()):
            return at
    # From the end: quoted lines and empty ones, and above them their introduction in one line or two.
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    if not any(line.startswith(">") for line in lines[end:]):
        return len(lines)
    for height in (1, 2):
        if end >= height:
            above = " ".join(line.strip() for line in lines[end - height : end])
            if len(above) < _LONGEST_LINE and _INTRODUCTION.fullmatch(above):
                return end - height
    return end
