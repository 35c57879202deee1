"""The network below the HTTP client: it resolves a name, checks each address, and connects to one that was checked."""

import ipaddress
import os
import socket
import ssl
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import trio

from chat.outbound.failures import Reason, RequestFailed
from chat.outbound.guard import Address, AllowedHosts, may_connect

_EACH = 5.0
"""Seconds for one of several addresses to accept."""

_MOST_ADDRESSES = 64

WRITTEN: ContextVar[Callable[[], object] | None] = ContextVar("written", default=None)
"""What the task that sends the last bytes of a request wants to be called once they are handed to the socket. Sync."""


async def checked_addresses(host: str, port: int, allowed: AllowedHosts) -> list[str]:
    """Return the addresses of a host, all of which the server may connect to.

    Raises RequestFailed: it has none, or one of them is refused; then none is used. Cancelling: nothing happened.
    """
    try:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RequestFailed(Reason.NO_ADDRESS, f"{host} has no address") from None
    texts = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))[:_MOST_ADDRESSES]
    for text in texts:
        if not may_connect(host, _address(text), allowed):
            raise RequestFailed(
                Reason.REFUSED_ADDRESS,
                f"{host} has the address {text}, which is not one of the internet; an admin may allow it by the setting"
                " outbound_hosts",
            )
    if not texts:
        raise RequestFailed(Reason.NO_ADDRESS, f"{host} has no address")
    return texts


def _address(text: str) -> Address:
    return ipaddress.ip_address(text)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that were checked in the same step: a name is resolved once for each connection."""

    def __init__(self, allowed: Callable[[], AllowedHosts]) -> None:
        self._allowed = allowed

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that accepts. Raises RequestFailed. Cancelling: nothing is open."""
        failed: Exception | None = None
        for address in await checked_addresses(host, port, self._allowed()):
            try:
                with trio.fail_after(_EACH):
                    return _Stream(_Socket(await trio.open_tcp_stream(address, port)))
            except (OSError, trio.TooSlowError) as error:
                failed = error
        raise RequestFailed(Reason.CONNECTION, f"{host}:{port} accepts no connection") from failed

    async def sleep(self, seconds: float) -> None:
        """Sleep. Cancelling: nothing happened."""
        await trio.sleep(seconds)


class _Socket(trio.abc.Stream):
    """A socket that calls `WRITTEN` of the sending task once the bytes are handed over, before another task runs."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send the bytes. Cancelling: a part may be sent."""
        written = WRITTEN.get()
        if written is None:
            await self.stream.send_all(data)
            return
        WRITTEN.set(None)
        await trio.lowlevel.checkpoint()
        # Trio's own send ends with a checkpoint: a process that is killed there has sent, and nobody knows it.
        sent = self._send_now(data)
        if sent < len(data):
            await self.stream.send_all(memoryview(data)[sent:])
        written()

    def _send_now(self, data: bytes | bytearray | memoryview) -> int:
        try:
            return os.write(self.stream.socket.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise trio.BrokenResourceError("the connection is over") from error

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the socket takes bytes. Cancelling: nothing happened."""
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Read some bytes. Cancelling: nothing was read."""
        return await self.stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        """Close it. Cancelling: it is closed all the same."""
        await self.stream.aclose()


class _Stream(httpcore.AsyncNetworkStream):
    """A stream that sends a head together with the first part of its body: httpcore writes one after the other."""

    def __init__(self, socket: _Socket, tls: "trio.SSLStream[_Socket] | None" = None) -> None:
        self._socket = socket
        self._tls = tls
        self._stream: trio.abc.Stream = socket if tls is None else tls
        self._head = b""  # written, and not sent yet

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send the bytes, or keep them if they are a head. Cancelling: a part may be sent."""
        if not self._head and buffer.endswith(b"\r\n\r\n"):
            self._head = buffer
            return
        head, self._head = self._head, b""
        with _as_httpcore(httpcore.WriteError):
            await self._stream.send_all(head + buffer)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes, after the head of a request without a body was sent. Cancelling: nothing was read."""
        if self._head:
            await self.write(b"")
        with _as_httpcore(httpcore.ReadError):
            return bytes(await self._stream.receive_some(max_bytes))

    async def aclose(self) -> None:
        """Close it. Cancelling: it is closed all the same."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Begin TLS. Cancelling closes it."""
        tls = trio.SSLStream(
            self._socket, ssl_context, server_hostname=server_hostname, https_compatible=True
        )
        try:
            with _as_httpcore(httpcore.ConnectError):
                await tls.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(self._socket)
            raise
        return _Stream(self._socket, tls)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the base class
        """Return what httpcore asks for: the object of TLS, and whether an idle connection has something. Sync."""
        if info == "ssl_object":
            return self._tls and self._tls._ssl_object
        return self._socket.stream.socket.is_readable() if info == "is_readable" else None


@contextmanager
def _as_httpcore(kind: type[Exception]) -> Generator[None]:
    try:
        yield
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        raise kind(error) from error
