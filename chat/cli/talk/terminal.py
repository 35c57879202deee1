"""The terminal: urwid reads its keys and writes to it, and Trio waits for it. What is drawn is made by `view.py`."""

import os
import sys
from collections.abc import Callable, Hashable
from typing import Any

import urwid
from urwid.display.raw import Screen

from chat.cli.talk.view import Picture
from chat.cli.talk.width import pad

_PALETTE = [
    # style, foreground, background, and what a terminal without colours has
    ("bar", "white", "dark blue", "standout"),
    ("down", "white", "dark red", "standout"),
    ("time", "dark gray", "", ""),
    ("own", "dark green", "", "bold"),
    ("name", "dark cyan", "", "bold"),
    ("mention", "yellow,bold", "", "bold,underline"),
    ("found", "yellow,bold", "", "bold,underline"),
    ("reaction", "dark magenta", "", ""),
    ("pending", "dark gray", "", ""),
    ("error", "light red", "", "bold"),
    ("unread", "white,bold", "", "bold"),
    ("current", "black", "light gray", "standout"),
    ("prompt", "dark green", "", "bold"),
]


class Terminal:
    """Draws pictures, and tells which keys are pressed.

    Args:
        draw: makes the picture for so many columns and rows.
        press: is told the name of each key, the picture that it was pressed on, and its columns.
    """

    def __init__(
        self, draw: Callable[[int, int], Picture], press: Callable[[str, Picture, int], None]
    ) -> None:
        urwid.set_encoding("utf8")
        self._widget = DrawnPicture(draw, press)
        self._events = urwid.TrioEventLoop()
        screen = _Screen(bracketed_paste_mode=True, focus_reporting=False)
        screen.set_terminal_properties(colors=1 if os.environ.get("NO_COLOR") else 16)
        self._loop = urwid.MainLoop(
            self._widget, _PALETTE, screen=screen, event_loop=self._events, handle_mouse=False
        )
        self._screen = screen

    async def run(self) -> None:
        """Own the terminal until cancelled; it is then as it was."""
        with self._loop.start():
            await self._events.run_async()

    def redraw(self) -> None:
        """Draw what has changed, before the next wait. Sync."""
        self._widget.invalidate()

    def ring(self) -> None:
        """Ring the bell, at once. Sync."""
        self._screen.write("\a")
        self._screen.flush()

    def redraw_all(self) -> None:
        """Draw everything, also what has not changed: something else wrote on the terminal. Sync."""
        self._screen.clear()
        self._widget.invalidate()


class _Screen(Screen):
    """A screen on which Ctrl-C, Ctrl-\\, Ctrl-Q and Ctrl-S are keys until it stops; Ctrl-Z suspends."""

    def _start(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as urwid declares it
        super()._start(*args, **kwargs)  # also where it goes on after Ctrl-Z
        self.tty_signal_keys("undefined", "undefined", "undefined", "undefined")


class DrawnPicture(urwid.Widget):
    """All of the screen."""

    _sizing = frozenset([urwid.BOX])
    _selectable = True

    def __init__(
        self, draw: Callable[[int, int], Picture], press: Callable[[str, Picture, int], None]
    ) -> None:
        super().__init__()
        self._draw = draw
        self._press = press
        self._picture: Picture | None = None

    def invalidate(self) -> None:
        self._invalidate()

    def render(self, size: Any, focus: bool = False) -> urwid.Canvas:  # noqa: ANN401 - as urwid declares it
        width, height = size
        self._picture = picture = self._draw(width, height)
        texts: list[bytes] = []
        styles: list[list[tuple[Hashable, int]]] = []
        # A picture has a least size, and the line that is typed stands last in it.
        above = len(picture.rows) - height
        for row in picture.rows[above:]:
            row = pad(row, width)
            texts.append("".join(text for _, text in row).encode())
            styles.append([(style or None, len(text.encode())) for style, text in row])
        column, line = picture.cursor
        cursor = min(column, width - 1), max(line - above, 0)
        return urwid.TextCanvas(texts, styles, cursor=cursor, maxcol=width)

    def keypress(self, size: Any, key: str) -> str | None:  # noqa: ANN401
        picture = self._picture or self._draw(*size)
        self._press(key, picture, size[0])
        self._invalidate()
        return None


def is_there() -> bool:
    """Whether there is a terminal that can be drawn on. Sync."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
