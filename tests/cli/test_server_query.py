"""Commands that query a running server: errors are reported in a line, never in a traceback."""

import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress

import pytest
import trustme
from click.testing import CliRunner

from chat.cli import main


@contextmanager
def answering(answer: bytes, tls: ssl.SSLContext | None = None) -> Generator[str]:
    """Answer one connection so; the block has the address without a scheme."""

    def serve() -> None:
        with suppress(OSError):
            accepted, _ = listener.accept()
            with accepted if tls is None else tls.wrap_socket(accepted, server_side=True) as asking:
                asking.recv(4096)
                asking.sendall(answer)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # where nobody came
            thread.join()


def query(url: str, *arguments: str) -> str:
    """What a command says against an address."""
    done = CliRunner().invoke(main, [*(arguments or ("health",)), "--url", url], env={"CHAT_TOKEN": "of ada"})
    assert done.exit_code != 0
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.output.splitlines()[-1]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chat.example",
        "http://",
        "http://h:x",
        "http://h:0",
        "http://h:70000",
        "file:///etc",
        "http://a b",
    ],
)
@pytest.mark.parametrize("command", ["health", "why", "tree"])
def test_a_malformed_server_address_is_refused(command: str, url: str) -> None:
    assert query(url, command) == f"Error: --url: expected http://HOST or https://HOST, got {url!r}"


def test_an_answer_of_another_program_is_reported() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>") as where:
        assert query(f"http://{where}") == f"chat: http://{where}: the answer is not one of a chat server"


def test_an_answer_that_is_not_http_is_reported() -> None:
    with answering(b"220 mail.example ready\r\n") as where:
        assert query(f"http://{where}").startswith(f"chat: http://{where} does not answer: 220 mail.example")


def test_a_server_that_hangs_up_may_want_tls() -> None:
    with answering(b"") as where:
        assert query(f"http://{where}").endswith(" (is https:// meant?)")


def test_a_server_without_tls_is_reported() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as where:
        assert query(f"https://{where}").endswith(" does not answer: it speaks no TLS (is http:// meant?)")


def test_an_untrusted_certificate_is_reported() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with answering(b"", tls) as where:
        line = query(f"https://{where}")
    assert "does not answer: its certificate is not trusted: unable to get local issuer" in line


def test_a_refused_connection_is_reported() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens, nor can anybody else
        assert query(f"http://127.0.0.1:{taken.getsockname()[1]}").endswith(
            " does not answer: Connection refused"
        )


@pytest.mark.parametrize("token", ["two lines\nof it", "\udcff", "\u65e5", "x" * 20_000])
@pytest.mark.parametrize("command", [["tree"], ["send", "1"]], ids=" ".join)
def test_a_malformed_token_is_reported(command: list[str], token: str) -> None:
    done = CliRunner().invoke(main, [*command, "--url", "http://127.0.0.1:1"], env={"CHAT_TOKEN": token})
    assert (done.exit_code, done.output) == (1, "chat: CHAT_TOKEN: this is not a token\n")
