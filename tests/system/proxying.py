"""A real reverse proxy, started from the configuration that docs/deploying.md shows; and who comes through it."""

import re
import shutil
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trustme

from tests.support.people import PATIENCE, eventually
from tests.support.processes import child
from tests.system.relay import Relay, relay_to

PAGE = Path(__file__).parents[2] / "docs" / "deploying.md"

SITE = "https://chat.example"
"""The site on the page: what a browser has in its address bar, and sends as Origin."""

HOST = "chat.example"


def shown(kind: str, nth: int = 0) -> str:
    """The page's `nth` block of code of that kind."""
    blocks: list[str] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return blocks[nth]


class Site(NamedTuple):
    """A proxy that runs: what a client needs to reach it, and how many connections it has opened to the server."""

    port: int
    trusting: ssl.SSLContext
    upstream: Relay
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
    server: int
    cert: Path
    key: Path


def nginx(place: Place) -> list[str]:
    text = (
        shown("nginx")
        .replace("listen 443 ssl", f"listen 127.0.0.1:{place.listen} ssl")
        .replace("127.0.0.1:9000", f"127.0.0.1:{place.server}")
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
    text = (
        shown("caddyfile")
        .replace("chat.example {", f"{SITE}:{place.listen} {{\nbind 127.0.0.1\ntls {place.cert} {place.key}")
        .replace("127.0.0.1:9000", f"127.0.0.1:{place.server}")
    )
    whole = place.directory / "Caddyfile"
    whole.write_text(f"{{\nadmin off\nauto_https disable_redirects\n}}\n{text}")
    return ["run", "--config", str(whole), "--adapter", "caddyfile"]


def haproxy(place: Place) -> list[str]:
    both = place.directory / "both.pem"
    both.write_bytes(place.cert.read_bytes() + place.key.read_bytes())
    text = (
        shown("haproxy")
        .replace("bind :443", f"bind 127.0.0.1:{place.listen}")
        .replace("127.0.0.1:9000", f"127.0.0.1:{place.server}")
        .replace("/etc/haproxy/chat.example.pem", str(both))
    )
    whole = place.directory / "haproxy.cfg"
    whole.write_text(text)
    return ["-db", "-f", str(whole)]


PROXIES = {"nginx": nginx, "caddy": caddy, "haproxy": haproxy}


@contextmanager
def proxy(name: str, directory: Path, server: int) -> Generator[Site]:
    """The proxy `name` before the server on port `server`; skips the test where it is not installed."""
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
    with relay_to(f"http://127.0.0.1:{server}") as relay:
        port = free_port()
        arguments = PROXIES[name](Place(directory, port, relay.port, cert, key))
        environment = {"HOME": str(directory), "PATH": "/usr/bin:/bin", "TMPDIR": str(directory)}
        log = directory / "log"
        with (
            log.open("wb") as said,
            child(program, *arguments, env=environment, stdout=said, stderr=said) as process,
        ):
            site = Site(port, trusting, relay, address)

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
