"""The client for all HTTP requests that the server makes. It loads its library at the first request.

It has no cookies, sends no Referer and no name or password from a file, and follows redirects only where it is told to.
The guard is below the library: no option of a request goes around it.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from chat.outbound.failures import RequestFailed
from chat.outbound.guard import AllowedHosts, allowed_hosts

if TYPE_CHECKING:
    from chat.outbound.requests import Requests

__all__ = ["Answer", "Outbound", "RequestFailed", "open_outbound"]

MOST_REDIRECTS = 3


class Answer(msgspec.Struct, frozen=True):
    """An answer: its status, its headers by their names in small letters, its body, and the URL that gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Outbound:
    """Makes requests. Made by `open_outbound`."""

    def __init__(self, hosts: Callable[[], tuple[str, ...]]) -> None:
        self._hosts = hosts
        self._parsed: tuple[tuple[str, ...], AllowedHosts] = ((), AllowedHosts())
        self._requests: Requests | None = None

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        most_bytes: int = 65_536,
        is_cut: bool = False,
        total_timeout: float = 10.0,
        redirects: int = 0,
        written: Callable[[], object] | None = None,
    ) -> Answer:
        """Send a request and return the whole answer, whatever its status.

        Args:
            method: as GET.
            url: an absolute http or https URL.
            headers: more headers; a redirect to another origin does not get them.
            body: the body.
            most_bytes: of the answer's body; a longer one fails.
            is_cut: a longer one is cut off instead.
            total_timeout: seconds for everything, from the look-up of the name to the last byte.
            redirects: how many may be followed, at most 3, and only those of GET and HEAD; others are the answer.
            written: called once the whole request is handed to the socket: from then on it may be carried out. Sync.

        Raises RequestFailed. Cancelling: the request may have been carried out.
        """
        if self._requests is None:
            from chat.outbound.requests import Requests  # here: most servers never make a request

            self._requests = Requests(self.allowed)
        return await self._requests.send(
            method,
            url,
            headers or {},
            body,
            most_bytes,
            is_cut,
            total_timeout,
            min(redirects, MOST_REDIRECTS),
            written,
        )

    def allowed(self) -> AllowedHosts:
        """Return the hosts that may be private, as the setting has them now. Sync."""
        hosts = self._hosts()
        if self._parsed[0] != hosts:
            self._parsed = hosts, allowed_hosts(hosts)
        return self._parsed[1]

    async def aclose(self) -> None:
        """Close all connections. Cancelling: they are closed all the same."""
        if self._requests is not None:
            await self._requests.aclose()


@asynccontextmanager
async def open_outbound(hosts: Callable[[], tuple[str, ...]]) -> AsyncGenerator[Outbound]:
    """Make requests for as long as the block lasts. `hosts` returns the setting `outbound_hosts`.

    Cancelling cuts requests under way.
    """
    outbound = Outbound(hosts)
    try:
        yield outbound
    finally:
        await outbound.aclose()
