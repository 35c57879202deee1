"""Messages as rows of a screen. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chat.cli.room_names import label
from chat.cli.talk.pending import Pending
from chat.cli.talk.width import Row, Span, clean, clip, wrap
from chat.client import Hit, Message, Room

INDENT = 6
"""Columns of the time, under which a text goes on."""


def message_rows(
    message: Message, held: Mapping[int, Message], me: int, my_name: str, most: int
) -> list[Row]:
    """Return the rows of a message, above them whom it answers, and its day where that begins with it. Sync and pure.

    Args:
        message: as it is now.
        held: those of the room that are held, by `seq`.
        me, my_name: who reads it.
        most: columns of a row.
    """
    when = _local(message.at)
    rows = []
    before = held.get(message.seq - 1)
    if before is None or _local(before.at).date() != when.date():
        rows.append(_line(f" {when:%A, %d %B %Y} ", most))
    time: Span = ("time", f"{when:%H:%M} ")
    name = _name(message)
    if message.kind == "join":
        return rows + wrap([time, ("time", f"{name} joined")], most, INDENT)
    who: Span = ("own" if message.sender.id == me else "name", f"{name}: ")
    if message.deleted is not None:
        return rows + wrap([time, who, ("time", "(deleted)")], most, INDENT)
    rows += _answered(message.reply, held, most)
    text = list(mentioning(clean(shown_text(message)), _called(message, me, my_name)))
    if message.edited is not None:
        text.append(("time", " (edited)"))
    rows += wrap([time, who, *text], most, INDENT)
    if message.reactions:
        told = "  ".join(f"{clean(each.emoji)} {each.count}" for each in message.reactions)
        rows += wrap([("", " " * INDENT), ("reaction", told)], most, INDENT)
    return rows


def pending_rows(pending: Pending, held: Mapping[int, Message], my_name: str, most: int) -> list[Row]:
    """Return the rows of a message that is not saved yet, or was refused. Sync and pure."""
    text = clean(
        "\n".join([pending.text] * bool(pending.text) + [f"{name} (file)" for name in pending.files.values()])
    )
    if pending.edits is not None:
        text += " (edit)"
    if pending.refused is None:
        rows = _answered(pending.reply, held, most)
        return rows + wrap([("pending", f"  ... {clean(my_name)}: {text}")], most, INDENT)
    # Why comes first, and of the text one row: it stands below all messages, and must hide none.
    reason = wrap([("error", f"  !!! not sent: {clean(pending.refused)}")], most, INDENT)
    return [*reason, (("error", clip(f"{' ' * INDENT}{' '.join(text.split())}", most)),)]


def hit_row(hit: Hit, room: Room | None) -> Row:
    """Return what was found as one long row: where, when, who and what. Sync and pure."""
    message = hit.message
    where = str(message.room) if room is None else label(room.info).replace("\n", " ")
    what = (("found" if n % 2 else "", piece) for n, piece in enumerate(hit.pieces))
    when = f"{_local(message.at):%Y-%m-%d %H:%M} "
    names = "".join(f" {clean(file)}" for file in _files(message)).replace("\n", " ")
    return (("", f"{where} "), ("time", when), ("name", f"{_name(message)}: "), *what, ("", names))


def new_line(most: int) -> Row:
    """Return the row above what is new. Sync and pure."""
    return _line(" new ", most)


def mentioning(text: str, names: Sequence[str]) -> Iterator[Span]:
    """Split a text at the places where one of these is named. Sync and pure."""
    at = 0
    named = rf"(?<![^\W_])@(?:{'|'.join(map(re.escape, names))})(?!\w)"
    for found in re.finditer(named, text, re.IGNORECASE) if names else ():
        if text[at : found.start()]:
            yield "", text[at : found.start()]
        yield "mention", found[0]
        at = found.end()
    if text[at:]:
        yield "", text[at:]


def _called(message: Message, me: int, my_name: str) -> list[str]:
    """By which names a message mentions one; the server says whether it does."""
    return [my_name] * (me in message.mentions) + ["all"] * message.all


def _answered(reply: int | None, held: Mapping[int, Message], most: int) -> list[Row]:
    """The one row that says whom a reply answers."""
    if reply is None:
        return []
    told = "an earlier message"
    if (message := held.get(reply)) is not None:
        text = "(deleted)" if message.deleted is not None else clean(shown_text(message))
        told = f"{_name(message)}: {' '.join(text.split())}"
    return [(("time", clip(f"{' ' * INDENT}┌ {told}", most)),)]


def shown_text(message: Message) -> str:
    """Return the text, and each file by its name. Sync and pure."""
    return "\n".join([message.text] * bool(message.text) + _files(message))


def _files(message: Message) -> list[str]:
    return [f"{file.name} (file)" for file in message.files]


def _name(message: Message) -> str:
    return clean(message.sender.name).replace("\n", " ")


def _line(text: str, most: int) -> Row:
    text = clip(text, most)
    return (
        (("time", "──" + text + "─" * (most - len(text) - 2)),) if most > len(text) + 2 else (("time", text),)
    )


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000).astimezone()
