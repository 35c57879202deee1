"""Draws the screen: room list, messages, status line, and the line being typed. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from wcwidth import iter_graphemes

from chat.cli.room_names import label
from chat.cli.table import columns
from chat.cli.talk.state import ScrollPosition, State
from chat.cli.talk.transcript import message_rows, note_rows, pending_rows, unread_divider
from chat.cli.talk.width import Row, Span, clean, pad, wrap
from chat.client import Room, RoomInfo

_LIST_COLUMNS = 22
"""Of the room list with its border."""

_NUMBERED_ROOMS = 10
"""How many rooms of the list have a key."""

_MIN_WIDTH_WITH_LIST = 60
"""Columns below which the room list is hidden."""

_MAX_INPUT_ROWS = 6

_MAX_STATUS_ROWS = 4

_MAX_REFUSED = 2
"""How many refused messages are shown; of more, only their number."""

HistoryRequest = tuple[int, int]
"""A room, and the `seq` before which to load its history."""


class Picture(NamedTuple):
    """The content of the screen.

    Attributes:
        rows: all rows, in full width.
        cursor: its column and row.
        missing: the history to load for this picture.
        is_at_top: whether it shows the first message of the room.
        height: rows of the messages.
    """

    rows: list[Row]
    cursor: tuple[int, int]
    missing: HistoryRequest | None
    is_at_top: bool
    height: int


class _Messages(NamedTuple):
    rows: list[Row]
    missing: HistoryRequest | None = None
    is_at_top: bool = True


def draw(state: State, width: int, height: int) -> Picture:
    """Draw the screen with this number of columns and rows. Sync and pure."""
    width, height = max(width, 12), max(height, 5)
    typed, cursor = _input(state, width, min(_MAX_INPUT_ROWS, height - 3))  # leaves one row for messages
    left = _LIST_COLUMNS if width >= _MIN_WIDTH_WITH_LIST else 0
    inner = width - left
    status = _status(state, width, max(1, min(_MAX_STATUS_ROWS, height - 2 - len(typed))))
    body = height - 1 - len(status) - len(typed)
    messages = _page(state, inner, body) if state.page is not None else _messages(state, inner, body)
    listed = _room_list(state, body) if left else [()] * body
    rows = [_title(state, width)]
    for on_the_left, row in zip(listed, messages.rows, strict=True):
        border: tuple[Span, ...] = (*pad(on_the_left, left - 2), ("time", "│ ")) if left else ()
        rows.append(pad((*border, *row), width))
    rows += [*status, *(pad(row, width) for row in typed)]
    shown_at = (cursor[0], height - len(typed) + cursor[1])
    return Picture(rows, shown_at, messages.missing, messages.is_at_top, body)


def scrolled(state: State, by: int, picture: Picture, width: int) -> ScrollPosition | None:
    """Return the scroll position some rows further up; None at the end of the room. Sync and pure.

    Args:
        state: the state of the screen.
        by: rows to scroll up; negative: down.
        picture: what is on the screen now.
        width: columns of the screen.
    """
    room = state.current
    assert room is not None
    inner = width - (_LIST_COLUMNS if width >= _MIN_WIDTH_WITH_LIST else 0)
    old = state.scroll_positions.get(room.info.id)
    if by > 0 and picture.is_at_top:
        return old
    seq, below = _moved(state, room, old or ScrollPosition(room.info.seq), by, inner)
    # The first message stops at the top of the screen.
    empty = picture.height - _rows_up_from(state, room, ScrollPosition(seq, below), inner, picture.height)
    seq, below = _moved(state, room, ScrollPosition(seq, below), -max(empty, 0), inner)
    return None if (seq, below) == (room.info.seq, 0) else ScrollPosition(seq, below)


def _moved(state: State, room: Room, position: ScrollPosition, by: int, width: int) -> ScrollPosition:
    """The scroll position `by` rows further up, as far as messages are held."""
    seq, below = position.seq, position.below + by
    while below < 0 and seq < room.info.seq:
        seq += 1
        below += len(_rows_of(state, room, seq, width))
    while below >= (size := len(_rows_of(state, room, seq, width))) and seq - 1 in room.messages:
        below -= size
        seq -= 1
    return ScrollPosition(seq, min(max(below, 0), size - 1))


def _rows_up_from(state: State, room: Room, position: ScrollPosition, width: int, limit: int) -> int:
    """How many rows there are up to the first message; `limit` if there may be more."""
    rows, seq = -position.below, position.seq
    while rows < limit and seq >= state.history_starts.get(room.info.id, 1):
        if seq not in room.messages:
            return limit
        rows += len(_rows_of(state, room, seq, width))
        seq -= 1
    return min(rows, limit)


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
            [(("time", "you are in no room: /rooms lists the rooms to join"),), *[()] * (height - 1)]
        )
    position = state.scroll_positions.get(room.info.id)
    if position is not None and position.seq > room.info.seq:
        position = None  # history was reset
    first = state.history_starts.get(room.info.id, 1)
    rows: list[Row] = []  # from the bottom up
    if position is None:
        rows += reversed(_pending_rows(state, room, width))
    seq, below = position or ScrollPosition(room.info.seq)
    missing = None
    while len(rows) < height and seq >= first:
        if seq not in room.messages:
            missing = (room.info.id, seq + 1)
            rows.append((("time", "…"),))
            if missing in state.unloadable:
                missing = None
            break
        of_message = _rows_of(state, room, seq, width)
        rows += reversed(of_message[: len(of_message) - below])
        seq, below = seq - 1, 0
    is_at_top = seq < first and len(rows) <= height
    shown = rows[:height][::-1]
    return _Messages([()] * (height - len(shown)) + shown, missing, is_at_top)


def _pending_rows(state: State, room: Room, width: int) -> list[Row]:
    """The rows of pending messages, in order. Many refused ones would hide the others: only their number."""
    here = [each for each in state.unsaved() if each.room == room.info.id]
    old = [each for each in here if each.refused is not None][:-_MAX_REFUSED]
    rows = wrap([("error", f"  !!! {len(old)} more not sent: press ↑ to edit them")], width, 6) if old else []
    for pending in here:
        if pending not in old:
            rows += pending_rows(pending, room.messages, state.name, width)
    return rows


def _rows_of(state: State, room: Room, seq: int, width: int) -> list[Row]:
    if (message := room.messages.get(seq)) is None:
        return [()]
    rows = message_rows(message, room.messages, state.person_id, state.name, width)
    if (
        state.read_when_opened.get(room.info.id) == seq - 1
        and seq > 1
        and message.sender.id != state.person_id
    ):
        rows.insert(0, unread_divider(width))
    for note in state.notes.under(room.info.id, seq):
        rows += note_rows(note, width)
    return rows


def _title(state: State, width: int) -> Row:
    if state.page is not None:
        return pad(
            [("bar", f" {_one_line(state.page.title)}  (Page Down: more; any other key: back)")],
            width,
            "bar",
        )
    room = state.current
    title = "" if room is None else label(room.info)
    about = "" if room is None or not room.info.topic else f"  {room.info.topic}"
    others = [each.info for number, each in state.rooms.items() if number != state.room]
    unread, mentions = sum(each.unread for each in others), sum(each.mentions for each in others)
    mentioned = f", @{mentions}" if mentions else ""
    elsewhere = f"  [{unread} unread elsewhere{mentioned}]" if unread and width < _MIN_WIDTH_WITH_LIST else ""
    return pad([("bar", _one_line(f" {title}{elsewhere}{about}"))], width, "bar")


def _room_list(state: State, height: int) -> Sequence[Row]:
    listed = state.listed_rooms()
    at = listed.index(state.room) if state.room in listed else 0
    first = max(0, min(at - height // 2, len(listed) - height))
    rows: list[Row] = []
    for n, number in enumerate(listed[first : first + height], first + 1):
        info = state.rooms[number].info
        counts = [] if number == state.room else _counts(info)
        style = "current" if number == state.room else "unread" if counts else ""
        name = _one_line(label(info))
        key = (("time", f"{n % 10} "),) if n <= _NUMBERED_ROOMS else ()
        name_columns = _LIST_COLUMNS - 3 - sum(len(text) for _, text in (*key, *counts))
        rows.append((*key, *pad([(style, name)], name_columns, style), *counts))
    return [*rows, *[()] * (height - len(rows))]


def _counts(info: RoomInfo) -> list[Span]:
    """The number of mentions and of unread messages."""
    counted = (("mention", " @", info.mentions), ("unread", " ", info.unread))
    return [(style, f"{sign}{count if count < 100 else '99+'}") for style, sign, count in counted if count]


def _status(state: State, width: int, max_rows: int) -> list[Row]:
    """The status line; a notice or an error may take several rows."""
    waiting = sum(each.refused is None for each in state.unsaved())
    parts = [
        f" {state.name}{' (away)' if state.is_away else ''} at {state.server}"
        if state.disconnect_reason is None
        else " disconnected, reconnecting (Ctrl-R: now)"
    ]
    if state.notice:
        parts.append(state.notice)
    if state.disconnect_reason is None and (typing := state.typists.describe(state.room)):
        parts.append(typing)
    if waiting:
        parts.append(f"{waiting} waiting to be sent")
    if state.room in state.scroll_positions:
        parts.append("scrolled up (Esc: to the end)")
    if state.disconnect_reason is not None and not state.notice:
        parts.append(state.disconnect_reason)
    style = "down" if state.disconnect_reason is not None else "bar"
    line = _one_line(" · ".join(parts))
    may_wrap = state.notice or state.disconnect_reason is not None
    texts = [_text(row) for row in wrap([("", line)], width, 1)] if may_wrap else [line]
    if len(texts) > max_rows:  # the last row ends with an ellipsis
        texts[max_rows - 1 :] = [" " + " ".join(text.strip() for text in texts[max_rows - 1 :])]
    return [pad([(style, text)], width, style) for text in texts]


def _text(row: Row) -> str:
    return "".join(text for _, text in row)


def _one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _input(state: State, width: int, max_rows: int) -> tuple[list[Row], tuple[int, int]]:
    """The rows of the line being typed around its cursor, and the place of the cursor in them."""
    prompt = "edit> " if state.editing is not None else "> "
    text, at = clean_typed(state.editor.text), state.editor.cursor
    rows = _typed_rows(prompt, text, width)
    before = _typed_rows(prompt, text[:at], width)
    column, row = columns("".join(part for _, part in before[-1])), len(before) - 1
    if column >= width:
        column, row = len(prompt), row + 1
        rows += [()] if row >= len(rows) else []
    first = max(0, min(row - max_rows // 2, len(rows) - max_rows))
    return rows[first : first + max_rows], (column, row - first)


def clean_typed(text: str) -> str:
    """Replace characters without a width by a visible sign. Sync and pure."""
    return "".join(letter if letter == "\n" else clean(letter)[:1] or "\ufffd" for letter in text)


def _typed_rows(prompt: str, text: str, width: int) -> list[Row]:
    """Break only full rows: then the part before the cursor breaks as the whole line does."""
    return wrap([("prompt", prompt), *(("", letter) for letter in iter_graphemes(text))], width, len(prompt))
