"""The line being typed: a text and a cursor, which moves by grapheme. Pure."""

from collections.abc import Callable

from wcwidth import grapheme_boundary_before, iter_graphemes


class LineEditor:
    """A text and a cursor in it.

    Attributes:
        text: what was typed, with line breaks.
        cursor: how many characters are before it.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)

    def replace(self, text: str) -> None:
        """Replace the text; the cursor goes to its end. Sync."""
        self.text, self.cursor = text, len(text)

    def insert(self, text: str) -> None:
        """Insert a text at the cursor. Sync."""
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def press(self, key: str) -> bool:
        """Perform the action of an editing key; return False if it is none. Sync."""
        if (act := _KEYS.get(key)) is None:
            return False
        self.text, self.cursor = act(self.text, self.cursor)
        return True


def _before(text: str, at: int) -> int:
    return grapheme_boundary_before(text, at) if at else 0


def _after(text: str, at: int) -> int:
    return at + len(next(iter_graphemes(text[at:]), ""))


def _word_before(text: str, at: int) -> int:
    kept = text[:at].rstrip()
    return max(kept.rfind(" "), kept.rfind("\n")) + 1


def _word_after(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    while at < len(text) and not text[at].isspace():
        at += 1
    return at


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _to(place: Callable[[str, int], int]) -> Callable[[str, int], tuple[str, int]]:
    return lambda text, at: (text, place(text, at))


def _delete_to(place: Callable[[str, int], int]) -> Callable[[str, int], tuple[str, int]]:
    def act(text: str, at: int) -> tuple[str, int]:
        first, last = sorted((at, place(text, at)))
        return text[:first] + text[last:], first

    return act


_KEYS: dict[str, Callable[[str, int], tuple[str, int]]] = {
    "left": _to(_before),
    "right": _to(_after),
    "ctrl b": _to(_before),
    "ctrl f": _to(_after),
    "ctrl left": _to(_word_before),
    "ctrl right": _to(_word_after),
    "meta b": _to(_word_before),
    "meta f": _to(_word_after),
    "home": _to(_line_start),
    "end": _to(_line_end),
    "ctrl a": _to(_line_start),
    "ctrl e": _to(_line_end),
    "backspace": _delete_to(_before),
    "delete": _delete_to(_after),
    "ctrl h": _delete_to(_before),
    "ctrl w": _delete_to(_word_before),
    "meta backspace": _delete_to(_word_before),
    "meta d": _delete_to(_word_after),
    "ctrl u": _delete_to(_line_start),
    "ctrl k": _delete_to(_line_end),
}
"""What keys do, by the names that urwid gives them: those that readline has too."""
