"""docs/irc.md: each command in it is run, on the ports of a test's own server."""

import re
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.support.irc_client import IrcClient
from tests.support.people import register
from tests.support.screens import Terminal, in_terminal
from tests.support.server import running_server, used_data_path
from tests.system.test_irc_clients import NO_PASTE, found, needs

PAGE = Path(__file__).parents[2] / "docs/irc.md"
PASSWORD = "correct-horse-battery"


class Served(NamedTuple):
    """Where the server speaks IRC: its plain port, and that with TLS."""

    plain: str
    tls: str


def blocks(heading: str) -> list[str]:
    """The blocks below a heading, without their fences."""
    part = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)\n```", part, re.DOTALL)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """A server that is started by the flags of the page, with other ports."""
    place = tmp_path_factory.mktemp("tls")
    leaf = trustme.CA().issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(place / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(place / "cert.pem")
    plain, tls, *_ = blocks("Turn it on")
    flags = plain.removeprefix("chat serve ").split() + tls.removeprefix("chat serve ").split()
    own = {"127.0.0.1:6667": "127.0.0.1:0", "0.0.0.0:6697": "127.0.0.1:0"}
    own |= {name: str(place / name) for name in ("cert.pem", "key.pem")}
    with used_data_path() as data, running_server(data, *(own.get(each, each) for each in flags)) as server:
        assert server.process.stdout is not None
        lines = [server.process.stdout.readline().removeprefix("listening on ").strip() for _ in range(2)]
        register(server.url, "ada", PASSWORD, verify=False)
        register(server.url, "ben", PASSWORD, verify=False)
        yield Served(*(line.rpartition(":")[2] for line in lines))


def type_all(terminal: Terminal, lines: list[str], port: str) -> None:
    for line in lines:
        terminal.type(line.replace("6667", port) + "\r")


def test_the_port_answers(served: Served) -> None:
    (command,) = [each for each in blocks("Turn it on") if "openssl" in each]
    ran = subprocess.run(
        ["bash", "-c", f"({command.replace('6697', served.tls)}) 2>&1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "CAP * LS :account-notify" in ran.stdout


@needs("weechat")
def test_weechat_is_set_up(served: Served, tmp_path: Path) -> None:
    (lines,) = blocks("WeeChat")
    commands = [NO_PASTE, *lines.replace("6667", served.plain).splitlines()]
    typed = [each for line in commands for each in ("-r", line)]
    with in_terminal(found("weechat"), "-d", str(tmp_path), *typed, width=120, height=40) as terminal:
        terminal.wait("#lobby")
        assert_talks(served, terminal, "/buffer #lobby", "2:#lobby")


@needs("irssi")
def test_irssi_is_set_up(served: Served, tmp_path: Path) -> None:
    (lines,) = blocks("irssi")
    with in_terminal(found("irssi"), f"--home={tmp_path}", width=120, height=40) as terminal:
        terminal.wait("[(status)]")
        type_all(terminal, lines.splitlines(), served.plain)
        terminal.wait("[Act: ")
        assert_talks(served, terminal, "/window goto #lobby", "[#lobby]")


def assert_talks(served: Served, terminal: Terminal, go_to_lobby: str, mark: str) -> None:
    """Say something in the lobby, which is open when `mark` is shown."""
    with IrcClient(f"irc://127.0.0.1:{served.plain}").log_in("ben", PASSWORD) as ben:
        terminal.type(f"{go_to_lobby}\r")
        terminal.wait(mark)
        terminal.type("as the page says\r")
        terminal.wait("as the page says")
        assert ben.until("as the page says").startswith(":ada!")
        terminal.type("/quit\r")
        assert terminal.wait_for_end() == 0
