"""The actions of the keys: they change the state of the screen, or start something. Sync and without I/O."""

from collections.abc import Callable
from typing import ClassVar, Protocol

from chat.cli.talk.commands import answer, room_to_open
from chat.cli.talk.completion import Completion
from chat.cli.talk.context import CommandError
from chat.cli.talk.state import State
from chat.cli.talk.view import Picture, scrolled
from chat.client import Message

_SCROLLS = {"page up": 1, "page down": -1}
"""Keys that scroll, with the direction."""


_ROOM_KEYS = {f"meta {n % 10}": n for n in range(1, 11)}
"""Keys that open a room by its number in the list."""

_NOTHING_TO_EDIT = "there is no message of yours here to edit"


class Actions(Protocol):
    """What keys can start. Each call returns at once."""

    def send(self, text: str, reply: int | None = None) -> None:
        """Send a message to the open room, perhaps as an answer to the message with this `seq`. Sync."""

    def edit(self, message: Message, text: str) -> None:
        """Change the text of a message. Sync."""

    def run_command(self, line: str) -> None:
        """Run a command; the line begins with its slash. Sync."""

    def note_typing(self) -> None:
        """The person typed a key. Sync."""

    def reconnect(self) -> None:
        """Reconnect at once. Sync."""

    def redraw_all(self) -> None:
        """Redraw the whole screen. Sync."""

    def end(self) -> None:
        """Quit. Sync."""


class Keys:
    """The keyboard.

    Args:
        state: the state of the screen.
        actions: what keys can start.
    """

    def __init__(self, state: State, actions: Actions) -> None:
        self._state = state
        self._actions = actions
        self._completion: Completion | None = None
        self._is_pasting = False

    def press(self, key: str, picture: Picture, width: int) -> None:
        """Perform the action of a key. Sync.

        Args:
            key: its name in urwid; a letter is its own name.
            picture: what was on the screen.
            width: columns of the screen.
        """
        state = self._state
        room, before = state.room, state.editor.text
        self._press(key, picture, width)
        if state.room == room and state.editor.text != before and state.is_writing:
            self._actions.note_typing()

    def _press(self, key: str, picture: Picture, width: int) -> None:
        state = self._state
        state.notice = ""
        if key in ("begin paste", "end paste"):
            self._is_pasting = key == "begin paste"
        elif self._is_pasting:
            state.editor.insert({"enter": "\n", "tab": " "}.get(key, key if len(key) == 1 else ""))
        elif state.page is not None and key in _SCROLLS:
            state.page_top -= _SCROLLS[key] * (picture.height - 1)
        elif state.page is not None and key not in ("ctrl c", "ctrl d"):
            state.page = None
            if len(key) == 1:  # a page may have opened while the person was typing
                state.editor.insert(key)
        elif key == "tab":
            if self._completion is None:
                self._completion = Completion(state.editor, state.candidates())
            self._completion.next(state.editor)
            return
        elif (act := self._ACTS.get(key)) is not None:
            act(self)
        elif key in _ROOM_KEYS:
            state.open_nth(_ROOM_KEYS[key])
        elif key in _SCROLLS:
            self._scroll(picture, width, _SCROLLS[key] * (picture.height - 1))
        elif not state.editor.press(key) and len(key) == 1:
            state.editor.insert(key)
        self._completion = None

    def _scroll(self, picture: Picture, width: int, by: int) -> None:
        state = self._state
        if state.current is None or state.room is None:
            return
        position = scrolled(state, by, picture, width)
        if position is None:
            state.scroll_positions.pop(state.room, None)
        else:
            state.scroll_positions[state.room] = position

    def _enter(self) -> None:
        state = self._state
        text, message = state.editor.text.strip(), state.editing
        if not text:
            return
        if message is not None:
            state.stop_editing()
            if text != state.latest_text(message):
                self._actions.edit(message, text)
            return
        state.input_history.note(text)
        if text.startswith("/") and not text.startswith("//"):
            self._command(text)
        elif state.room is None:
            state.notice = "you are in no room"
        else:
            state.editor.replace("")
            self._actions.send(text.removeprefix("/") if text.startswith("//") else text)

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        try:
            match name:
                case "/reply":
                    message, text = answer(self._state, rest)
                    self._actions.send(text, message.seq)
                case "/room":
                    # At once: what is typed next must go to this room.
                    number = room_to_open(self._state, rest.strip())
                    self._state.editor.replace("")
                    return self._state.open(number)
                case "/edit":
                    return self._edit(rest.strip())
                case "/quit":
                    self._actions.end()
                case _:
                    self._actions.run_command(line)
        except CommandError as error:
            self._state.notice = str(error)
        else:
            self._state.editor.replace("")
        return None

    def _edit(self, text: str) -> None:
        state = self._state
        message = state.nth_last_message(1, own=True)
        if text and message is not None:
            state.editor.replace("")
            self._actions.edit(message, text)
        elif text or not state.edit_last_message():
            state.notice = _NOTHING_TO_EDIT

    def _up(self) -> None:
        """Edit the last message if the line is empty; from there, or from a typed line, walk back in the history."""
        state = self._state
        text, message = state.editor.text, state.editing
        if message is not None:
            if text == state.latest_text(message):
                self._recall("", but=text)
        elif text or state.input_history.is_walking:
            self._recall(text)
        elif not state.edit_last_message():
            self._recall(text)
            if not state.input_history.is_walking:
                state.notice = _NOTHING_TO_EDIT

    def _recall(self, text: str, but: str | None = None) -> None:
        if (line := self._state.input_history.older(text, but=but)) is not None:
            self._state.editing = None
            self._state.editor.replace(line)

    def _down(self) -> None:
        state = self._state
        if state.editing is None and (line := state.input_history.newer(state.editor.text)) is not None:
            state.editor.replace(line)

    def _escape(self) -> None:
        if self._state.editing is not None:
            self._state.stop_editing()
        elif self._state.room is not None:
            self._state.scroll_positions.pop(self._state.room, None)

    def _interrupt(self) -> None:
        if self._state.editor.text:
            self._state.stop_editing()
            self._state.input_history.stop()
            self._state.editor.replace("")
        else:
            self._state.notice = "press Ctrl-D or type /quit to quit"

    def _end_of_input(self) -> None:
        if self._state.editor.text:
            self._state.editor.press("delete")
        else:
            self._actions.end()

    def _reconnect(self) -> None:
        if self._state.disconnect_reason is None:
            self._state.notice = "connected already"
        else:
            self._actions.reconnect()

    _ACTS: ClassVar[dict[str, Callable[["Keys"], None]]] = {
        "enter": _enter,
        "meta enter": lambda self: self._state.editor.insert("\n"),
        "up": _up,
        "down": _down,
        "esc": _escape,
        "ctrl c": _interrupt,
        "ctrl d": _end_of_input,
        "ctrl n": lambda self: self._state.open_relative(1),
        "ctrl p": lambda self: self._state.open_relative(-1),
        "meta a": lambda self: self._state.open_next_unread(),
        "ctrl r": _reconnect,
        "ctrl l": lambda self: self._actions.redraw_all(),
    }
