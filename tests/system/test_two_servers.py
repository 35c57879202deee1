"""Two servers on one database: a third that does not belong to them, and HAProxy and nginx before them, over TLS.

The proxies are set up as docs/deploying.md shows it.
"""

import secrets
import signal
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from chat.storage.postgres.database import DatabaseAddress
from tests.support.campaign import in_campaign
from tests.support.databases import kept_database
from tests.support.people import Line, Person, member
from tests.support.saved import numbers_of, saved_lines
from tests.support.server import ServerProcess, data_path, running_server
from tests.system.proxying import HOST, SITE, came_from, proxy, register, shown

LAST = 99
"""The number of the last line that is said."""


class Two(NamedTuple):
    """Two servers of one chat, and their database."""

    servers: list[ServerProcess]
    database: DatabaseAddress
    arguments: list[str]
    """What each was given, but for the secret."""


@pytest.fixture
def two(server: ServerProcess, tmp_path: Path) -> Generator[Two]:
    """The servers have the settings that the page shows, and a directory each."""
    settings, secret = tmp_path / "chat.toml", tmp_path / "secret"
    settings.write_text(shown("toml").replace(":9100", ":0"))
    secret.write_text(secrets.token_urlsafe(32))
    with kept_database(server) as database, ExitStack() as stack:
        place = f"host={quote(str(database['host']), safe='')}&port={database['port']}"
        url = f"postgresql://{database['user']}@/{database['database']}?{place}"
        arguments = ["--config", str(settings), "--database", url, "--bus", "notify"]
        servers = [
            stack.enter_context(
                running_server(
                    stack.enter_context(data_path()), *arguments, "--secret-file", str(secret), CHAT_GRACE="2"
                )
            )
            for _ in range(2)
        ]
        yield Two(servers, database, arguments)


@pytest.mark.parametrize("name", [pytest.param("haproxy", marks=in_campaign), "nginx"])
def test_clients_of_a_stopping_server_move_to_the_other_without_loss(
    name: str, two: Two, tmp_path: Path
) -> None:
    ports = [int(each.url.rpartition(":")[2]) for each in two.servers]
    with proxy(name, tmp_path, *ports) as site, ExitStack() as stack:

        def comes(who: str, token: str) -> Person:
            return stack.enter_context(member(f"https://{HOST}", who, token, **site.socket_settings()))

        token, bens = (register(site, who, Origin=SITE) for who in ("ada", "ben"))
        ada = comes("ada", token)
        (stopped,) = (each for each in two.servers if came_from(each))
        (other,) = (each for each in two.servers if each is not stopped)
        ben = comes("ben", bens)
        assert came_from(stopped) == came_from(other) == [site.address], "each has one, by its real address"
        ben.say("ben 0")
        assert ada.hear() == Line("ben", "ben 0")
        for number in range(50):
            ada.say(f"ada {number}")
        received = ben.hear_until(lambda line: line.text == "ada 10")
        stopped.process.send_signal(signal.SIGTERM)
        assert ada.hear_to_the_end() == []
        assert ada.closed_with == 1001

        ada = comes("ada", token)
        assert came_from(other) == [site.address, site.address]
        ada.say("history 1")
        (last,) = numbers_of("ada", [ada.hear()])
        for number in range(last + 1, LAST + 1):
            ada.say(f"ada {number}")
        received += ben.hear_until(lambda line: line.text == f"ada {LAST}")
        ben.say("ben 1")
        assert ada.hear() == Line("ben", "ben 1")
        assert {site.request("GET", "/healthz").status_code for _ in range(10)} == {200}
        assert stopped.process.wait(30) == 0

        saved = saved_lines(two.database)
        assert received == [line for line in saved if line.name == "ada"]
        assert numbers_of("ada", saved) == list(range(LAST + 1))


def test_a_server_with_another_secret_is_refused_and_the_flag_named(two: Two) -> None:
    with data_path() as data:
        with pytest.raises(RuntimeError, match=r"has another secret.* --secret-file"):
            ServerProcess(data, *two.arguments)
        assert len((data.parent / f"{data.name}.log").read_text().splitlines()) == 1
