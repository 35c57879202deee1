"""Clients of IRC as Debian has them, in a terminal: WeeChat and irssi."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.campaign import in_campaign
from tests.support.irc_client import IrcClient
from tests.support.people import client, register
from tests.support.screens import in_terminal
from tests.support.server import ServerProcess, running_server, used_data_path

PASSWORD = "secret word"
NO_PASTE = "/set weechat.look.paste_max_lines -1"
"""WeeChat takes what a test types for a paste, and would ask about it."""
KNOWN = "message-tags server-time echo-message"


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    """A server that speaks IRC too, on a free port."""
    with used_data_path() as data, running_server(data, "--irc", "127.0.0.1:0") as server:
        yield server


@pytest.fixture(scope="module")
def irc_url(server: ServerProcess) -> str:
    """Where it speaks IRC."""
    assert server.process.stdout is not None
    return server.process.stdout.readline().removeprefix("listening on ").strip()


@pytest.fixture(scope="module")
def people(server: ServerProcess) -> dict[str, str]:
    """The tokens of Ada and Ben."""
    return {name: register(server.url, name, PASSWORD) for name in ("ada", "ben")}


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"needs {program}: apt-get install {program}"
    )


def found(program: str) -> str:
    """The path of a program."""
    path = shutil.which(program)
    assert path is not None
    return path


@needs("weechat")
def test_weechat_logs_in_talks_and_gets_what_it_missed(
    server: ServerProcess, irc_url: str, people: dict[str, str], tmp_path: Path
) -> None:
    port = irc_url.rpartition(":")[2]
    with IrcClient(irc_url).log_in("ben", PASSWORD, f"sasl {KNOWN}") as ben:
        ben.send("PRIVMSG ada :while you were away")
        ben.until("while you were away")
        arguments = [
            NO_PASTE,
            f"/server add chat 127.0.0.1/{port} -nossl -sasl_mechanism=plain -sasl_username=ada@weechat -nicks=ada",
            f"/set irc.server.chat.sasl_password {PASSWORD}",
            "/connect chat",
        ]
        command = [
            found("weechat"),
            "-d",
            str(tmp_path),
            *(each for line in arguments for each in ("-r", line)),
        ]
        with in_terminal(*command, width=120, height=40) as terminal:
            terminal.wait(
                lambda: any(line.startswith("3.  ben") for line in terminal.lines)
            )  # the query is open
            terminal.type("/buffer ben\r")
            terminal.wait("while you were away")
            terminal.type("back again\r")
            assert ben.until("back again").endswith("PRIVMSG ben :back again")
            terminal.type("/buffer #lobby\r")
            with client(server.url, "/talker", "name", "ben") as talker:
                talker.log_in(people["ben"])
                talker.say("said in a browser")
                terminal.wait("said in a browser")
                terminal.type("heard in weechat\r")
                assert talker.hear() == ("ada", "heard in weechat")
            terminal.type("/quit\r")
            assert terminal.wait_for_end() == 0


@needs("irssi")
def test_irssi_logs_in_talks_and_gets_what_it_missed(
    server: ServerProcess, irc_url: str, people: dict[str, str], tmp_path: Path
) -> None:
    port = irc_url.rpartition(":")[2]
    (tmp_path / "config").write_text(
        f'servers = ({{ address = "127.0.0.1"; port = "{port}"; chatnet = "chat"; autoconnect = "yes"; }});\n'
        'chatnets = { chat = { type = "IRC"; nick = "ben"; sasl_mechanism = "PLAIN";'
        f' sasl_username = "ben@irssi"; sasl_password = "{people["ben"]}"; }}; }};\n'
    )
    with IrcClient(irc_url).log_in("ada", PASSWORD, f"sasl {KNOWN}") as ada:
        ada.send("PRIVMSG #lobby :before irssi", "PRIVMSG ben :to irssi alone")
        ada.until("to irssi alone")
        with in_terminal(found("irssi"), f"--home={tmp_path}", width=120, height=40) as terminal:
            terminal.wait("[Act: 2,3")  # the lobby and the query are open
            terminal.type("/window goto #lobby\r")
            terminal.wait("before irssi")
            terminal.type("heard in irssi\r")
            assert ada.until("heard in irssi").endswith("PRIVMSG #lobby :heard in irssi")
            terminal.type("/window goto ada\r")
            terminal.wait("to irssi alone")
            terminal.type("/quit\r")
            assert terminal.wait_for_end() == 0


@in_campaign
def test_two_workers_speak_irc(people: dict[str, str]) -> None:
    """Who is on one worker hears who is on the other."""
    with (
        used_data_path() as data,
        running_server(data, "--irc", "127.0.0.1:0", "--workers", "2") as server,
    ):
        assert server.process.stdout is not None
        url = server.process.stdout.readline().removeprefix("listening on ").strip()
        for name in ("ada", "ben"):
            register(server.url, name, PASSWORD)
        clients = [IrcClient(url).log_in(name, PASSWORD, f"sasl {KNOWN}") for name in ("ada", "ben") * 3]
        clients[0].send("PRIVMSG #lobby :to all workers", "PRIVMSG ben :to one")
        for each in clients:
            assert each.until("to all workers").endswith("PRIVMSG #lobby :to all workers")
        for each in clients[1::2]:
            assert each.until("to one").endswith("PRIVMSG ben :to one")
            each.socket.close()
        for each in clients[::2]:
            each.socket.close()
    assert people
