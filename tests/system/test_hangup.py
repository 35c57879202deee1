"""SIGHUP: certificate, key and log level are read again; a terminal that closes stops the server instead."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.people import PATIENCE, client, eventually, member, request
from tests.support.processes import child
from tests.support.server import ServerProcess, running_server, used_data_path

AUTHORITY = trustme.CA()

ON_A_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
if sys.argv[1] == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, "-m", "chat", "serve", *sys.argv[2:]])
"""
"""Makes stdin the controlling terminal, as a terminal's window does for the shell in it, and starts the server."""


class Files:
    """What the server under test reads again."""

    def __init__(self, directory: Path) -> None:
        self.cert, self.key = directory / "cert.pem", directory / "key.pem"
        self.settings = directory / "chat.toml"

    def certify(self, name: str) -> None:
        issued = AUTHORITY.issue_cert("127.0.0.1", name)
        self.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(self.key)

    def configure(self, **settings: str) -> None:
        given = {"tls_cert": str(self.cert), "tls_key": str(self.key), **settings}
        self.settings.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items()))


@pytest.fixture(scope="module")
def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def data() -> Generator[Path]:
    """One data directory for all of them, one after the other."""
    with used_data_path() as data:
        yield data


def lines(server: ServerProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def hang_up(server: ServerProcess, event: str) -> dict[str, Any]:
    """Send SIGHUP and return the log line that comes of it."""
    seen = len(lines(server))

    def found() -> list[dict[str, Any]]:
        return [line for line in lines(server)[seen:] if line["event"] == event]

    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: bool(found()), f"it logs “{event}”")
    return found()[0]


def certified_for(server: ServerProcess, trusting: ssl.SSLContext) -> str:
    """The name in the certificate that a new connection is shown."""
    port = int(server.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as tcp,
        trusting.wrap_socket(tcp, server_hostname="127.0.0.1") as tls,
    ):
        certificate: Any = tls.getpeercert()
        return next(name for kind, name in certificate["subjectAltName"] if kind == "DNS")


def test_it_reads_certificate_and_log_level_again_and_nobody_is_cut(
    data: Path, tmp_path: Path, trusting: ssl.SSLContext
) -> None:
    files = Files(tmp_path)
    files.certify("old.example")
    files.configure(log_level="warning")
    with (
        running_server(data, "--config", str(files.settings)) as server,
        member(server.url, "ada", ssl=trusting) as ada,
        client(server.url, ssl=trusting) as ben,
    ):
        assert lines(server) == [], "all that is logged so far is below a warning"

        files.certify("new.example")
        files.configure(log_level="info")
        hang_up(server, "certificate reloaded; new connections get it")
        assert certified_for(server, trusting) == "new.example"

        files.cert.write_text("nonsense")
        error = hang_up(server, "certificate not reloaded; the server keeps the present one")
        assert error["level"] == "error"
        assert str(files.cert) in error["reason"]
        assert certified_for(server, trusting) == "new.example"

        files.certify("newest.example")
        files.settings.write_text("log_level = debug")
        error = hang_up(server, "settings not reloaded; the server keeps the present ones")
        assert error["level"] == "error"
        assert "is not TOML" in error["reason"]
        eventually(lambda: certified_for(server, trusting) == "newest.example", "the files are as they were")

        files.configure(log_level="warning", grace="7")
        error = hang_up(server, "settings not reloaded; the server keeps the present ones")
        assert error["reason"].startswith("grace in ")
        files.settings.write_text("log_level = 'info'\ngrace = 7\n")
        got = hang_up(server, "changed settings need a restart")
        assert got["settings"] == ["CHAT_TLS_CERT", "CHAT_TLS_KEY", "CHAT_GRACE"]
        assert certified_for(server, trusting) == "newest.example"

        ada.say("still here")
        assert ben.hear() == ("ada", "still here")
        assert server.stop() == 0


def test_the_service_manager_is_notified_of_start_reload_and_stop(data: Path, tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        with running_server(data, NOTIFY_SOCKET=str(tmp_path / "notify")) as server:
            while (state := manager.recv(4096)) != b"READY=1":
                assert state == b"EXTEND_TIMEOUT_USEC=30000000"
            server.process.send_signal(signal.SIGHUP)
            assert manager.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert manager.recv(4096) == b"READY=1"
            assert server.stop() == 0
            assert manager.recv(4096) == b"STOPPING=1"


# --- on a terminal ---


@contextmanager
def on_terminal(how: str, data: Path) -> Generator[tuple["subprocess.Popen[bytes]", str, int]]:
    """A server whose terminal is ours: its process, its URL, and our side of the terminal, to be closed."""
    log = data.parent / f"{how}.log"
    ours, theirs = os.openpty()
    arguments = ("--listen", "127.0.0.1:0", "--data", data, "--log-format", "json")
    with (
        log.open("wb") as errors,
        child(
            *(sys.executable, "-c", ON_A_TERMINAL, how, *arguments),
            env={**os.environ, "CHAT_BCRYPT_COST": "4"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs if how == "in front" else errors,
            start_new_session=True,
        ) as process,
    ):
        os.close(theirs)
        said = hear_from(process, ours, b"listening on http://127.0.0.1:", b"\n")
        yield process, said.rpartition("listening on ")[2].strip(), ours


def hear_from(process: "subprocess.Popen[bytes]", terminal: int, *marks: bytes) -> str:
    """Read what is shown until all marks have come, one after the other."""
    overdue = threading.Timer(PATIENCE, process.kill)
    overdue.start()
    shown, at = b"", 0
    try:
        for mark in marks:
            while (found := shown.find(mark, at)) < 0:
                shown += os.read(terminal, 4096)
            at = found + len(mark)
    finally:
        overdue.cancel()
    return shown[:at].decode()


def test_a_terminal_that_closes_stops_it_with_a_goodbye_and_not_before(data: Path) -> None:
    with on_terminal("in front", data) as (process, url, terminal), client(url) as ben:
        process.send_signal(signal.SIGHUP)  # somebody's, for the terminal is there
        hear_from(process, terminal, b'"reloaded"')
        assert request("GET", f"{url}/healthz").status_code == 200
        os.close(terminal)
        assert ben.hear_to_the_end() == []
        assert ben.closed_with == 1001
        assert process.wait(PATIENCE) == 0


def test_under_nohup_it_outlives_its_terminal(data: Path) -> None:
    with on_terminal("nohup", data) as (process, url, terminal):
        os.close(terminal)  # the system sends SIGHUP
        log = data.parent / "nohup.log"
        eventually(lambda: '"reloaded"' in log.read_text(), "it takes that for a wish to reload")
        assert request("GET", f"{url}/healthz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
