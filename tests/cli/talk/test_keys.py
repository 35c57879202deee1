"""What keys do, without a terminal."""

import pytest

from chat.cli.talk.keys import Keys
from chat.cli.talk.state import State
from chat.cli.talk.view import draw
from chat.client import Message
from tests.cli.talk.test_view import ADA, room, said, state_of


class Asked:
    """Notes what is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def say(self, text: str) -> None:
        self.asked.append(("say", text))

    def edit(self, message: Message, text: str) -> None:
        self.asked.append(("edit", message.seq, text))

    def run_command(self, line: str) -> None:
        self.asked.append(("run", line))

    def reconnect(self) -> None:
        self.asked.append(("reconnect",))

    def redraw_all(self) -> None:
        self.asked.append(("redraw",))

    def end(self) -> None:
        self.asked.append(("end",))


def pressed(state: State, *keys: str) -> list[tuple[object, ...]]:
    """Press keys, of which a word is its letters; return what they asked for."""
    asked = Asked()
    keyboard = Keys(state, asked)
    named = {"enter", "tab", "up", "esc", "ctrl c", "ctrl d", "ctrl r", "ctrl l", "begin paste", "end paste"}
    for key in keys:
        for each in [key] if key in named else key:
            keyboard.press(each, draw(state, 40, 12), 40)
    return asked.asked


@pytest.mark.parametrize(
    ("keys", "asked", "left"),
    [
        (["hello", "enter"], [("say", "hello")], ""),
        (["  ", "enter"], [], "  "),
        (["//etc", "enter"], [("say", "/etc")], ""),
        (["/who ", "enter"], [("run", "/who")], ""),
        (["/quit", "enter"], [("end",)], ""),
        (["begin paste", "a", "enter", "tab", "b", "end paste", "enter"], [("say", "a\n b")], ""),
        (["@be", "tab", "!", "tab"], [], "@ben !"),
        (["up", "!", "enter"], [("edit", 2, "mine!")], ""),
        (["up", "enter"], [], ""),
        (["up", "esc"], [], ""),
        (["x", "up"], [], "x"),
        (["x", "ctrl c", "ctrl c"], [], ""),
        (["x", "ctrl d", "ctrl c", "ctrl d"], [("end",)], ""),
        (["ctrl l", "ctrl r"], [("redraw",)], ""),
    ],
)
def test_a_key_asks_for_what_it_says(keys: list[str], asked: list[tuple[object, ...]], left: str) -> None:
    lobby = room(1, "lobby", "lobby", 2)
    lobby.load(said(1, "hello"))
    lobby.load(said(2, "mine", ADA))
    state = state_of(lobby)
    assert pressed(state, *keys) == asked
    assert state.editor.text == left
    state.down = "closed"
    assert pressed(state, "ctrl r") == [("reconnect",)]


def test_a_page_is_left_by_any_key_that_does_not_scroll_it() -> None:
    state = state_of(room(1, "lobby", "lobby"))
    state.show("help", [str(n) for n in range(40)])
    keyboard = Keys(state, Asked())
    keyboard.press("page down", draw(state, 40, 12), 40)
    assert (state.page is not None, state.page_top) == (True, 8)
    keyboard.press("x", draw(state, 40, 12), 40)
    assert (state.page, state.editor.text) == (None, "")
