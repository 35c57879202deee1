"""`chat doctor` beside a real server: alone, and through the proxies of docs/deploying.md, whole and broken."""

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from chat.cli import main
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.proxying import FILES, PAGE, SITE, proxy, shown

OPERATING = PAGE.with_name("operating.md")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings that the page shows."""
    path = tmp_path_factory.mktemp("settings") / "chat.toml"
    path.write_text(shown("toml").replace(":9100", ":0"))
    return path


@pytest.fixture(scope="module")
def behind(settings: Path) -> Generator[ServerProcess]:
    """A server that believes a proxy."""
    with used_data_path() as data, running_server(data, "--config", str(settings)) as server:
        yield server


def doctor(server: ServerProcess, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["doctor", "--data", str(server.data), *arguments], env=environment)


def port(server: ServerProcess) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.fixture
def examine(behind: ServerProcess, settings: Path, tmp_path: Path) -> "Examine":
    return Examine(behind, settings, tmp_path)


class Examine:
    """Examines a server through a proxy, as its operator does."""

    def __init__(self, server: ServerProcess, settings: Path, directory: Path) -> None:
        self._server, self._settings, self._directory = server, settings, directory

    def __call__(self, name: str, *broken: tuple[str, str], server: ServerProcess | None = None) -> Result:
        examined = server or self._server
        given = [] if server else ["--config", str(self._settings)]
        with proxy(name, self._directory, port(examined), broken=broken) as site:
            return doctor(
                examined,
                *given,
                *("--url", SITE, "--connect-to", f"127.0.0.1:{site.port}"),
                SSL_CERT_FILE=str(self._directory / "authority.pem"),
            )


def test_a_server_without_fault_has_nothing_to_do(server: ServerProcess) -> None:
    done = doctor(server, "--url", server.url)
    assert (done.exit_code, [line for line in done.output.splitlines() if not line.startswith("ok ")]) == (
        0,
        [],
    )
    subjects = [line[6:].partition(":")[0] for line in done.output.splitlines()]
    wanted = ["settings", "server", "disk of data", "disk of files", "fsync", "clock", "database"]
    assert subjects == [*wanted, "database connections", "address", "proxy", "websocket", "body"]
    assert doctor(server, "--quiet", "--url", server.url).output == ""


@pytest.mark.parametrize("name", list(FILES))
def test_each_proxy_of_the_page_is_found_right(name: str, examine: Examine) -> None:
    done = examine(name)
    assert [line for line in done.output.splitlines() if not line.startswith("ok ")] == []
    assert done.exit_code == 0
    assert "ok    proxy: 127.0.0.1 is believed" in done.output


BROKEN = {
    "nginx without upgrade": (
        "nginx",
        [("proxy_set_header Connection $trio_chat_connection;", 'proxy_set_header Connection "";')],
        "fail  websocket: the proxy does not pass the upgrade",
    ),
    "nginx with its own limit of bodies": (
        "nginx",
        [("client_max_body_size 25m;", "")],
        "fail  body: of 26,214,400 bytes is answered with 413",
    ),
    "nginx that names no client": (
        "nginx",
        [("proxy_set_header X-Forwarded-For $remote_addr;", "")],
        "fail  proxy: sets no X-Forwarded-For",
    ),
    "nginx that says another host": (
        "nginx",
        [("proxy_set_header X-Forwarded-Host $http_host;", "proxy_set_header X-Forwarded-Host trio_chat;")],
        "fail  proxy: says that people ask for trio_chat",
    ),
    "nginx that passes claims on": (
        "nginx",
        [("X-Forwarded-For $remote_addr", "X-Forwarded-For $http_x_forwarded_for")],
        "fail  proxy: passes on what clients claim",
    ),
    "haproxy that says http": (
        "haproxy",
        [("X-Forwarded-Proto https", "X-Forwarded-Proto http")],
        "fail  proxy: says http, and people use https://chat.example",
    ),
    "haproxy that passes claims on": (
        "haproxy",
        [("    http-request set-header X-Forwarded-For %[src]\n", "")],
        "fail  proxy: passes on what clients claim",
    ),
    "caddy that names no client": (
        "caddy",
        [("header_up -Forwarded", "header_up -X-Forwarded-For")],
        "fail  proxy: sets no X-Forwarded-For",
    ),
    "caddy that limits bodies": (
        "caddy",
        [("reverse_proxy", "request_body {\nmax_size 1MB\n}\nreverse_proxy")],
        "fail  body: of 26,214,400 bytes is",
    ),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_a_broken_proxy_is_found_and_named(case: str, examine: Examine) -> None:
    name, broken, expected = BROKEN[case]
    done = examine(name, *broken)
    assert expected in done.output
    assert done.exit_code == 1


def test_a_proxy_that_the_server_does_not_trust_is_named(examine: Examine, server: ServerProcess) -> None:
    done = examine("nginx", server=server)
    assert "fail  address: the server refuses requests for chat.example with 403" in done.output
    assert done.exit_code == 1


def test_the_command_of_the_page_is_understood() -> None:
    found = re.search(
        r"^sudo -u trio-chat /opt/trio-chat/bin/chat (doctor .*)$", OPERATING.read_text(), re.MULTILINE
    )
    assert found
    done = CliRunner().invoke(main, found[1].split())
    assert done.exit_code == 1
    assert done.output.startswith("fail  settings: --config: cannot read /etc/trio-chat/chat.toml")


def test_a_url_of_another_server_is_found(behind: ServerProcess, server: ServerProcess) -> None:
    assert "fail  proxy: leads to another server" in doctor(server, "--url", behind.url).output


def test_an_address_where_nothing_listens_is_found(server: ServerProcess) -> None:
    done = doctor(server, "--url", "http://127.0.0.1:9")
    assert "fail  address: http://127.0.0.1:9 does not answer" in done.output


def test_a_certificate_that_browsers_refuse_is_found(
    examine: Examine, behind: ServerProcess, tmp_path: Path
) -> None:
    with proxy("nginx", tmp_path, port(behind)) as site:
        done = doctor(behind, "--url", SITE, "--connect-to", f"127.0.0.1:{site.port}")
    assert "fail  certificate: browsers refuse that of https://chat.example" in done.output


def test_strangers_learn_nothing_from_the_doctors_path(server: ServerProcess) -> None:
    for headers in ({}, {"X-Chat-Doctor": ""}, {"X-Chat-Doctor": "guessed"}):
        answer = httpx.post(f"{server.url}/doctor", headers=headers, content=b"x" * 100_000)
        assert answer.status_code == 404
        assert "peer" not in answer.text
    assert not (server.data / "doctor").exists()
