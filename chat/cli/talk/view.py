"""The whole screen: rooms on the left, messages, a line that says how it goes, and the line that is typed. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from wcwidth import iter_graphemes

from chat.cli.room_names import label
from chat.cli.table import columns
from chat.cli.talk.state import Place, State
from chat.cli.talk.transcript import message_rows, new_line, pending_rows
from chat.cli.talk.width import Row, Span, clean, pad, wrap
from chat.client import Room, RoomInfo

_LIST = 22
"""Columns of the list of rooms, with its border."""

_NUMBERED = 10
"""Rooms of the list that a key opens."""

_NARROW = 60
"""Columns below which there is no list."""

_INPUT = 6
"""Rows that the line being typed takes at most."""

_STATUS = 4
"""Rows that what came of the last command takes at most, as why something is refused."""

_REFUSED = 2
"""Messages that are shown where they were refused; of more, how many."""

Wanted = tuple[int, int]
"""A room, and the `seq` before which its history is to be loaded."""


class Picture(NamedTuple):
    """What is on the screen.

    Attributes:
        rows: as many as it has, each as wide as it is.
        cursor: column and row.
        wanted: history that is missing on it.
        is_at_top: whether the first message of the room is on it.
        height: rows that the messages have.
    """

    rows: list[Row]
    cursor: tuple[int, int]
    wanted: Wanted | None
    is_at_top: bool
    height: int


class _Messages(NamedTuple):
    rows: list[Row]
    wanted: Wanted | None = None
    is_at_top: bool = True


def draw(state: State, width: int, height: int) -> Picture:
    """Return the screen for so many columns and rows. Sync and pure."""
    width, height = max(width, 12), max(height, 5)
    typed, cursor = _input(state, width, min(_INPUT, height - 3))  # one row is left for messages
    left = _LIST if width >= _NARROW else 0
    inner = width - left
    status = _status(state, width, max(1, min(_STATUS, height - 2 - len(typed))))
    body = height - 1 - len(status) - len(typed)
    messages = _page(state, inner, body) if state.page is not None else _messages(state, inner, body)
    listed = _room_list(state, body) if left else [()] * body
    rows = [_title(state, width)]
    for on_the_left, row in zip(listed, messages.rows, strict=True):
        border: tuple[Span, ...] = (*pad(on_the_left, left - 2), ("time", "│ ")) if left else ()
        rows.append(pad((*border, *row), width))
    rows += [*status, *(pad(row, width) for row in typed)]
    shown_at = (cursor[0], height - len(typed) + cursor[1])
    return Picture(rows, shown_at, messages.wanted, messages.is_at_top, body)


def scrolled(state: State, by: int, picture: Picture, width: int) -> Place | None:
    """Return the place so many rows further up, or down where it is negative; None: the end. Sync and pure.

    Args:
        state: of the room that is scrolled.
        by: rows.
        picture: what is on the screen now.
        width: its columns.
    """
    room = state.current
    assert room is not None
    inner = width - (_LIST if width >= _NARROW else 0)
    old = state.places.get(room.info.id)
    if by > 0 and picture.is_at_top:
        return old
    seq, below = _moved(state, room, old or Place(room.info.seq), by, inner)
    # The first message stops at the top of the screen.
    missing = picture.height - _rows_up_from(state, room, Place(seq, below), inner, picture.height)
    seq, below = _moved(state, room, Place(seq, below), -max(missing, 0), inner)
    return None if (seq, below) == (room.info.seq, 0) else Place(seq, below)


def _moved(state: State, room: Room, place: Place, by: int, width: int) -> Place:
    """The place so many rows further up, as far as messages are held."""
    seq, below = place.seq, place.below + by
    while below < 0 and seq < room.info.seq:
        seq += 1
        below += len(_rows_of(state, room, seq, width))
    while below >= (size := len(_rows_of(state, room, seq, width))) and seq - 1 in room.messages:
        below -= size
        seq -= 1
    return Place(seq, min(max(below, 0), size - 1))


def _rows_up_from(state: State, room: Room, place: Place, width: int, most: int) -> int:
    """How many rows there are up to the first message; `most` where there may be more."""
    rows, seq = -place.below, place.seq
    while rows < most and seq >= state.firsts.get(room.info.id, 1):
        if seq not in room.messages:
            return most
        rows += len(_rows_of(state, room, seq, width))
        seq -= 1
    return min(rows, most)


def _page(state: State, width: int, height: int) -> _Messages:
    assert state.page is not None
    lines = [
        row
        for line in state.page.lines
        for row in wrap([(style, clean(text)) for style, text in line], width, 8)
    ]
    first = max(0, min(state.page_top, len(lines) - height))
    state.page_top = first
    shown = lines[first : first + height]
    return _Messages(shown + [()] * (height - len(shown)))


def _messages(state: State, width: int, height: int) -> _Messages:
    room = state.current
    if room is None:
        return _Messages(
            [(("time", "you are in no room: /rooms says which there are"),), *[()] * (height - 1)]
        )
    place = state.places.get(room.info.id)
    if place is not None and place.seq > room.info.seq:
        place = None  # history was reset
    first = state.firsts.get(room.info.id, 1)
    rows: list[Row] = []  # the last one first
    if place is None:
        rows += reversed(_pending_rows(state, room, width))
    seq, below = place or Place(room.info.seq)
    wanted = None
    while len(rows) < height and seq >= first:
        if seq not in room.messages:
            wanted = (room.info.id, seq + 1)
            rows.append((("time", "…"),))
            if wanted in state.unloadable:
                wanted = None
            break
        of_message = _rows_of(state, room, seq, width)
        rows += reversed(of_message[: len(of_message) - below])
        seq, below = seq - 1, 0
    is_at_top = seq < first and len(rows) <= height
    shown = rows[:height][::-1]
    return _Messages([()] * (height - len(shown)) + shown, wanted, is_at_top)


def _pending_rows(state: State, room: Room, width: int) -> list[Row]:
    """The rows of what is not saved, in its order; of much that was refused, which hides what comes after, how much."""
    here = [each for each in state.waiting() if each.room == room.info.id]
    old = [each for each in here if each.refused is not None][:-_REFUSED]
    rows = wrap([("error", f"  !!! {len(old)} more not sent: ↑ takes them back")], width, 6) if old else []
    for pending in here:
        if pending not in old:
            rows += pending_rows(pending, room.messages, state.name, width)
    return rows


def _rows_of(state: State, room: Room, seq: int, width: int) -> list[Row]:
    if (message := room.messages.get(seq)) is None:
        return [()]
    rows = message_rows(message, room.messages, state.me, state.name, width)
    if state.new_after.get(room.info.id) == seq - 1 and seq > 1 and message.sender.id != state.me:
        rows.insert(0, new_line(width))
    return rows


def _title(state: State, width: int) -> Row:
    if state.page is not None:
        return pad(
            [("bar", f" {_in_a_line(state.page.title)}  (Page Down: more; any other key goes back)")],
            width,
            "bar",
        )
    room = state.current
    title = "" if room is None else label(room.info)
    about = "" if room is None or not room.info.topic else f"  {room.info.topic}"
    others = [each.info for number, each in state.rooms.items() if number != state.room]
    unread, mentions = sum(each.unread for each in others), sum(each.mentions for each in others)
    mentioned = f", @{mentions}" if mentions else ""
    elsewhere = f"  [{unread} unread elsewhere{mentioned}]" if unread and width < _NARROW else ""
    return pad([("bar", _in_a_line(f" {title}{elsewhere}{about}"))], width, "bar")


def _room_list(state: State, height: int) -> Sequence[Row]:
    listed = state.listed()
    at = listed.index(state.room) if state.room in listed else 0
    first = max(0, min(at - height // 2, len(listed) - height))
    rows: list[Row] = []
    for n, number in enumerate(listed[first : first + height], first + 1):
        info = state.rooms[number].info
        news = [] if number == state.room else _news(info)
        style = "current" if number == state.room else "unread" if news else ""
        name = _in_a_line(label(info))
        key = (("time", f"{n % 10} "),) if n <= _NUMBERED else ()
        room_for_name = _LIST - 3 - sum(len(text) for _, text in (*key, *news))
        rows.append((*key, *pad([(style, name)], room_for_name, style), *news))
    return [*rows, *[()] * (height - len(rows))]


def _news(info: RoomInfo) -> list[Span]:
    """How many messages mention one, and how many are unread."""
    counted = (("mention", " @", info.mentions), ("unread", " ", info.unread))
    return [(style, f"{sign}{count if count < 100 else '99+'}") for style, sign, count in counted if count]


def _status(state: State, width: int, most: int) -> list[Row]:
    """How it goes, in one row; in several where it says what is wrong and does not fit."""
    waiting = sum(each.refused is None for each in state.waiting())
    parts = [
        f" {state.name}{' (away)' if state.is_away else ''} at {state.server}"
        if state.down is None
        else " no connection, trying again (Ctrl-R: now)"
    ]
    if state.notice:
        parts.append(state.notice)
    if state.down is None and (typing := state.typists.told(state.room)):
        parts.append(typing)
    if waiting:
        parts.append(f"{waiting} waiting to be saved")
    if state.room in state.places:
        parts.append("scrolled up, Esc goes to the end")
    if state.down is not None and not state.notice:
        parts.append(state.down)
    style = "down" if state.down is not None else "bar"
    told = _in_a_line(" · ".join(parts))
    may_wrap = state.notice or state.down is not None
    texts = [_text(row) for row in wrap([("", told)], width, 1)] if may_wrap else [told]
    if len(texts) > most:  # the last row ends in an ellipsis
        texts[most - 1 :] = [" " + " ".join(text.strip() for text in texts[most - 1 :])]
    return [pad([(style, text)], width, style) for text in texts]


def _text(row: Row) -> str:
    return "".join(text for _, text in row)


def _in_a_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _input(state: State, width: int, most: int) -> tuple[list[Row], tuple[int, int]]:
    """The rows of the line being typed, those around its cursor, and where the cursor stands in them."""
    prompt = "edit> " if state.editing is not None else "> "
    text, at = clean_typed(state.editor.text), state.editor.cursor
    rows = _typed_rows(prompt, text, width)
    before = _typed_rows(prompt, text[:at], width)
    column, row = columns("".join(part for _, part in before[-1])), len(before) - 1
    if column >= width:
        column, row = len(prompt), row + 1
        rows += [()] if row >= len(rows) else []
    first = max(0, min(row - most // 2, len(rows) - most))
    return rows[first : first + most], (column, row - first)


def clean_typed(text: str) -> str:
    """Return a text with a sign for each character that has no width of its own. Sync and pure."""
    return "".join(letter if letter == "\n" else clean(letter)[:1] or "\ufffd" for letter in text)


def _typed_rows(prompt: str, text: str, width: int) -> list[Row]:
    """Break after every full row, so that what stands before the cursor breaks as the whole does."""
    return wrap([("prompt", prompt), *(("", letter) for letter in iter_graphemes(text))], width, len(prompt))
