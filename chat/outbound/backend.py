"""The network below the HTTP client: it resolves a name, checks each address, and connects to one that was checked."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import trio

from chat.outbound.failures import Reason, RequestFailed
from chat.outbound.guard import Address, AllowedHosts, may_connect

_EACH = 5.0
"""Seconds for one of several addresses to accept."""

_MOST_ADDRESSES = 64


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
        self._trio = httpcore.TrioBackend()

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
                stream = await self._trio.connect_tcp(address, port, _EACH, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _JoiningStream(stream)
        raise RequestFailed(Reason.CONNECTION, f"{host}:{port} accepts no connection") from failed

    async def sleep(self, seconds: float) -> None:
        """Sleep. Cancelling: nothing happened."""
        await trio.sleep(seconds)


class _JoiningStream(httpcore.AsyncNetworkStream):
    """A stream that sends a head together with the first part of its body: httpcore writes one after the other."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._head = b""  # written, and not sent yet

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send the bytes, or keep them if they are a head. Cancelling: a part may be sent."""
        if not self._head and buffer.endswith(b"\r\n\r\n"):
            self._head = buffer
            return
        head, self._head = self._head, b""
        await self._stream.write(head + buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes, after the head of a request without a body was sent. Cancelling: nothing was read."""
        if self._head:
            await self.write(b"", timeout)
        return await self._stream.read(max_bytes, timeout)

    async def aclose(self) -> None:
        """Close it. Cancelling: it is closed all the same."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Begin TLS. Cancelling closes it."""
        return _JoiningStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the base class
        """Return what httpcore asks for. Sync."""
        return self._stream.get_extra_info(info)
