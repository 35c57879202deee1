"""Messages as rows of a screen. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime

from chat.cli.talk.pending import Pending
from chat.cli.talk.width import Row, Span, clean, clip, wrap
from chat.client import Message

INDENT = 6
"""Columns of the time, under which a text goes on."""


def message_rows(message: Message, before: Message | None, me: int, my_name: str, most: int) -> list[Row]:
    """Return the rows of a message, and above it that of its day where that begins with it. Sync and pure.

    Args:
        message: as it is now.
        before: the one before it, where it is held.
        me, my_name: who reads it.
        most: columns of a row.
    """
    when = _local(message.at)
    rows = []
    if before is None or _local(before.at).date() != when.date():
        rows.append(_line(f" {when:%A, %d %B %Y} ", most))
    time: Span = ("time", f"{when:%H:%M} ")
    name = clean(message.sender.name).replace("\n", " ")
    if message.kind == "join":
        return rows + wrap([time, ("time", f"{name} joined")], most, INDENT)
    who: Span = ("own" if message.sender.id == me else "name", f"{name}: ")
    if message.deleted is not None:
        return rows + wrap([time, who, ("time", "(deleted)")], most, INDENT)
    text = list(mentioning(clean(message.text), my_name))
    if message.edited is not None:
        text.append(("time", " (edited)"))
    rows += wrap([time, who, *text], most, INDENT)
    if message.reactions:
        told = "  ".join(f"{clean(each.emoji)} {each.count}" for each in message.reactions)
        rows += wrap([("", " " * INDENT), ("reaction", told)], most, INDENT)
    return rows


def pending_rows(pending: Pending, my_name: str, most: int) -> list[Row]:
    """Return the rows of a message that is not saved yet, or was refused. Sync and pure."""
    text = clean(pending.text)
    if pending.refused is None:
        return wrap([("pending", f"  ... {clean(my_name)}: {text}")], most, INDENT)
    return wrap(
        [("error", f"  !!! {text}"), ("error", f" (not sent: {clean(pending.refused)})")], most, INDENT
    )


def new_line(most: int) -> Row:
    """Return the row above what is new. Sync and pure."""
    return _line(" new ", most)


def mentioning(text: str, name: str) -> Iterator[Span]:
    """Split a text at the places where somebody is named. Sync and pure."""
    at = 0
    for found in re.finditer(rf"@(?:{re.escape(name)}|all)(?!\w)", text, re.IGNORECASE):
        if text[at : found.start()]:
            yield "", text[at : found.start()]
        yield "mention", found[0]
        at = found.end()
    if text[at:]:
        yield "", text[at:]


def _line(text: str, most: int) -> Row:
    text = clip(text, most)
    return (
        (("time", "──" + text + "─" * (most - len(text) - 2)),) if most > len(text) + 2 else (("time", text),)
    )


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000).astimezone()
