"""The terminal: urwid reads keys and draws on it, in Trio's loop. `view.py` makes the pictures."""

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
    """Draws pictures and reads keys.

    Args:
        draw: makes the picture for a number of columns and rows.
        press: called with the name of each key, the picture on the screen, and its columns.
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
        """Use the terminal until cancelled, then restore it."""
        with self._loop.start():
            await self._events.run_async()

    def redraw(self) -> None:
        """Draw again before the loop waits next. Sync."""
        self._widget.invalidate()

    def ring(self) -> None:
        """Ring the bell. Sync."""
        self._screen.write("\a")
        self._screen.flush()

    def redraw_all(self) -> None:
        """Draw everything, because another program wrote on the terminal. Sync."""
        self._screen.clear()
        self._widget.invalidate()


class _Screen(Screen):
    """A screen on which Ctrl-C, Ctrl-\\, Ctrl-Q and Ctrl-S are keys until it stops; Ctrl-Z suspends."""

    def _start(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as urwid declares it
        super()._start(*args, **kwargs)  # also after Ctrl-Z and `fg`
        self.tty_signal_keys("undefined", "undefined", "undefined", "undefined")


class DrawnPicture(urwid.Widget):
    """A widget that fills the screen with a picture."""

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
        # A picture has a minimal height. On a lower screen its last rows count: the line being typed is there.
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


def is_usable() -> bool:
    """Whether stdin and stdout are a terminal with cursor control. Sync."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
