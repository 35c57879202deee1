"""The outbound client against real servers on loopback, and a DNS server that changes its mind."""

import gzip
import socket
import ssl
import struct
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio
import trustme

from chat.outbound import requests
from chat.outbound.client import Outbound, open_outbound
from chat.outbound.failures import Reason, RequestFailed

LOOPBACK = ("127.0.0.1",)


class Site:
    """An HTTP server that answers each request by a function of its head; it keeps the heads."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.heads: list[str] = []
        self.answer: Callable[[str], bytes] = lambda _head: b"HTTP/1.1 204 No Content\r\n\r\n"
        self.silent = False


@asynccontextmanager
async def site(tls: ssl.SSLContext | None = None) -> AsyncGenerator[Site]:
    async def serve(stream: trio.abc.Stream) -> None:
        try:
            while head := await _head(stream):
                found.heads.append(head)
                if found.silent:
                    await trio.sleep_forever()
                await stream.send_all(found.answer(head))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async with trio.open_nursery() as nursery:
        if tls is None:
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        else:
            listeners = await trio.open_ssl_over_tcp_listeners(0, tls, host="127.0.0.1")  # type: ignore[assignment]
        inner = getattr(listeners[0], "transport_listener", listeners[0])
        found = Site(inner.socket.getsockname()[1])
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        with trio.fail_after(20):
            yield found
        nursery.cancel_scope.cancel()


async def _head(stream: trio.abc.Stream) -> str:
    read = b""
    while b"\r\n\r\n" not in read:
        some = await stream.receive_some()
        if not some:
            return ""
        read += some
    return read.decode("latin-1")


def ok(body: bytes = b"hello", *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


async def reason_of(outbound: Outbound, url: str, **options: object) -> Reason:
    with pytest.raises(RequestFailed) as failed:
        await outbound.send("GET", url, **options)  # type: ignore[arg-type]
    return failed.value.reason


async def test_a_request_is_answered_with_no_cookie_no_referer_and_no_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret")  # type: ignore[operator]
    monkeypatch.setenv("HOME", str(tmp_path))
    async with site() as there, open_outbound(lambda: LOOPBACK) as outbound:
        there.answer = lambda _head: ok(b"hello", "Set-Cookie: a=b")
        for _ in range(2):
            answer = await outbound.send("POST", there.url + "/x?y=1", headers={"Topic": "t"}, body=b"")
            assert (answer.status, answer.body, answer.headers["set-cookie"]) == (200, b"hello", "a=b")
        assert there.heads[1].startswith("POST /x?y=1 HTTP/1.1\r\n")
        assert "Topic: t\r\n" in there.heads[1]
        for header in ("cookie", "referer", "authorization"):
            assert header not in there.heads[1].lower()


async def test_without_the_setting_nothing_on_this_machine_is_connected_to() -> None:
    async with site() as there, open_outbound(tuple) as outbound:
        for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
            assert await reason_of(outbound, f"http://{host}:{there.port}/") is Reason.REFUSED_ADDRESS
        assert there.heads == []


async def test_the_setting_holds_from_the_next_connection_on() -> None:
    hosts: tuple[str, ...] = ()
    async with site() as there, open_outbound(lambda: hosts) as outbound:
        assert await reason_of(outbound, there.url) is Reason.REFUSED_ADDRESS
        hosts = ("127.0.0.0/8",)
        assert (await outbound.send("GET", there.url)).status == 204


async def test_at_most_three_redirects_are_followed_and_each_is_checked() -> None:
    async with site() as there, open_outbound(lambda: LOOPBACK) as outbound:
        there.answer = lambda _head: b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n"
        assert (await outbound.send("GET", there.url, redirects=100)).status == 302
        assert len(there.heads) == 4
        there.heads.clear()
        assert (await outbound.send("POST", there.url, redirects=3)).status == 302
        assert len(there.heads) == 1
        inner = f"http://127.0.0.2:{there.port}/"
        there.answer = lambda _head: (
            f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {inner}\r\n\r\n".encode()
        )
        assert await reason_of(outbound, there.url, redirects=3) is Reason.REFUSED_ADDRESS


async def test_another_origin_gets_no_headers_of_the_caller() -> None:
    async with site() as first, site() as second, open_outbound(lambda: LOOPBACK) as outbound:
        first.answer = lambda _head: (
            f"HTTP/1.1 307 T\r\nContent-Length: 0\r\nLocation: {second.url}/\r\n\r\n".encode()
        )
        await outbound.send("GET", first.url, headers={"Authorization": "Bearer 1"}, redirects=1)
        assert "Authorization: Bearer 1" in first.heads[0]
        assert "Bearer" not in second.heads[0]


async def test_bodies_and_heads_have_bounds_also_when_they_are_endless_or_compressed() -> None:
    async with site() as there, open_outbound(lambda: LOOPBACK) as outbound:
        there.answer = lambda _head: ok(b"x" * 2000)
        assert await reason_of(outbound, there.url, most_bytes=1999) is Reason.TOO_LONG
        assert len((await outbound.send("GET", there.url, most_bytes=2000)).body) == 2000
        there.answer = lambda _head: b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000  # until the line ends
        assert await reason_of(outbound, there.url) is Reason.TOO_LONG
        bomb = gzip.compress(b"0" * 10_000_000)
        there.answer = lambda _head: ok(bomb, "Content-Encoding: gzip")
        assert await reason_of(outbound, there.url) is Reason.ENCODED
        there.answer = lambda _head: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n"
        assert await reason_of(outbound, there.url) is Reason.CONNECTION
        there.answer = lambda _head: b"SSH-2.0-OpenSSH_9\r\n\r\n"
        assert await reason_of(outbound, there.url) is Reason.CONNECTION


async def test_silence_ends_by_the_time_of_the_whole_request() -> None:
    async with site() as there, open_outbound(lambda: LOOPBACK) as outbound:
        there.silent = True
        assert await reason_of(outbound, there.url, total_timeout=0.1) is Reason.TIMEOUT
        there.silent = False
        assert (await outbound.send("GET", there.url)).status == 204


class Arrivals(trio.abc.Instrument):
    """Looks after each step of a task whether a request has arrived whose `written` was not called."""

    def __init__(self, end: bytes) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.setblocking(False)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.written = trio.Event()
        self.is_late = False
        self._end = end
        self._accepted: socket.socket | None = None

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        with suppress(BlockingIOError):
            self._accepted = self._accepted or self.listening.accept()[0]
            self._accepted.setblocking(False)
            if self._accepted.recv(9999, socket.MSG_PEEK).endswith(self._end) and not self.written.is_set():
                self.is_late = True

    def close(self) -> None:
        self.listening.close()
        if self._accepted is not None:
            self._accepted.close()


async def test_a_request_is_called_written_before_another_task_runs() -> None:
    arrivals = Arrivals(b"the end")
    trio.lowlevel.add_instrument(arrivals)
    async with open_outbound(lambda: LOOPBACK) as outbound, trio.open_nursery() as nursery:

        async def ask() -> None:
            with pytest.raises(RequestFailed):
                await outbound.send("POST", arrivals.url, body=b"the end", written=arrivals.written.set)

        nursery.start_soon(ask)
        with trio.fail_after(10):
            await arrivals.written.wait()
        trio.lowlevel.remove_instrument(arrivals)
        arrivals.close()
    assert not arrivals.is_late


async def test_a_certificate_is_checked_against_the_name_of_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with site(serving) as there, open_outbound(lambda: ("localhost", "127.0.0.1", "::1")) as outbound:
        assert await reason_of(outbound, f"https://localhost:{there.port}/") is Reason.CONNECTION  # unknown
        await outbound.aclose()
        monkeypatch.setattr(requests, "_trusting", lambda: trusting)
        outbound._requests = None
        assert (await outbound.send("GET", f"https://localhost:{there.port}/")).status == 204
        assert await reason_of(outbound, f"https://127.0.0.1:{there.port}/") is Reason.CONNECTION  # its name
        there.answer = lambda _head: (
            b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: http://localhost/\r\n\r\n"
        )
        assert await reason_of(outbound, f"https://localhost:{there.port}/", redirects=1) is Reason.REDIRECT


async def test_behind_a_proxy_the_proxy_is_spoken_to_and_inner_addresses_stay_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with site() as proxy, open_outbound(tuple) as outbound:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:pass%20word@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "10.0.0.1")
        proxy.answer = lambda _head: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        url = "https://nobody.invalid/secret"
        assert await reason_of(outbound, url) is Reason.CONNECTION
        assert proxy.heads[0].startswith("CONNECT nobody.invalid:443 HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic YWRhOnBhc3Mgd29yZA==" in proxy.heads[0]
        assert await reason_of(outbound, "https://127.0.0.1/") is Reason.REFUSED_ADDRESS
        assert await reason_of(outbound, "https://10.0.0.1/") is Reason.REFUSED_ADDRESS
        assert len(proxy.heads) == 1


class Names:
    """Resolves by a DNS server on loopback, as `getaddrinfo` does by the system's."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server

    async def getaddrinfo(self, host: object, port: object, *_: object, **__: object) -> list[object]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"".join(
            bytes([len(part)]) + part.encode() for part in name.split(".")
        )
        with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            await wire.connect(self._server)
            await wire.send(query + struct.pack(">BHH", 0, 1, 1))
            answer = await wire.recv(512)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (socket.inet_ntoa(answer[-4:]), port))]

    async def getnameinfo(self, *_: object) -> tuple[str, str]:
        raise NotImplementedError


async def test_a_name_with_a_new_address_is_connected_to_by_the_checked_one() -> None:
    answers = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    asked: list[str] = []

    async def serve_dns(wire: trio.socket.SocketType) -> None:
        while True:
            query, sender = await wire.recvfrom(512)
            asked.append(answers[len(asked)])
            record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(asked[-1])
            await wire.sendto(
                query[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + query[12:] + record, sender
            )

    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        await wire.bind(("127.0.0.1", 0))
        async with (
            site() as there,
            open_outbound(lambda: ("127.0.0.1/32",)) as outbound,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(serve_dns, wire)
            trio.socket.set_custom_hostname_resolver(Names(wire.getsockname()))  # type: ignore[arg-type]
            url = f"http://changing.example:{there.port}/"
            there.answer = lambda _head: ok(b"hello", "Connection: close")
            # The first answer is allowed: it alone is asked for, and connected to.
            assert (await outbound.send("GET", url)).body == b"hello"
            assert asked == ["127.0.0.1"]
            # The second is not: a new connection is a new check.
            assert await reason_of(outbound, url) is Reason.REFUSED_ADDRESS
            assert len(there.heads) == 1
            nursery.cancel_scope.cancel()


async def test_a_server_that_asks_nobody_loads_no_http_client() -> None:
    code = "import chat.server, sys; print([name for name in ('httpcore', 'certifi') if name in sys.modules])"
    done = await trio.run_process([sys.executable, "-c", code], capture_stdout=True)
    assert done.stdout.strip() == b"[]"
