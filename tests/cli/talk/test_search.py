"""`/search` in the terminal: the results, and back to the room."""

import pytest

from chat.cli.talk.commands import run
from chat.cli.talk.context import CommandError
from chat.cli.talk.state import State
from chat.cli.talk.view import draw
from chat.client import Hit, Hits
from tests.cli.talk.contexts import with_chat
from tests.cli.talk.test_keys import pressed
from tests.cli.talk.test_view import ADA, room, said, shown, state_of


class Searched:
    """Finds the same whatever is looked for."""

    def __init__(self, hits: Hits) -> None:
        self.hits = hits
        self.words: list[str] = []
        self.has: list[str] = []

    async def search(self, q: str, *, has: list[str]) -> Hits:
        self.words.append(q)
        self.has += has
        return self.hits


async def search(state: State, hits: Hits, words: str) -> list[str]:
    chat = Searched(hits)
    await run(with_chat(chat, state), f"/search {words}")
    return chat.words


async def test_search_results_are_shown_and_any_key_goes_back() -> None:
    state = state_of(room(1, "lobby", "lobby"), room(2, "room", "roses"))
    hits = (
        Hit(message=said(3, "red roses\nare red", room=2), pieces=("", "red", " roses\nare ", "red")),
        Hit(message=said(2, "\x1bred", ADA), pieces=("\x1b", "red")),
        Hit(message=said(1, "infrared", room=9), pieces=("infra", "red")),
    )
    assert await search(state, Hits(hits=hits, next=7), 'red "a b"') == ['red "a b"']
    picture = draw(state, 50, 9)
    assert shown(picture)[:7] == [
        ' search: red "a b"  (Page Down: more; any other k…',
        "#roses 2024-10-04 12:03 ben: red roses",
        "        are red",
        "lobby 2024-10-04 12:02 ada: \ufffdred",
        "9 2024-10-04 12:01 ben: infrared",
        "… and more",
        "",
    ]
    # Fmt: skip.
    assert [[text for style, text in row if style == "found"] for row in picture.rows[1:5]] == [
        ["red"],
        ["red"],
        ["red"],
        ["red"],
    ]
    pressed(state, "x")
    assert (state.page, state.room) == (None, 1)


async def test_messages_are_searched_by_what_they_have() -> None:
    chat = Searched(Hits())
    await run(with_chat(chat, state_of(room(1, "lobby", "lobby"))), '/search has:image "a  b" has:link')
    assert (chat.words, chat.has) == (['"a  b"'], ["image", "link"])


async def test_an_empty_search_result_is_shown_as_such() -> None:
    state = state_of(room(1, "lobby", "lobby"))
    await search(state, Hits(), "red")
    assert shown(draw(state, 50, 9))[1] == "no message found"
    with pytest.raises(CommandError, match="words to search for"):
        await search(state, Hits(), "")
    state.disconnect_reason = "closed"
    with pytest.raises(CommandError, match="not connected"):
        await search(state, Hits(), "red")
