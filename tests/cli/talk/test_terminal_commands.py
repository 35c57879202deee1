"""Commands that users of irssi and weechat expect, in a terminal, with a real server and another person."""

from pathlib import Path

import pytest
import trio

from chat.client import Chat, Disconnected, Message, PresenceChanged, RoomSnapshot, open_chat
from tests.cli.talk.test_terminal import END, UP, enter, last, talk
from tests.support.people import PASSWORD, request
from tests.support.screens import PATIENCE, Terminal
from tests.support.server import ServerProcess

DOWN, ALT_1, ALT_2 = "\x1b[B", "\x1b1", "\x1b2"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def expect_shown(screen: Terminal, *words: str) -> None:
    """Wait until the status line says so, wherever it breaks."""
    for word in words:
        screen.wait(lambda word=word: word in " ".join(line.strip() for line in screen.lines[-5:]))  # type: ignore[misc]


def test_rooms_and_people_are_looked_after_by_commands(server: ServerProcess, state: Path) -> None:
    answer = request(
        "POST", f"{server.url}/api/v1/auth/register", {"name": "irssi ben", "password": PASSWORD}
    )
    token = answer.json()["access"]

    async def watch(screen: Terminal) -> None:
        with trio.fail_after(PATIENCE):
            async with open_chat(server.url, token=token) as ben:
                await converse(screen, ben)

    async def converse(screen: Terminal, ben: Chat) -> None:
        await trio.to_thread.run_sync(_say, screen)
        received = await direct_message(ben)
        assert received.text == "good morning"
        room = next(number for number, each in ben.rooms.items() if each.info.name == "tulips")
        assert ben.rooms[room].info.topic == "red ones"
        await ben.watch([received.sender.id])
        await trio.to_thread.run_sync(_go_away, screen)
        async for event in ben.events():
            if isinstance(event, PresenceChanged) and event.people[0].state == "away":
                break
            assert not isinstance(event, Disconnected)
        await ben.send(received.room, "hello?")
        await trio.to_thread.run_sync(_kick, screen)
        assert room not in ben.rooms

    with talk(state, server.url, "--register", LANG="C.UTF-8") as screen:
        enter(screen, "irssi ada", is_new=True)
        trio.run(watch, screen)
        screen.type(END)
        assert screen.wait_for_end() == 0


def _say(screen: Terminal) -> None:
    screen.type("/new tulips\r")
    screen.wait(lambda: screen.lines[0] == " #tulips")
    screen.type("/topic red ones\r")
    screen.wait("#tulips  red ones")
    screen.type("/invite irssi ben\r")
    expect_shown(screen, "irssi ben is in #tulips now")
    screen.type("/invite\r")
    screen.wait("/i/")
    screen.type(" \x7f/msg irssi ben good morning\r")
    expect_shown(screen, "to irssi ben: good morning")
    assert screen.lines[0].startswith(" #tulips")


def _go_away(screen: Terminal) -> None:
    screen.type("/away\r")
    screen.wait("irssi ada (away) at")


def _kick(screen: Terminal) -> None:
    screen.wait(lambda: b"\x07" in screen.written)  # ben wrote directly
    screen.type("/kick irssi ben\r")
    expect_shown(screen, "irssi ben was removed from #tulips")
    screen.type(ALT_1)
    screen.wait(lambda: screen.lines[0].startswith(" lobby"))
    screen.type("/kick irssi ben\r")
    expect_shown(screen, "lobby has no members to add or remove")
    screen.type("\x15/back\r")
    screen.wait(lambda: "(away)" not in screen.text)


async def direct_message(chat: Chat) -> Message:
    """The first one, with which its room is sent."""
    async for event in chat.events():
        if isinstance(event, RoomSnapshot) and event.kind == "direct" and event.last is not None:
            return event.last
    raise AssertionError


def test_commands_for_files_settings_and_input_history(
    server: ServerProcess, state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a plan.txt"
    file.write_text("sow, plant, harvest\n")
    with talk(state, server.url, "--register", LANG="C.UTF-8", width=60) as screen:
        enter(screen, "irssi cleo", is_new=True)
        screen.type("/new plans of cleo\r")
        screen.wait(lambda: screen.lines[0] == " #plans of cleo")
        screen.type("/set log on\r")
        expect_shown(screen, "log is on")
        screen.type(f"/upload {str(file)[:-8]}\t\r")
        screen.wait(lambda: "irssi cleo: a plan.txt (file)" in screen.text and " ... " not in screen.text)
        screen.type(f"/save {tmp_path}/saved\r")
        expect_shown(screen, f"saved {tmp_path}/saved"[:50])
        assert (tmp_path / "saved").read_text() == file.read_text()
        screen.type(f"/save 1 {tmp_path}\r")
        expect_shown(screen, "(2).txt")
        screen.type("/files\r")
        screen.wait("a plan.txt  20 bytes, irssi cleo")
        screen.type(" \x7f/save 7\r")
        expect_shown(screen, "not that many files")
        screen.type(f"\x15{UP}{UP}{UP}")  # the first edits the message, which has no text
        screen.wait(lambda: last(screen) == "> /files" or screen.lines[-1].endswith("/files"))
        screen.type(DOWN)
        screen.wait(lambda: last(screen).endswith("/save 7"))
        screen.type("\x15")
        screen.type(END)
        assert screen.wait_for_end() == 0
    (log,) = (state / "trio-chat").glob("*.logs/*-#plans_of_cleo.log")
    assert log.read_text().endswith(" irssi cleo: a plan.txt (file)\n")
    with talk(state, width=60) as screen:
        screen.wait(" irssi cleo at ")
        screen.type("/set\r")
        screen.wait("log     on")
        screen.type(f" \x7f{END}")
        assert screen.wait_for_end() == 0
