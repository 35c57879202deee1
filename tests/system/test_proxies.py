"""nginx, Caddy and HAProxy before the server, each as docs/deploying.md sets it up, over TLS."""

from collections.abc import Generator

import pytest

from tests.support.people import client, eventually, member
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.proxying import HOST, PROXIES, SITE, Site, came_from, proxy, register, shown
from tests.system.relay import Relay, relay_to

AGAIN = 20
"""How often a WebSocket is asked for on a connection of the proxy's that has served a call."""

CLAIMED = "203.0.113.9"
"""Whom a client claims to be."""

CLAIMS = {
    "X-Forwarded-For": CLAIMED,
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "elsewhere.example",
    "Forwarded": f"for={CLAIMED};proto=http;host=elsewhere.example",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess]:
    """The server with the settings that the page shows, on free ports."""
    settings = tmp_path_factory.mktemp("settings") / "chat.toml"
    settings.write_text(shown("toml").replace(":9100", ":0"))
    with used_data_path() as data, running_server(data, "--config", str(settings)) as server:
        yield server


@pytest.fixture(scope="module")
def upstream(server: ServerProcess) -> Generator[Relay]:
    """Between the proxies and the server: it counts the connections."""
    with relay_to(server.url) as relay:
        yield relay


@pytest.fixture(scope="module", params=list(PROXIES))
def site(
    request: pytest.FixtureRequest, upstream: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Site]:
    directory = tmp_path_factory.mktemp(request.param)
    with proxy(request.param, directory, upstream.port) as site:
        yield site


def test_people_talk_through_it_as_pages_of_the_site_do(site: Site) -> None:
    name = f"ada_{site.port}"
    assert site.request("GET", "/").status_code == 200
    token = register(site, name, Origin=SITE)
    with (
        member(f"https://{HOST}", name, token, **site.socket_settings()) as ada,
        client(f"https://{HOST}", **site.socket_settings()) as ben,
    ):
        ada.say("hello")
        assert ben.hear() == (name, "hello")
    refused = site.request("POST", "/api/login", {}, Origin="https://elsewhere.example")
    assert refused.status_code == 403


@pytest.mark.parametrize("site", ["nginx", "caddy"], indirect=True)
def test_a_websocket_is_opened_on_a_connection_that_has_served_a_call(site: Site, upstream: Relay) -> None:
    before = upstream.count
    for _ in range(AGAIN):
        assert site.request("GET", "/healthz").status_code == 200
        with client(f"https://{HOST}", **site.socket_settings()) as ben:
            ben.say("hello")
            assert "not authorised" in ben.is_told()
    assert upstream.count - before <= AGAIN + 1, "each WebSocket got a connection of its own"


def test_the_clients_real_address_arrives_and_nobody_claims_another(
    site: Site, server: ServerProcess
) -> None:
    for who, claims in (("dan", {}), ("eve", CLAIMS)):
        seen = len(server.log.read_text().splitlines())
        with client(f"https://{HOST}", **site.socket_settings(**claims)):
            eventually(lambda seen=seen: bool(came_from(server, seen)), "the socket is open")  # type: ignore[misc]
            assert came_from(server, seen) == [site.address]
        assert register(site, f"{who}_{site.port}", Origin=SITE, **claims)
