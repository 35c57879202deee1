"""A real reverse proxy, started from the configuration in docs/deploying.md, and clients behind it."""

import json
import re
import shutil
import socket
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trustme

from tests.support.people import PATIENCE, eventually
from tests.support.processes import child
from tests.support.server import ServerProcess

PAGE = Path(__file__).parents[2] / "docs" / "deploying.md"

SITE = "https://chat.example"
"""The site on the page: what a browser has in its address bar, and sends as Origin."""

HOST = "chat.example"


def shown(kind: str, nth: int = 0) -> str:
    """The page's `nth` block of code of that kind."""
    blocks: list[str] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return blocks[nth]


class Site(NamedTuple):
    """A proxy that runs: what a client needs to reach it."""

    port: int
    trusting: ssl.SSLContext
    address: str
    """A client's address that is not loopback, though all of this happens on it."""

    def connect(self) -> socket.socket:
        """A TCP connection from `address`."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE, (self.address, 0))

    def request(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send a request to the site, on a connection of its own."""
        transport = httpx.HTTPTransport(local_address=self.address, verify=self.trusting)
        with httpx.Client(transport=transport, timeout=PATIENCE) as client:
            return client.request(
                method,
                f"https://127.0.0.1:{self.port}{path}",
                json=body,
                headers={"Host": HOST} | headers,
                extensions={"sni_hostname": HOST},
            )

    def socket_settings(self, **headers: str) -> dict[str, Any]:
        """What `people.client` needs to open a WebSocket as a page of the site does."""
        return {
            "sock": self.connect(),
            "ssl": self.trusting,
            "server_hostname": HOST,
            "origin": SITE,
            "additional_headers": headers,
        }


class Place(NamedTuple):
    """Where a proxy under test finds its things."""

    directory: Path
    listen: int
    servers: Sequence[int]
    """The ports of the servers, of which the page has the addresses in `ON_THE_PAGE`."""
    cert: Path
    key: Path

    def with_servers(self, text: str) -> str:
        """The page's text with these servers in it, one or several."""
        shown = ON_THE_PAGE[len(self.servers)]
        for address, port in zip(shown, self.servers, strict=True):
            assert address in text
            text = text.replace(address, f"127.0.0.1:{port}")
        return text


ON_THE_PAGE = {1: ["127.0.0.1:9000"], 2: ["10.0.0.11:9000", "10.0.0.12:9000"]}


def nginx(place: Place) -> list[str]:
    page = shown("nginx")
    if len(place.servers) > 1:
        upstream, rest = re.split(r"(?<=^}\n)", page, maxsplit=1, flags=re.MULTILINE)
        assert upstream.startswith("upstream ")
        page = shown("nginx", 1) + rest
    text = (
        place.with_servers(page)
        .replace("listen 443 ssl", f"listen 127.0.0.1:{place.listen} ssl")
        .replace("/etc/letsencrypt/live/chat.example/fullchain.pem", str(place.cert))
        .replace("/etc/letsencrypt/live/chat.example/privkey.pem", str(place.key))
    )
    kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    paths = "".join(f"{name}_temp_path {place.directory}/{name};\n" for name in kept)
    whole = place.directory / "nginx.conf"
    whole.write_text(
        f"daemon off; master_process off; pid {place.directory}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n"
    )
    return ["-c", str(whole), "-p", str(place.directory), "-e", "stderr"]


def caddy(place: Place) -> list[str]:
    text = place.with_servers(shown("caddyfile")).replace(
        "chat.example {", f"{SITE}:{place.listen} {{\nbind 127.0.0.1\ntls {place.cert} {place.key}"
    )
    whole = place.directory / "Caddyfile"
    whole.write_text(f"{{\nadmin off\nauto_https disable_redirects\n}}\n{text}")
    return ["run", "--config", str(whole), "--adapter", "caddyfile"]


def haproxy(place: Place) -> list[str]:
    both = place.directory / "both.pem"
    both.write_bytes(place.cert.read_bytes() + place.key.read_bytes())
    text = (
        place.with_servers(shown("haproxy", len(place.servers) - 1))
        .replace("bind :443", f"bind 127.0.0.1:{place.listen}")
        .replace("/etc/haproxy/chat.example.pem", str(both))
    )
    whole = place.directory / "haproxy.cfg"
    whole.write_text(text)
    return ["-db", "-f", str(whole)]


PROXIES = {"nginx": nginx, "caddy": caddy, "haproxy": haproxy}


FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile", "haproxy": "haproxy.cfg"}
"""The configuration of each in its directory."""


def register(site: Site, name: str, **headers: str) -> str:
    """Register through the proxy and return the token."""
    answer = site.request("POST", "/api/reg", {"username": name, "password": "world of tea"}, **headers)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


def came_from(server: ServerProcess, seen: int = 0) -> list[str]:
    """The addresses of the sockets that were opened since the server's log had `seen` lines."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in server.log.read_text().splitlines()[seen:]]
    return [line["address"] for line in lines if line["event"] == "client connected"]


@contextmanager
def proxy(
    name: str, directory: Path, *servers: int, broken: Sequence[tuple[str, str]] = ()
) -> Generator[Site]:
    """The proxy `name` before the servers on these ports; skips the test where it is not installed.

    `broken` are replacements in the page's configuration.
    """
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip(f"{name} is not installed: apt-get install {name} (Debian, Ubuntu)")
    address = other_address()
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    issued = authority.issue_cert(HOST)
    cert, key = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    port = free_port()
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    arguments = PROXIES[name](Place(directory, port, servers, cert, key))
    for right, wrong in broken:
        whole = directory / FILES[name]
        text = whole.read_text()
        assert right in text
        whole.write_text(text.replace(right, wrong))
    environment = {"HOME": str(directory), "PATH": "/usr/bin:/bin", "TMPDIR": str(directory)}
    log = directory / "log"
    with (
        log.open("wb") as said,
        child(program, *arguments, env=environment, stdout=said, stderr=said) as process,
    ):
        site = Site(port, trusting, address)

        def listens() -> bool:
            assert process.poll() is None, log.read_text()
            with suppress(OSError), site.connect():
                return True
            return False

        eventually(listens, f"{name} listens")
        yield site


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def other_address() -> str:
    """An address of this machine that is not loopback: a client may come from it to a listener on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
        asking.connect(("192.0.2.1", 9))  # sends nothing
        return str(asking.getsockname()[0])
    pytest.skip("this machine has no address but loopback, which no proxy is believed about")
