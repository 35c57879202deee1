"""Messages as rows of a screen. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from chat.cli.room_names import label
from chat.cli.talk.notes import Note
from chat.cli.talk.pending import Pending
from chat.cli.talk.width import Row, Span, clean, clip, wrap
from chat.client import Hit, Message, Room

INDENT = 6
"""Columns of the time; further rows of a text are indented by it."""


def message_rows(
    message: Message, held: Mapping[int, Message], own_id: int, own_name: str, width: int
) -> list[Row]:
    """Return the rows of a message, with the message that it answers, and the date if it changes. Sync and pure.

    Args:
        message: the message as it is now.
        held: the messages of the room that are held, by `seq`.
        own_id, own_name: of the reader.
        width: columns of a row.
    """
    when = _local(message.at)
    rows = []
    before = held.get(message.seq - 1)
    if before is None or _local(before.at).date() != when.date():
        rows.append(_rule(f" {when:%A, %d %B %Y} ", width))
    time: Span = ("time", f"{when:%H:%M} ")
    name = _name(message)
    if message.kind == "join":
        return rows + wrap([time, ("time", f"{name} joined")], width, INDENT)
    who: Span = ("own" if message.sender.id == own_id else "name", f"{name}: ")
    if message.deleted is not None:
        return rows + wrap([time, who, ("time", "(deleted)")], width, INDENT)
    rows += _reply_row(message.reply, held, width)
    text = list(highlight_mentions(clean(shown_text(message)), _mention_names(message, own_id, own_name)))
    if message.edited is not None:
        text.append(("time", " (edited)"))
    rows += wrap([time, who, *text], width, INDENT)
    if message.reactions:
        reactions = "  ".join(f"{clean(each.emoji)} {each.count}" for each in message.reactions)
        rows += wrap([("", " " * INDENT), ("reaction", reactions)], width, INDENT)
    return rows


def pending_rows(pending: Pending, held: Mapping[int, Message], own_name: str, width: int) -> list[Row]:
    """Return the rows of a pending or refused message. Sync and pure."""
    text = clean(
        "\n".join([pending.text] * bool(pending.text) + [f"{name} (file)" for name in pending.files.values()])
    )
    if pending.edits is not None:
        text += " (edit)"
    if pending.refused is None:
        rows = _reply_row(pending.reply, held, width)
        return rows + wrap([("pending", f"  ... {clean(own_name)}: {text}")], width, INDENT)
    # The reason and one row of the text: these rows stay below all messages and must not hide them.
    reason = wrap([("error", f"  !!! not sent: {clean(pending.refused)}")], width, INDENT)
    return [*reason, (("error", clip(f"{' ' * INDENT}{' '.join(text.split())}", width)),)]


def note_rows(note: Note, width: int) -> list[Row]:
    """Return the rows of a line about a change. Sync and pure."""
    text = clean(note.text).replace("\n", " ")
    return wrap([("time", f"{_local(note.at):%H:%M} {text}")], width, INDENT)


def search_result_row(hit: Hit, room: Room | None) -> Row:
    """Return a search result as one long row: room, time, sender and text. Sync and pure."""
    message = hit.message
    place = str(message.room) if room is None else label(room.info).replace("\n", " ")
    pieces = (("found" if n % 2 else "", piece) for n, piece in enumerate(hit.pieces))
    when = f"{_local(message.at):%Y-%m-%d %H:%M} "
    names = "".join(f" {clean(file)}" for file in _files(message)).replace("\n", " ")
    return (("", f"{place} "), ("time", when), ("name", f"{_name(message)}: "), *pieces, ("", names))


def unread_divider(width: int) -> Row:
    """Return the row above the first unread message. Sync and pure."""
    return _rule(" new ", width)


def highlight_mentions(text: str, names: Sequence[str]) -> Iterator[Span]:
    """Split a text into spans, those that mention one of the names with their own style. Sync and pure."""
    at = 0
    pattern = rf"(?<![^\W_])@(?:{'|'.join(map(re.escape, names))})(?!\w)"
    for found in re.finditer(pattern, text, re.IGNORECASE) if names else ():
        if text[at : found.start()]:
            yield "", text[at : found.start()]
        yield "mention", found[0]
        at = found.end()
    if text[at:]:
        yield "", text[at:]


def _mention_names(message: Message, own_id: int, own_name: str) -> list[str]:
    """The names by which a message mentions the reader, according to the server."""
    return [own_name] * (own_id in message.mentions) + ["all"] * message.all


def _reply_row(reply: int | None, held: Mapping[int, Message], width: int) -> list[Row]:
    """One row with the message that a reply answers."""
    if reply is None:
        return []
    answered = "an earlier message"
    if (message := held.get(reply)) is not None:
        text = "(deleted)" if message.deleted is not None else clean(shown_text(message))
        answered = f"{_name(message)}: {' '.join(text.split())}"
    return [(("time", clip(f"{' ' * INDENT}┌ {answered}", width)),)]


def shown_text(message: Message) -> str:
    """Return the text and the names of the files. Sync and pure."""
    return "\n".join([message.text] * bool(message.text) + _files(message))


def _files(message: Message) -> list[str]:
    return [f"{file.name} (file)" for file in message.files]


def _name(message: Message) -> str:
    return clean(message.sender.name).replace("\n", " ")


def _rule(text: str, width: int) -> Row:
    text = clip(text, width)
    return (
        (("time", "──" + text + "─" * (width - len(text) - 2)),)
        if width > len(text) + 2
        else (("time", text),)
    )


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000).astimezone()
