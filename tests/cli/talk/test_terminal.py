"""`chat talk` in a terminal, with a real server that is killed and restarted."""

import re
import signal
import stat
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.people import PASSWORD, post, register, request
from tests.support.screens import Terminal, in_terminal
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.relay import relay_to
from tests.system.test_second_factor import set_up

UP, PAGE_UP, ESCAPE, ALT_ENTER = "\x1b[A", "\x1b[5~", "\x1b", "\x1b\r"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"
END, RECONNECT = "\x04", "\x12"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def talk(
    state: Path, *arguments: str, width: int = 80, height: int = 20, **environment: str
) -> AbstractContextManager[Terminal]:
    command = (sys.executable, "-m", "chat", "talk", *arguments)
    return in_terminal(*command, width=width, height=height, XDG_STATE_HOME=str(state), **environment)


def send(state: Path, url: str, room: str, text: str, token: str = "") -> None:
    subprocess.run(
        [sys.executable, "-m", "chat", "send", "--url", url, room],
        input=text.encode(),
        env={"PATH": "", "XDG_STATE_HOME": str(state), "CHAT_TOKEN": token},
        check=True,
        timeout=60,
    )


def enter(screen: Terminal, name: str, *, is_new: bool = False) -> None:
    screen.wait("Name:")
    screen.type(f"{name}\n")
    screen.wait("Password:")
    screen.type(f"{PASSWORD}\n")
    if is_new:
        screen.wait("Repeat")
        screen.type(f"{PASSWORD}\n")
    screen.wait(f" {name} at ")


def test_a_person_with_a_second_factor_is_asked_for_a_code(server: ServerProcess, state: Path) -> None:
    _, recovery = set_up(server, register(server.url, "talk fay"))
    with talk(state, server.url) as screen:
        screen.wait("Name:")
        screen.type("talk fay\n")
        screen.wait("Password:")
        screen.type(f"{PASSWORD}\n")
        screen.wait("Code of your second factor:")
        screen.type(f"{recovery[0]}\n")
        screen.wait(" talk fay at ")
        screen.type(END)


def last(screen: Terminal) -> str:
    """The line that is typed."""
    return screen.lines[-1]


def test_a_day_in_a_terminal(server: ServerProcess, state: Path) -> None:
    ben = register(server.url, "talk ben")
    with talk(state, server.url, "--register", LANG="C.UTF-8") as screen:
        enter(screen, "talk ada", is_new=True)
        screen.type("/new roses\r")
        screen.wait(lambda: screen.lines[0] == " #roses")
        me = post(f"{server.url}/api/v1/auth/login", {"login": "talk ben", "password": PASSWORD}).json()["me"]
        room = next(each["id"] for each in _public(server, ben) if each["name"] == "roses")
        _join(server, ben, room, me["id"])
        send(state, server.url, "#roses", "".join(f"line {n}\n" for n in range(150)), ben)
        screen.wait("line 149")

        screen.type("東京 👍\x1b[D\x1b[D日")  # two to the left, and then something between
        screen.wait("> 東京日 👍")
        assert screen.cursor == (8, 19)
        screen.type("\r")
        screen.wait(lambda: "talk ada: 東京日 👍" in screen.text and " ... " not in screen.text)
        screen.type(f"{UP}!")
        screen.wait("edit> ")
        screen.type("\r")
        screen.wait("(edited)")
        screen.type("/react 🎉\r")
        screen.wait("🎉 1")
        screen.type("hi @talk b\t")
        screen.wait(lambda: last(screen).startswith("> hi @talk ben"))
        screen.type(f"{ALT_ENTER}there\r")
        screen.wait(lambda: "hi @talk ben" in screen.lines[-4] and " ... " not in screen.text)
        screen.type("/delete\r")
        screen.wait("(deleted)")
        send(state, server.url, "roses", "and you, @talk ada?\n", ben)
        screen.wait("and you")
        assert screen.colours_of("@talk ada?")[0] == "brightbrown"  # as pyte calls yellow
        screen.type("/reply and me\r")
        screen.wait(lambda: "talk ada: and me" in screen.text and " ... " not in screen.text)
        assert "┌ talk ben: and you, @talk ada?" in screen.text

        screen.type(f"{PASTE}one\rtwo {'x' * 4000}{PASTED}\r")  # pasted line breaks do not send
        screen.wait("not sent: ")
        screen.type(UP)
        screen.wait(lambda: "not sent" not in screen.text and last(screen).endswith("xxx"))
        screen.type("\x15\x7f\x15")  # up to the line break, that, and what is before it
        screen.wait(lambda: last(screen) == ">")

        screen.type("/lea\t#roses extra\r")  # wrong: it is in the line again
        screen.wait("you are in no room #roses extra")
        assert last(screen) == "> /leave #roses extra"
        screen.type("\x15/who\r")
        screen.wait("talk ben")
        screen.wait("owner")
        screen.type(ESCAPE)
        screen.wait("and you")
        while "joined" not in screen.text:  # the first message of the room
            before = screen.text
            screen.type(PAGE_UP)
            screen.wait(lambda before=before: screen.text != before and "…" not in screen.text)  # type: ignore[misc]
        screen.wait("scrolled up")
        assert "line 0" in screen.text
        screen.type(ESCAPE)
        screen.wait("and you")
        screen.resize(40, 12)
        screen.wait(lambda: len(screen.lines) == 12 and last(screen) == ">" and "│" not in screen.text)
        assert screen.lines[0].startswith(" #roses")
        screen.type(END)
        assert screen.wait_for_end() == 0
    (kept,) = (state / "trio-chat").glob("*.session")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text()

    with talk(state, NO_COLOR="1") as screen:  # as last time, and it asks for nothing
        screen.wait(" talk ada at ")
        screen.type("/room roses\r")
        screen.wait("and you")
        assert screen.colours_of("@talk ada?") == ("default", "default")
        assert not re.search(
            rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8)(?:;\d+)*m", screen.written
        )
        screen.type("/direct talk ben\r")
        screen.wait(lambda: screen.lines[0] == " @talk ben")
        screen.type("\x10")
        screen.wait(lambda: screen.lines[0] == " #roses")
        subprocess.run(
            [sys.executable, "-m", "chat", "user", "logout", "talk ada", "--data", str(server.data)],
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
        )
        screen.wait("has ended: log in again")
        screen.wait("Password:")
        screen.forget()
        screen.type("wrong\n")
        screen.wait("invalid credentials")
        enter(screen, "talk ada")
        screen.type("/quit\r")
        assert screen.wait_for_end() == 0


def test_nothing_that_was_typed_is_lost(state: Path) -> None:
    """The server is killed and comes back, and the terminal is closed in between."""
    with (
        used_data_path() as data,
        running_server(data) as first,
        relay_to(first.url) as relay,
        talk(state, relay.url, "--register") as screen,
    ):
        enter(screen, "ada", is_new=True)
        screen.type("before\r")
        screen.wait("ada: before")
        screen.wait(lambda: " ... " not in screen.text)
        with relay.cut():
            first.kill()
            screen.wait("disconnected, reconnecting")
            screen.type("while it is away\r")
            screen.wait("... ada: while it is away")
            screen.type("half a li")
            second = running_server(data)
            server = second.__enter__()
            parts: Any = urlsplit(server.url)
            relay._target = (parts.hostname, parts.port)
        try:
            screen.type(RECONNECT)
            screen.wait(lambda: "disconnected" not in screen.text and " ... " not in screen.text)
            assert "ada: while it is away" in screen.text
            assert last(screen) == "> half a li"
            with relay.cut():
                screen.wait("disconnected")
                screen.type("\x15said to nobody\r")
                screen.wait("1 waiting")
                screen.type("a draft")
                screen.wait("> a draft")
                screen.process.send_signal(signal.SIGHUP)  # as a window that is closed
                assert screen.wait_for_end() == 0
            with talk(state) as again:
                again.wait(" ada at ")
                again.wait("ada: said to nobody")
                again.wait("ada: before")
                again.wait(lambda: " ... " not in again.text)
                assert last(again) == "> a draft"
                texts = [line.partition("ada: ")[2] for line in again.lines if "ada: " in line]
                assert texts == ["before", "while it is away", "said to nobody"]
        finally:
            second.__exit__(None, None, None)


def test_it_goes_on_after_it_was_suspended(server: ServerProcess, state: Path) -> None:
    with talk(state, server.url, "--register") as screen:
        enter(screen, "talk eve", is_new=True)
        screen.type(END)
        assert screen.wait_for_end() == 0
    shell = 'set -m; "$@"; echo suspended; read line; fg'
    command = ("/bin/sh", "-c", shell, "sh", sys.executable, "-m", "chat", "talk")
    with in_terminal(*command, width=80, height=20, XDG_STATE_HOME=str(state), PS1="") as screen:
        screen.wait(" talk eve at ")
        screen.type("half a line")
        screen.wait("> half a line")
        screen.type("\x1a")
        screen.wait("suspended")
        screen.type("\n")
        screen.wait(lambda: last(screen) == "> half a line")
        screen.type("\x03")  # a key, as before
        screen.wait(lambda: last(screen) == ">")
        screen.type(END)
        assert screen.wait_for_end() == 0


@pytest.mark.parametrize(
    ("environment", "got"),
    [
        ({}, "chat: `chat talk` needs a terminal; use `chat send ROOM` to send the output of a program"),
        ({"HIDE": "urwid"}, "chat: `chat talk` needs one more package: pip install 'trio-chat[talk]'"),
    ],
)
def test_without_a_usable_terminal_it_prints_one_line(
    tmp_path: Path, environment: dict[str, str], got: str
) -> None:
    hiding = "import os, sys; sys.modules.update({n: None for n in os.environ.get('HIDE', '').split()}); "
    command = f"{hiding}from chat.cli import main; main(['talk'])"
    done = subprocess.run(
        [sys.executable, "-c", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"XDG_STATE_HOME": str(tmp_path), **environment},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{got}\n")


def _public(server: ServerProcess, token: str) -> list[dict[str, Any]]:
    found = request("GET", f"{server.url}/api/v1/rooms/public?q=roses", headers=_bearer(token))
    rooms: list[dict[str, Any]] = found.json()["rooms"]
    return rooms


def _join(server: ServerProcess, token: str, room: int, person: int) -> None:
    url = f"{server.url}/api/v1/rooms/{room}/members/{person}"
    assert request("PUT", url, {}, headers=_bearer(token)).status_code == 200


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_name_that_is_not_utf8_is_asked_for_again(state: Path) -> None:
    with talk(state, "http://127.0.0.1:1", "--name", "\udcff") as screen:
        screen.wait("Password:")
        screen.type("x\n")
        screen.wait("that is not UTF-8")
        screen.wait("Name:")
