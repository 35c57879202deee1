"""Requests by httpcore, with bounds on time, head and body."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import certifi
import httpcore
import trio

from chat.outbound.backend import WRITTEN, CheckedBackend, checked_addresses
from chat.outbound.client import Answer
from chat.outbound.failures import Reason, RequestFailed
from chat.outbound.guard import AllowedHosts
from chat.outbound.proxy import proxy_for, read_proxies
from chat.outbound.target import Target, parse_target, redirected

_CONNECTIONS = 128
"""Connections at one time, with those that are open for another request."""

_KEPT = 15.0
"""Seconds for which an idle connection stays open. Its address was checked when it was opened."""

_AGENT = "trio-chat"
_REDIRECTS = (301, 302, 303, 307, 308)


class _Way(NamedTuple):
    """Where a connection leads: through which proxy, if any, and to which server."""

    proxy: str | None
    origin: httpcore.Origin


class _Connections:
    """Connections, of which each has one request at a time; those that are kept for another one are open.

    httpcore's own pool compares each of its connections with each other one at each request.
    """

    def __init__(self, make: Callable[[_Way], httpcore.AsyncConnectionInterface]) -> None:
        self._make = make
        self._places = trio.CapacityLimiter(_CONNECTIONS)
        self._kept: list[tuple[_Way, httpcore.AsyncConnectionInterface]] = []  # used last: last

    async def send(
        self,
        way: _Way,
        request: httpcore.Request,
        read: Callable[[httpcore.Response], Awaitable[Answer]],
    ) -> Answer:
        """Send a request, and return what `read` makes of the response. Cancelling closes the connection."""
        async with self._places:
            connection = await self._take(way)
            try:
                response = await connection.handle_async_request(request)
                answer = await read(response)
                await response.aclose()
            finally:
                if connection.is_available():
                    self._kept.append((way, connection))
                else:
                    await connection.aclose()  # if it is cancelled too: it closes before it waits
            return answer

    async def _take(self, way: _Way) -> httpcore.AsyncConnectionInterface:
        """Return an open connection, the last that was used, or a new one. Those that are old are closed."""
        while self._kept and self._kept[0][1].has_expired():
            await self._kept.pop(0)[1].aclose()
        for place in range(len(self._kept) - 1, -1, -1):
            if self._kept[place][0] == way:
                _, found = self._kept.pop(place)
                if not found.has_expired():
                    return found
                await found.aclose()
                return await self._take(way)  # another task may have changed the list meanwhile
        while self._kept and len(self._kept) + self._places.borrowed_tokens > _CONNECTIONS:
            await self._kept.pop(0)[1].aclose()
        return self._make(way)

    async def aclose(self) -> None:
        """Close those that have no request. Cancelling: they are closed all the same, each before it waits."""
        kept, self._kept = self._kept, []
        async with trio.open_nursery() as nursery:
            for _, connection in kept:
                nursery.start_soon(connection.aclose)


class _Body:
    """A body that has `written` called once it is handed to the socket, and is no generator that a cancellation leaves.

    Behind a proxy, it calls it itself a moment later: httpcore asks for more then, and there is none.
    """

    def __init__(self, body: bytes, written: Callable[[], object] | None) -> None:
        self._body = body
        self._written = written
        self._is_asked = False

    def __len__(self) -> int:
        return len(self._body)

    def __aiter__(self) -> "_Body":
        self._is_asked = False
        return self

    async def __anext__(self) -> bytes:
        if not self._is_asked:
            self._is_asked = True
            WRITTEN.set(self._written)
            return self._body
        if self._written is not None and WRITTEN.get() is not None:
            WRITTEN.set(None)
            self._written()
        raise StopAsyncIteration


class Requests:
    """The open connections, and requests over them."""

    def __init__(self, allowed: Callable[[], AllowedHosts]) -> None:
        self._allowed = allowed
        self._connections = _Connections(self._connection)
        self._makers: dict[str | None, httpcore.AsyncConnectionPool] = {}  # by proxy: they make connections
        self._proxies = read_proxies()
        self._tls: ssl.SSLContext | None = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        most_bytes: int,
        is_cut: bool,
        total_timeout: float,
        redirects: int,
        written: Callable[[], object] | None,
    ) -> Answer:
        """As `Outbound.send`."""
        target = parse_target(url)
        content = _Body(body, written)
        WRITTEN.set(None)
        try:
            with trio.fail_after(total_timeout):
                while True:
                    answer = await self._send_once(method, url, target, headers, content, most_bytes, is_cut)
                    location = answer.headers.get("location")
                    if method not in ("GET", "HEAD") or answer.status not in _REDIRECTS or location is None:
                        return answer
                    if not redirects:
                        return answer
                    redirects -= 1
                    url = redirected(url, location)
                    following = parse_target(url)
                    if following.scheme == "http" and target.scheme == "https":
                        raise RequestFailed(Reason.REDIRECT, f"{target} redirects to a URL without TLS")
                    if following.origin != target.origin:
                        headers = {}
                    target = following
        except trio.TooSlowError:
            raise RequestFailed(
                Reason.TIMEOUT, f"{target} did not answer within {total_timeout:g} seconds"
            ) from None

    async def _send_once(
        self,
        method: str,
        url: str,
        target: Target,
        headers: Mapping[str, str],
        body: _Body,
        most_bytes: int,
        is_cut: bool,
    ) -> Answer:
        proxy = proxy_for(self._proxies, target.scheme, target.host)
        if proxy is not None:
            await self._check_beside_proxy(target)
        if self._tls is None:
            self._tls = await trio.to_thread.run_sync(_trusting)  # reads files
        sent = {
            "Host": target.authority,
            "User-Agent": _AGENT,
            "Accept-Encoding": "identity",
            **({"Content-Length": str(len(body))} if body or method in ("POST", "PUT", "PATCH") else {}),
            **headers,
        }
        try:
            request = httpcore.Request(
                method,
                httpcore.URL(
                    scheme=target.scheme,
                    host=target.host.encode(),
                    port=target.port,
                    target=target.path.encode(),
                ),
                headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()],
                content=body,
            )
            return await self._connections.send(
                _Way(proxy, request.url.origin),
                request,
                lambda response: _read(response, url, target, most_bytes, is_cut),
            )
        except RequestFailed:
            raise
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.ProxyError,
            ssl.SSLError,
            OSError,
            ValueError,  # what no head may have: UnicodeError among it
        ) as error:
            raise RequestFailed(
                Reason.CONNECTION, f"the connection to {target} failed: {error or type(error).__name__}"
            ) from error

    async def _check_beside_proxy(self, target: Target) -> None:
        """Refuse what is known to be private. A name that has no address here is the proxy's to refuse."""
        try:
            await checked_addresses(target.host, target.port, self._allowed())
        except RequestFailed as error:
            if error.reason is not Reason.NO_ADDRESS:
                raise

    def _connection(self, way: _Way) -> httpcore.AsyncConnectionInterface:
        """Return a new connection, which connects with its first request. Sync."""
        proxy = way.proxy
        if proxy not in self._makers:
            self._makers[proxy] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                keepalive_expiry=_KEPT,
                # The operator named the proxy: only addresses behind it are checked.
                proxy=None if proxy is None else _proxy(proxy),
                network_backend=CheckedBackend(self._allowed) if proxy is None else httpcore.TrioBackend(),
            )
        return self._makers[proxy].create_connection(way.origin)

    async def aclose(self) -> None:
        """Close the connections that have no request. Cancelling: they are closed all the same."""
        await self._connections.aclose()


async def _read(
    response: httpcore.Response, url: str, target: Target, most_bytes: int, is_cut: bool
) -> Answer:
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("ascii").lower(), value.decode("latin-1"))
    if headers.get("content-encoding", "identity").lower() != "identity":
        # A few bytes may become gigabytes. None was asked for.
        raise RequestFailed(
            Reason.ENCODED, f"{target} answers with a compressed body, which was not asked for"
        )
    body = bytearray()
    with trio.CancelScope() as rest:
        async for part in response.aiter_stream():
            body += part
            if len(body) > most_bytes:
                # Not left by an exception: that would leave httpcore's generators to the garbage collector.
                rest.cancel(reason="the body is too long")
    if len(body) > most_bytes and not is_cut:
        raise RequestFailed(Reason.TOO_LONG, f"{target} answers with more than {most_bytes} bytes")
    return Answer(response.status, headers, bytes(body[:most_bytes]), url)


def _proxy(url: str) -> httpcore.Proxy:
    parts = urlsplit(url)
    auth = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port is None else f":{parts.port}"
    return httpcore.Proxy(f"{parts.scheme}://{host}{port}", auth=auth)


def _trusting() -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities, a company's own among them, and Mozilla's. Sync."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context
