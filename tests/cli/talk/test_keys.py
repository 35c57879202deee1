"""The actions of keys, without a terminal."""

import pytest

from chat.cli.talk.keys import Keys
from chat.cli.talk.state import State
from chat.cli.talk.view import draw
from chat.client import Message
from tests.cli.talk.test_view import ADA, room, said, state_of


class Actions:
    """Notes what is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.typed = 0

    def send(self, text: str, reply: int | None = None) -> None:
        self.asked.append(("send", text) if reply is None else ("send", text, reply))

    def edit(self, message: Message, text: str) -> None:
        self.asked.append(("edit", message.seq, text))

    def run_command(self, line: str) -> None:
        self.asked.append(("run", line))

    def note_typing(self) -> None:
        self.typed += 1

    def reconnect(self) -> None:
        self.asked.append(("reconnect",))

    def redraw_all(self) -> None:
        self.asked.append(("redraw",))

    def end(self) -> None:
        self.asked.append(("end",))


def pressed(state: State, *keys: str) -> list[tuple[object, ...]]:
    """Press keys, of which a word is its letters; return what they asked for."""
    asked = Actions()
    keyboard = Keys(state, asked)
    # Fmt: skip.
    named = {
        "enter",
        "tab",
        "up",
        "down",
        "meta 1",
        "meta 2",
        "meta 0",
        "esc",
        "ctrl c",
        "ctrl d",
        "ctrl r",
        "ctrl l",
        "begin paste",
        "end paste",
    }
    for key in keys:
        for each in [key] if key in named else key:
            keyboard.press(each, draw(state, 40, 12), 40)
    return asked.asked


@pytest.mark.parametrize(
    ("keys", "asked", "left"),
    [
        (["hello", "enter"], [("send", "hello")], ""),
        (["  ", "enter"], [], "  "),
        (["//etc", "enter"], [("send", "/etc")], ""),
        (["/who ", "enter"], [("run", "/who")], ""),
        (["/quit", "enter"], [("end",)], ""),
        (["/reply yes", "enter"], [("send", "yes", 2)], ""),
        (["/reply 2 and @be", "tab", "enter"], [("send", "and @ben", 1)], ""),
        (["/reply 2", "enter"], [("send", "2", 2)], ""),
        (["/reply 3 yes", "enter"], [], "/reply 3 yes"),
        (["/reply", "enter"], [], "/reply"),
        (["begin paste", "a", "enter", "tab", "b", "end paste", "enter"], [("send", "a\n b")], ""),
        (["@be", "tab", "!", "tab"], [], "@ben !"),
        (["up", "!", "enter"], [("edit", 2, "mine!")], ""),
        (["up", "enter"], [], ""),
        (["/edit  mine, too ", "enter"], [("edit", 2, "mine, too")], ""),
        (["/edit", "enter", "!", "enter"], [("edit", 2, "mine!")], ""),
        (["up", "esc"], [], ""),
        (["x", "up"], [], "x"),
        (["x", "ctrl c", "ctrl c"], [], ""),
        (["x", "ctrl d", "ctrl c", "ctrl d"], [("end",)], ""),
        (["ctrl l", "ctrl r"], [("redraw",)], ""),
    ],
)
def test_each_key_runs_its_action(keys: list[str], asked: list[tuple[object, ...]], left: str) -> None:
    lobby = room(1, "lobby", "lobby", 2)
    lobby.load(said(1, "hello"))
    lobby.load(said(2, "mine", ADA))
    state = state_of(lobby)
    assert pressed(state, *keys) == asked
    assert state.editor.text == left
    state.disconnect_reason = "closed"
    assert pressed(state, "ctrl r") == [("reconnect",)]


def test_text_typed_after_the_room_command_goes_to_that_room() -> None:
    lobby, roses = room(1, "lobby", "lobby"), room(7, "room", "roses")
    state = state_of(lobby, roses)
    assert pressed(state, "/room roses", "enter", "hi") == []  # in one piece, as over a slow line
    assert (state.room, state.editor.text, state.drafts) == (7, "hi", {})
    state.editor.replace("")
    assert pressed(state, "/room tulips", "enter") == []
    assert (state.room, state.editor.text) == (7, "/room tulips")
    assert state.notice == "you are in no room tulips: /join tulips joins it"


def test_a_reply_that_was_refused_is_one_again() -> None:
    lobby = room(1, "lobby", "lobby", 2)
    lobby.load(said(1, "hello"))
    lobby.load(said(2, "mine", ADA))
    state = state_of(lobby)
    for answered, again in ((1, "/reply 2 no"), (99, "no")):
        state.editor.replace("")
        state.add_message("k", "no", reply=answered).refused = "too long"
        pressed(state, "up")
        assert state.editor.text == again


@pytest.mark.parametrize(("keys", "typed"), [("hi", 2), ("/who", 0), ("//a", 2), ("  ", 0), ("a\x7f", 1)])
def test_typing_a_message_is_announced_and_typing_a_command_is_not(keys: str, typed: int) -> None:
    asked = Actions()
    state = state_of(room(1, "lobby", "lobby"))
    for key in keys:
        Keys(state, asked).press("backspace" if key == "\x7f" else key, draw(state, 40, 12), 40)
    assert asked.typed == typed


def test_a_key_that_does_not_scroll_closes_a_page_and_is_typed() -> None:
    state = state_of(room(1, "lobby", "lobby"))
    state.show("help", [str(n) for n in range(40)])
    keyboard = Keys(state, Actions())
    keyboard.press("page down", draw(state, 40, 12), 40)
    assert (state.page is not None, state.page_top) == (True, 8)
    for key in ("/", "q"):
        keyboard.press(key, draw(state, 40, 12), 40)
    assert (state.page, state.editor.text) == (None, "/q")
    state.show("help", ["more"])
    keyboard.press("enter", draw(state, 40, 12), 40)
    assert (state.page, state.editor.text) == (None, "/q")


def test_up_and_down_walk_through_the_input_history() -> None:
    lobby = room(1, "lobby", "lobby", 1)
    lobby.load(said(1, "second", ADA))
    state = state_of(lobby)
    pressed(state, "first", "enter", "/who", "enter", "second", "enter")
    pressed(state, "up")
    assert (state.editing is not None, state.editor.text) == (True, "second")
    pressed(state, "up")  # what is edited is what was typed last
    assert (state.editing, state.editor.text) == (None, "/who")
    pressed(state, "up", "up", "up")
    assert state.editor.text == "first"
    pressed(state, "!", "down", "down")
    assert state.editor.text == ""
    pressed(state, "half", "up")
    assert state.editor.text == "second"
    pressed(state, "down")
    assert state.editor.text == "half"
    assert pressed(state, "up", "up", "up", "enter") == [("send", "first")]
    assert state.editor.text == ""
    pressed(state, "x", "up", "up")  # the line that the walk began with was typed too
    assert state.editor.text == "half"


def test_an_edit_that_was_begun_is_not_lost_to_the_history() -> None:
    lobby = room(1, "lobby", "lobby", 1)
    lobby.load(said(1, "helo", ADA))
    state = state_of(lobby)
    pressed(state, "helo", "enter", "up", "!", "up", "down")
    assert (state.editing is not None, state.editor.text) == (True, "helo!")


def test_a_digit_with_alt_reads_a_room_by_its_place() -> None:
    state = state_of(room(1, "lobby", "lobby"), room(2, "room", "roses"))
    pressed(state, "meta 2")
    assert state.room == 2
    pressed(state, "meta 1")
    assert state.room == 1
    pressed(state, "meta 0")
    assert (state.room, state.notice) == (1, "there is no room 10 in the list")
