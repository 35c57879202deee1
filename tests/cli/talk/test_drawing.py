"""Everything drawn fits its terminal, whatever the text and the size: otherwise urwid ends the program."""

import pytest
import urwid
from hypothesis import given
from hypothesis import strategies as st

from chat.cli.talk.state import State
from chat.cli.talk.terminal import DrawnPicture
from chat.cli.talk.view import draw
from chat.client import Room
from tests.cli.talk.test_view import room, said, state_of

BURMESE = "မြန်မာစာကျေးဇူးတင်ပါတယ်"
FLAG, FAMILY, SIGN = "🇩🇪", "👨‍👩‍👧‍👦", "❤️"

LETTERS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from([*BURMESE, *FLAG, *FAMILY, *SIGN, "\u200d", *"ำक्षिe\u0301東 "]),
)


def rendered(state: State, width: int, height: int) -> urwid.Canvas:
    urwid.set_encoding("utf8")
    widget = DrawnPicture(lambda columns, rows: draw(state, columns, rows), lambda *_: None)
    return widget.render((width, height), focus=True)


def lobby_with(text: str) -> Room:
    lobby = room(1, "lobby", text, 2, topic=text)
    lobby.load(said(1, text))
    lobby.load(said(2, text, reply=1))
    return lobby


@pytest.mark.parametrize("text", [BURMESE * 20, FLAG * 50, FAMILY * 50, SIGN * 50, "นำ้" * 50])
@pytest.mark.parametrize("width", [12, 13, 40, 61, 80])
def test_texts_of_every_script_are_drawn(text: str, width: int) -> None:
    state = state_of(lobby_with(text))
    state.editor.insert(text)
    canvas = rendered(state, width, 20)
    assert (canvas.cols(), canvas.rows()) == (width, 20)


@given(text=st.text(LETTERS, max_size=60), width=st.integers(1, 70))
def test_no_text_is_wider_than_its_row(text: str, width: int) -> None:
    state = state_of(lobby_with(text), room(2, "room", text, unread=3))
    state.editor.insert(text)
    state.show(text, [text])
    assert rendered(state, width, 12).cols() == width
    state.page = None
    canvas = rendered(state, width, 12)
    assert canvas.cursor is not None
    assert 0 <= canvas.cursor[0] < width


@pytest.mark.parametrize("size", [(1, 1), (8, 3), (11, 5), (12, 4), (2, 30), (200, 2)])
def test_the_smallest_terminal_shows_the_input_line(size: tuple[int, int]) -> None:
    state = state_of(lobby_with("hello"))
    state.editor.insert("hi")
    canvas = rendered(state, *size)
    assert (canvas.cols(), canvas.rows()) == size
    assert canvas.text[-1].decode()[0] in ">…"
    assert canvas.cursor is not None
    assert canvas.cursor[1] == size[1] - 1


def test_a_title_has_no_line_break_and_no_terminal_controls() -> None:
    state = state_of(room(1, "lobby", "lobby"))
    state.show("search: a\nb\x9b31m", ["nothing is found"])
    title = rendered(state, 80, 12).text[0].decode()
    assert title.startswith(" search: a b\ufffd31m ")


@pytest.mark.parametrize("height", [1, 5, 6, 8, 20])
def test_a_long_input_line_leaves_room_for_the_rows_above_it(height: int) -> None:
    nowhere = State({}, 1, "ada", "chat.example")
    somewhere = state_of(lobby_with("hello"))
    for state in (nowhere, somewhere):
        state.editor.insert("a line of many words " * 30)
        canvas = rendered(state, 61, height)
        assert canvas.rows() == height
        assert canvas.cursor is not None
        assert 0 <= canvas.cursor[1] < height
        picture = draw(state, 61, height)
        assert len(picture.rows) == max(height, 5)
        assert picture.height > 0
