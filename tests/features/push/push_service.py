"""A push service of the tests' own: RFC 8030 over TLS, as far as an application server sees it."""

import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import h11
import jwt
import msgspec
import pytest
import trio
import trustme
from cryptography.hazmat.primitives.asymmetric import ec

from tests.features.push.browser import Browser, decode

SILENCE = -1
"""In place of a status: the service takes the request and never answers."""

HANG_UP = -2
"""In place of a status: the service takes the request and closes the connection."""


class Pushed(msgspec.Struct, frozen=True):
    """A push that the service was sent: the last part of its path, its headers, its body, its answer, and when."""

    name: str
    headers: dict[str, str]
    body: bytes
    status: int
    at: float


class PushService:
    """A push service; each path is a subscription. It refuses what is not signed for it."""

    def __init__(self) -> None:
        self.origin = ""
        self.pushed: list[Pushed] = []
        self.answers: dict[str, deque[tuple[int, dict[str, str]]]] = {}
        """By the name of a subscription: the next answers. Without any it answers 201."""
        self.usual: tuple[int, dict[str, str]] = (201, {})
        self.takes = 0.0
        """Seconds from a push until its answer."""
        self._came = trio.Event()

    def endpoint(self, name: str) -> str:
        """The URL of a subscription."""
        return f"{self.origin}/{name}"

    def answer(self, name: str, *statuses: int, **headers: str) -> None:
        """Answer the next pushes to this subscription so."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.answers.setdefault(name, deque()).extend((status, named) for status in statuses)

    async def wait(self, holds: Callable[[list[Pushed]], object], seconds: float = 30) -> list[Pushed]:
        """Wait until this holds of the pushes so far."""
        with trio.fail_after(seconds):
            while not holds(self.pushed):
                came = self._came
                await came.wait()
        return self.pushed

    async def came(self, count: int) -> list[Pushed]:
        """Wait for so many pushes."""
        return await self.wait(lambda pushed: len(pushed) >= count)

    async def serve(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        """Serve one connection."""
        connection = h11.Connection(h11.SERVER)
        try:
            while await self._answer_one(connection, stream):
                connection.start_next_cycle()
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError, OSError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def _answer_one(
        self, connection: h11.Connection, stream: trio.SSLStream[trio.SocketStream]
    ) -> bool:
        head: h11.Request | None = None
        body = b""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await stream.receive_some(65536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                return False
        assert head is not None
        status, headers = self._answer_to(head, body)
        if status == SILENCE:
            while await stream.receive_some(65536):  # until the client has gone
                pass
            return False
        if status == HANG_UP:
            return False
        if self.takes:
            await trio.sleep(self.takes)
        answer = [("Content-Length", "0"), *headers.items()]
        for part in (h11.Response(status_code=status, headers=answer), h11.EndOfMessage()):
            await stream.send_all(connection.send(part) or b"")
        return connection.our_state is h11.DONE

    def _answer_to(self, head: h11.Request, body: bytes) -> tuple[int, dict[str, str]]:
        name = head.target.decode().rpartition("/")[2]
        headers = {key.decode().lower(): value.decode() for key, value in head.headers}
        queue = self.answers.get(name)
        status, extra = queue.popleft() if queue else self.usual
        if head.method != b"POST" or not self._is_signed(headers.get("authorization", "")):
            status, extra = 401, {}
        elif len(body) > 4096 or headers.get("content-encoding") != "aes128gcm" or "ttl" not in headers:
            status, extra = 413, {}
        self.pushed.append(Pushed(name, headers, body, status, trio.current_time()))
        self._came.set()
        self._came = trio.Event()
        return status, extra

    def _is_signed(self, authorization: str) -> bool:
        try:
            scheme, token, key = authorization.split()
            point = ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP256R1(), decode(key.removeprefix("k="))
            )
            jwt.decode(token.removeprefix("t=").rstrip(","), point, ["ES256"], audience=self.origin)
        except (ValueError, jwt.PyJWTError):
            return False
        return scheme == "vapid"


@contextmanager
def trusted_authority(directory: Path) -> Iterator[trustme.CA]:
    """An authority that servers trust which are opened or started in the block."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(directory / "authority.pem"))
        yield authority


@asynccontextmanager
async def open_push_service(authority: trustme.CA) -> AsyncGenerator[PushService]:
    """Serve on a free port of loopback for as long as the block lasts."""
    service = PushService()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
        port = listener.transport_listener.socket.getsockname()[1]
        service.origin = f"https://127.0.0.1:{port}"
        nursery.start_soon(trio.serve_listeners, service.serve, [listener])
        yield service
        nursery.cancel_scope.cancel()


__all__ = ["HANG_UP", "SILENCE", "Browser", "PushService", "Pushed", "open_push_service", "trusted_authority"]
