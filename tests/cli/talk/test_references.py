"""Replies and mentions in the transcript; no terminal and no server."""

from chat.cli.talk.view import draw
from chat.client import Message
from chat.client.wire import Deletion
from tests.cli.talk.test_view import ADA, BEN, NOON, room, said, shown, state_of, with_messages


def test_a_mention_is_marked_only_if_the_server_accepts_it() -> None:
    lobby = room(1, "lobby", "lobby", 3)
    for message in (
        said(1, "_@ada said @all", mentions=(1,)),
        said(2, "@ada, @all of you", all=True),
        said(3, "@ada and @all; mail to me@ada.example"),
    ):
        lobby.load(message)
    styled = [
        [text for style, text in row if style == "mention"] for row in draw(state_of(lobby), 60, 9).rows
    ]
    assert styled[2:6] == [[], ["@ada"], ["@all"], []]


def test_a_reply_shows_the_quoted_message_in_one_row() -> None:
    lobby = with_messages(1)
    lobby.info = room(1, "lobby", "lobby", 5).info
    for message in (
        said(2, "one\ntwo"),
        said(3, "yes", ADA, reply=2),
        said(4, "which?", reply=99),
        said(5, "", reply=2, deleted=Deletion(at=1)),
    ):
        lobby.load(message)
    state = state_of(lobby)
    state.add_message("k", "now", reply=2)
    assert shown(draw(state, 23, 14))[3:12] == [
        "12:02 ben: one",
        "      two",
        "      ┌ ben: one two",
        "12:03 ada: yes",
        "      ┌ an earlier mes…",
        "12:04 ben: which?",
        "12:05 ben: (deleted)",
        "      ┌ ben: one two",
        "  ... ada: now",
    ]
    lobby.load(Message(room=1, seq=2, pos=9, at=NOON, sender=BEN, deleted=Deletion(at=1)))
    assert "      ┌ ben: (deleted)" in shown(draw(state, 40, 14))
