"""Pinned messages in a terminal, with a real server; and how a change of pins reads."""

import re
from pathlib import Path

from chat.cli.talk.pins import PINS
from chat.client import FeatureChange, Pinned
from tests.cli.talk.test_terminal import END, enter, talk
from tests.cli.talk.test_view import ADA, NOON, room, said, state_of
from tests.support.server import ServerProcess


def test_messages_are_pinned_listed_and_unpinned(server: ServerProcess, tmp_path: Path) -> None:
    with talk(tmp_path / "state", server.url, "--register", LANG="C.UTF-8") as screen:
        enter(screen, "pinning ada", is_new=True)
        screen.type("/new pinned-roses\r")
        screen.wait(lambda: screen.lines[0] == " #pinned-roses")
        for text in ("prune in March", "water daily"):
            screen.type(f"{text}\r")
            screen.wait(lambda text=text: re.search(rf":\d\d pinning ada: {text}", screen.text) is not None)  # type: ignore[misc]
        screen.type("/pin 2\r")
        screen.wait("pinning ada pinned a message: prune in March")
        screen.wait("pinned: 1 in this room")
        screen.type("/pins\r")
        screen.wait(" pinned in #pinned-roses")
        screen.wait("pinning ada: prune in March  (pinned by")
        screen.type("\x1b")
        screen.wait("water daily")
        screen.type("/unpin 2\r")
        screen.wait("pinning ada unpinned a message: prune in March")
        screen.type("/pins\r")
        screen.wait("no message is pinned")
        screen.type("\x1b")
        screen.wait("unpinned a message")
        screen.type("/pin 9\r")
        screen.wait("there are not that many messages here")
        screen.type(END)


def test_a_change_of_pins_names_who_made_it_as_far_as_it_is_known() -> None:
    garden = room(1, "room", "garden", 2)
    garden.load(said(1, "one\nrose"))
    garden.load(said(2, "tulips", ADA))
    state = state_of(garden)

    def line(seq: int, by: int | None, *, on: bool = True) -> str | None:
        return PINS.describe(state, Pinned(room=1, pos=5, at=NOON, seq=seq, by=by, on=on))

    assert line(1, 2) == "ben pinned a message: one rose"
    assert line(2, 1, on=False) == "ada unpinned a message: tulips"
    assert line(99, 77) == line(99, None) == "somebody pinned a message"
    assert PINS.describe(state, FeatureChange(room=1, pos=5, at=NOON)) is None
