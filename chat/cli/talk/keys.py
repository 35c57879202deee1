"""What keys do: they change what is on the screen, or ask for something that takes longer. Sync, and without I/O."""

from collections.abc import Callable
from typing import ClassVar, Protocol

from chat.cli.talk.commands import answer
from chat.cli.talk.completion import Completion
from chat.cli.talk.context import Wrong
from chat.cli.talk.state import State
from chat.cli.talk.view import Picture, scrolled
from chat.client import Message

_SCROLLS = {"page up": 1, "page down": -1}
"""Keys that scroll, and which way."""


_PLACES = {f"meta {n % 10}": n for n in range(1, 11)}
"""Keys that open a room by its place in the list, and which."""

_NOTHING_TO_EDIT = "no saved message of yours is here to edit"


class Asked(Protocol):
    """What a key can ask for. All of it is begun at once, and done later."""

    def say(self, text: str, reply: int | None = None) -> None:
        """Say something in the room that is read; it may answer the message with that `seq`. Sync."""

    def edit(self, message: Message, text: str) -> None:
        """Give a message another text. Sync."""

    def run_command(self, line: str) -> None:
        """Do a command, with its slash. Sync."""

    def note_typed(self) -> None:
        """Something is being written. Sync."""

    def reconnect(self) -> None:
        """Connect now. Sync."""

    def redraw_all(self) -> None:
        """Draw all of the screen again. Sync."""

    def end(self) -> None:
        """End it. Sync."""


class Keys:
    """The keyboard.

    Args:
        state: what is on the screen.
        asked: does what takes longer.
    """

    def __init__(self, state: State, asked: Asked) -> None:
        self._state = state
        self._asked = asked
        self._completion: Completion | None = None
        self._is_pasting = False

    def press(self, key: str, picture: Picture, width: int) -> None:
        """Do what a key does. Sync.

        Args:
            key: its name, as urwid has it; a letter is itself.
            picture: on which it is pressed.
            width: columns of that.
        """
        state = self._state
        room, before = state.room, state.editor.text
        self._press(key, picture, width)
        if state.room == room and state.editor.text != before and state.is_writing:
            self._asked.note_typed()

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
            if len(key) == 1:  # it may have come while the next message was typed
                state.editor.insert(key)
        elif key == "tab":
            if self._completion is None:
                self._completion = Completion(state.editor, state.words())
            self._completion.next(state.editor)
            return
        elif (act := self._ACTS.get(key)) is not None:
            act(self)
        elif key in _PLACES:
            state.step_to(_PLACES[key])
        elif key in _SCROLLS:
            self._scroll(picture, width, _SCROLLS[key] * (picture.height - 1))
        elif not state.editor.press(key) and len(key) == 1:
            state.editor.insert(key)
        self._completion = None

    def _scroll(self, picture: Picture, width: int, by: int) -> None:
        state = self._state
        if state.current is None or state.room is None:
            return
        place = scrolled(state, by, picture, width)
        if place is None:
            state.places.pop(state.room, None)
        else:
            state.places[state.room] = place

    def _enter(self) -> None:
        state = self._state
        text, message = state.editor.text.strip(), state.editing
        if not text:
            return
        if message is not None:
            state.stop_editing()
            if text != state.text_of(message):
                self._asked.edit(message, text)
            return
        state.typed.note(text)
        if text.startswith("/") and not text.startswith("//"):
            self._command(text)
        elif state.room is None:
            state.notice = "you are in no room"
        else:
            state.editor.replace("")
            self._asked.say(text.removeprefix("/") if text.startswith("//") else text)

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        if name == "/reply":
            try:
                message, text = answer(self._state, rest)
            except Wrong as wrong:
                self._state.notice = str(wrong)
                return
            self._asked.say(text, message.seq)
        elif name == "/edit":
            self._edit(rest.strip())
            return
        elif name == "/quit":
            self._asked.end()
        else:
            self._asked.run_command(line)
        self._state.editor.replace("")

    def _edit(self, text: str) -> None:
        state = self._state
        message = state.nth_last(1, own=True)
        if text and message is not None:
            state.editor.replace("")
            self._asked.edit(message, text)
        elif text or not state.edit_last():
            state.notice = _NOTHING_TO_EDIT

    def _up(self) -> None:
        """On an empty line edit what was said last; from there on, and from another line, go back in what was typed."""
        state = self._state
        text, message = state.editor.text, state.editing
        if message is not None:
            if text == state.text_of(message):
                self._recall("", but=text)
        elif text or state.typed.is_walking:
            self._recall(text)
        elif not state.edit_last():
            self._recall(text)
            if not state.typed.is_walking:
                state.notice = _NOTHING_TO_EDIT

    def _recall(self, text: str, but: str | None = None) -> None:
        if (line := self._state.typed.older(text, but=but)) is not None:
            self._state.editing = None
            self._state.editor.replace(line)

    def _down(self) -> None:
        state = self._state
        if state.editing is None and (line := state.typed.newer(state.editor.text)) is not None:
            state.editor.replace(line)

    def _escape(self) -> None:
        if self._state.editing is not None:
            self._state.stop_editing()
        elif self._state.room is not None:
            self._state.places.pop(self._state.room, None)

    def _interrupt(self) -> None:
        if self._state.editor.text:
            self._state.stop_editing()
            self._state.typed.stop()
            self._state.editor.replace("")
        else:
            self._state.notice = "Ctrl-D or /quit ends it"

    def _end_of_input(self) -> None:
        if self._state.editor.text:
            self._state.editor.press("delete")
        else:
            self._asked.end()

    def _reconnect(self) -> None:
        if self._state.down is None:
            self._state.notice = "it is connected"
        else:
            self._asked.reconnect()

    _ACTS: ClassVar[dict[str, Callable[["Keys"], None]]] = {
        "enter": _enter,
        "meta enter": lambda self: self._state.editor.insert("\n"),
        "up": _up,
        "down": _down,
        "esc": _escape,
        "ctrl c": _interrupt,
        "ctrl d": _end_of_input,
        "ctrl n": lambda self: self._state.step(1),
        "ctrl p": lambda self: self._state.step(-1),
        "meta a": lambda self: self._state.step_to_unread(),
        "ctrl r": _reconnect,
        "ctrl l": lambda self: self._asked.redraw_all(),
    }
