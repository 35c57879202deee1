"""The page at `/`, in a real browser."""

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import ServerProcess

CHROMIUM = shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")


def status_of(url: str, profile: Path) -> str:
    """What the page says of itself once nothing more happens for ten seconds of its own time."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    shown = subprocess.run(
        [*command, "--virtual-time-budget=10000", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    found = re.search(r'id="status"[^>]*>([^<]*)', shown)
    assert found, shown
    return found[1]


class _Pipe(threading.Thread):
    """Copies one direction of a connection, without the port in `Host`."""

    def __init__(self, source: socket.socket, target: socket.socket, host: bytes) -> None:
        super().__init__(daemon=True)
        self._source, self._target, self._host = source, target, host

    def run(self) -> None:
        with suppress(OSError):
            while data := self._source.recv(65536):
                self._target.sendall(data.replace(b"Host: " + self._host, b"Host: 127.0.0.1"))
        for end in (self._source, self._target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_without_ports(url: str) -> Generator[str]:
    """A reverse proxy that passes `Host` on without its port; yields its URL."""
    parts, open_sockets = urlsplit(url), list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client = listening.accept()[0]
                    server = socket.create_connection((parts.hostname, parts.port))
                    open_sockets.extend((client, server))
                    for source, target in ((client, server), (server, client)):
                        _Pipe(source, target, host.encode()).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield f"http://{host}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for each in open_sockets:
                each.close()


def test_whoever_opens_it_can_read(server: ServerProcess, tmp_path: Path) -> None:
    assert status_of(server.url, tmp_path) == "You can read. Log in to write."


def test_a_refused_socket_says_why_and_what_to_do(server: ServerProcess, tmp_path: Path) -> None:
    with proxy_without_ports(server.url) as url:
        status = status_of(url, tmp_path)
    assert status.startswith("Not connected: this origin is not allowed")
    assert "--trusted-proxy" in status
