"""Lines about changes among the messages; no terminal and no server."""

from chat.cli.talk.notes import Note
from chat.cli.talk.view import draw
from tests.cli.talk.test_view import NOON, room, said, state_of


def test_a_line_about_a_change_stands_muted_under_the_last_message_of_then() -> None:
    lobby = room(1, "lobby", "lobby", 2)
    lobby.load(said(1, "hello"))
    lobby.load(said(2, "and bye"))
    state = state_of(lobby)
    state.notes.add(1, Note(1, NOON + 60_000, "ada did\nsomething"))
    rows = [row for row in draw(state, 40, 9).rows if any("12:0" in text for _, text in row)]
    assert ["".join(text for _, text in row).rstrip() for row in rows] == [
        "12:01 ben: hello",
        "12:01 ada did something",
        "12:02 ben: and bye",
    ]
    assert ("time", "12:01 ada did something") in rows[1]


def test_no_line_stays_where_the_history_is_another_one() -> None:
    state = state_of(room(1, "lobby", "lobby", 1))
    state.notes.add(1, Note(1, NOON, "ada did something"))
    state.reset_history(1)
    assert state.notes.under(1, 1) == []


def test_of_many_lines_the_newest_stay() -> None:
    state = state_of(room(1, "lobby", "lobby", 1))
    for n in range(300):
        state.notes.add(1, Note(1, NOON, str(n)))
    assert [note.text for note in state.notes.under(1, 1)] == [str(n) for n in range(100, 300)]
