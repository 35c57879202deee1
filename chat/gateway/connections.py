"""All open connections, each from accept to close; errors of one never reach another."""

import math
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from ssl import SSLContext
from typing import Any, NamedTuple

import h11
import structlog
import trio
import trio_websocket
import wsproto.utilities

from chat.domain.limits.pace import Pace
from chat.domain.proxies import Proxies
from chat.gateway.admission import Admission, Slot
from chat.gateway.http1.connection import HttpServer
from chat.gateway.http1.head import LOGGED, READ_BYTES, READS, READS_AT_ONCE, ReplayStream, read_head
from chat.gateway.http1.refusal import TEXTS, refuse
from chat.gateway.http1.request import IncomingRequest, ServeSocket, StreamServer
from chat.gateway.readiness import ReadableSockets
from chat.gateway.same_site import SameSite
from chat.gateway.tls_stream import TlsStream
from chat.inspection.metrics import Metrics
from chat.settings.config import Config
from chat.settings.listen import Listen

logger = structlog.get_logger(__name__)

EXPECTED = (
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    OSError,  # ssl.SSLError is one
    h11.ProtocolError,
    wsproto.utilities.ProtocolError,
    trio_websocket.ConnectionClosed,  # raised by its reader when a malformed handshake is cut off
)
"""Errors that a peer can cause; logged at debug level."""

REFUSALS_AT_ONCE = 256
"""Connections that get an answer about the limit at the same time; further ones are closed without one."""

REFUSAL_TIMEOUT = 2.0
"""Seconds for one such answer, TLS handshake included."""

HEALTH_CHECKS = (b"GET /livez ", b"GET /readyz ", b"GET /healthz ", b"GET /up ")
"""How requests begin that are answered above a limit too: a full server is neither dead nor unready."""

FIRST_BYTES = 0.5
"""Seconds for a refused client to send the first bytes of a health check."""

PeerAddress = tuple[str, int]


class _AcceptedConnection(NamedTuple):
    """A connection's peer, listener, the listener's host if bound to loopback only, and its slot."""

    peer: PeerAddress
    listen: Listen
    loopback: str | None
    slot: Slot


class Connections:
    """Serves accepted connections."""

    def __init__(
        self,
        config: Config,
        tls: SSLContext | None,
        proxies: Proxies,
        same_site: SameSite,
        http: HttpServer,
        serve_socket: ServeSocket,
        metrics: Metrics,
        streams: Mapping[str, StreamServer],
    ) -> None:
        self._config = config
        self._tls = tls
        self._proxies = proxies
        self._same_site = same_site
        self._http = http
        self._serve_socket = serve_socket
        self._metrics = metrics
        self._streams = streams
        self.readable = ReadableSockets()
        self._admission = Admission(config.max_connections, config.max_connections_per_address)
        self._sockets: set[trio.socket.SocketType] = set()
        self._early: set[trio.CancelScope] = set()
        """Of connections without a head yet, and of refused ones: a stop cancels them at once."""
        self._refusing = 0
        self._stopping = False

    @property
    def count(self) -> int:
        """The number of admitted connections."""
        return self._admission.count

    def renew_tls(self, tls: SSLContext) -> None:
        """Use this context for new connections; open ones keep theirs. Sync."""
        self._tls = tls

    # Not `async def`: this saves a coroutine frame for each connection.
    def serve(
        self, inner: trio.SocketStream, listen: Listen, loopback: str | None = None
    ) -> Coroutine[Any, Any, None]:
        """Serve one connection and close it. Its errors are logged here and end here.

        `loopback` is the host of a listener that is bound to loopback only. Cancelling closes it at once.
        """
        return self._until_closed(inner, self._receive, listen, loopback)

    async def turn_away(self, inner: trio.SocketStream, listen: Listen, loopback: str | None = None) -> None:
        """Refuse one connection, or answer its health check, and close it; like serve()."""
        await self._until_closed(inner, self._refuse_full, listen, loopback)

    async def _until_closed(
        self,
        inner: trio.SocketStream,
        serve: Callable[[trio.SocketStream, Listen, str | None], Awaitable[None]],
        listen: Listen,
        loopback: str | None,
    ) -> None:
        socket = inner.socket
        self._sockets.add(socket)
        try:
            await serve(inner, listen, loopback)
        except* EXPECTED as errors:
            logger.debug("connection lost", reason=repr(errors.exceptions[0]))
        except* Exception:
            logger.exception("connection closed after an internal error")
        finally:
            self._sockets.discard(socket)
            self.readable.closing(socket)
            socket.close()

    async def stop(self) -> None:
        """End connections without a head yet, and idle HTTP connections. No checkpoint."""
        self._stopping = True
        for scope in tuple(self._early):
            scope.cancel()
        await self._http.stop()

    def cut(self) -> None:
        """Close every socket at once; tasks that wait for one wake up, shielded ones too."""
        for socket in tuple(self._sockets):
            self.readable.closing(socket)
            socket.close()

    async def _receive(self, inner: trio.SocketStream, listen: Listen, loopback: str | None) -> None:
        peer: PeerAddress = inner.socket.getpeername()[:2]
        # A proxy's connection counts in the total only, until its head names the client.
        match self._admission.claim(None if self._proxies.trusts(peer[0]) else peer[0]):
            case Slot() as slot:
                with slot:
                    if listen.stream:
                        return await self._serve_stream(inner, peer, listen)
                    accepted = _AcceptedConnection(peer, listen, loopback, slot)
                    await self._serve(await self._meet(inner, accepted), accepted)
            case status:
                logger.info("connection refused", address=peer[0], reason=TEXTS[status])
                await self._turn_away(inner, peer, listen, loopback, status)
        return None

    async def _serve_stream(self, inner: trio.SocketStream, peer: PeerAddress, listen: Listen) -> None:
        with self._until_stop():
            stream = await self._encrypt(inner, listen)
        if not self._stopping:
            await self._streams[listen.dialect].serve(stream, peer[0])

    async def _refuse_full(self, inner: trio.SocketStream, listen: Listen, loopback: str | None) -> None:
        peer: PeerAddress = inner.socket.getpeername()[:2]
        await self._turn_away(inner, peer, listen, loopback, HTTPStatus.SERVICE_UNAVAILABLE)

    async def _meet(
        self, inner: trio.SocketStream, accepted: "_AcceptedConnection"
    ) -> IncomingRequest | None:
        """Do the TLS handshake and read the first head. None: nothing to serve."""
        with self._until_stop() as early:
            return await self._look_at_head(await self._encrypt(inner, accepted.listen), accepted, early)
        return None

    async def _meet_again(
        self, stream: ReplayStream, accepted: "_AcceptedConnection"
    ) -> IncomingRequest | None:
        """Read the head of a later request: a proxy may send it for another client."""
        with self._until_stop() as early:
            return await self._look_at_head(stream, accepted, early)
        return None

    async def _look_at_head(
        self, stream: ReplayStream, accepted: "_AcceptedConnection", early: trio.CancelScope
    ) -> IncomingRequest | None:
        peer, listen, loopback, slot = accepted
        early.deadline = trio.current_time() + self._config.head_timeout
        head = await read_head(stream, self._config.max_head_bytes)
        early.deadline = math.inf
        if head is None:
            return None
        if isinstance(head, HTTPStatus):
            await refuse(stream, head)
            return None
        address = self._proxies.client_address(peer[0], head.headers)
        if not slot.move(address):
            if head.asks_for_websocket:
                self._metrics.upgrade_refused("limit")
            logger.info(
                "refused a connection: its address has too many already",
                address=address,
                path=head.path[:LOGGED],
            )
            await refuse(stream, HTTPStatus.TOO_MANY_REQUESTS)
            return None
        scheme = self._proxies.client_scheme(peer[0], head.headers, tls=stream.tls is not None)
        refusal = self._same_site.refusal(
            head, peer=peer[0], scheme=scheme, loopback=loopback, socket=head.asks_for_websocket
        )
        return IncomingRequest(stream, head, address, scheme, listen, refusal)

    def _serve(self, request: IncomingRequest | None, accepted: "_AcceptedConnection") -> Awaitable[None]:
        # Not async: a coroutine frame would keep the head for the life of the socket.
        if request is None:
            return _nothing()
        if request.head.asks_for_websocket:
            return self._serve_socket(request)
        return self._serve_http(request.stream, accepted, request.address)

    async def _serve_http(self, stream: ReplayStream, accepted: "_AcceptedConnection", address: str) -> None:
        if await self._http.serve(stream, accepted.peer, accepted.loopback, address):
            await self._serve(await self._meet_again(stream, accepted), accepted)

    async def _turn_away(
        self,
        inner: trio.SocketStream,
        peer: PeerAddress,
        listen: Listen,
        loopback: str | None,
        status: HTTPStatus,
    ) -> None:
        self._metrics.connection_refused()
        if self._refusing == REFUSALS_AT_ONCE:
            return
        self._refusing += 1
        try:
            with self._until_stop(), trio.move_on_after(REFUSAL_TIMEOUT):
                stream = await self._encrypt(inner, listen)
                if listen.stream:
                    await self._streams[listen.dialect].refuse(stream, TEXTS[status])
                elif await _begins_health_check(stream):
                    await self._http.serve(stream, peer, loopback, peer[0], is_last=True)
                else:
                    await refuse(stream, status)
        finally:
            self._refusing -= 1

    async def _encrypt(self, inner: trio.SocketStream, listen: Listen) -> ReplayStream:
        """Return the stream to speak on, after any TLS handshake. Raises BrokenResourceError."""
        if self._tls is None or listen.stream == "plain":
            return ReplayStream(inner, self._pace(), self.readable)
        stream = TlsStream(inner, self._tls)
        with trio.move_on_after(self._config.handshake_timeout) as in_time:
            await stream.do_handshake()
        if in_time.cancelled_caught:
            raise trio.BrokenResourceError("no TLS handshake in time")
        return ReplayStream(stream, self._pace(), self.readable)

    def _pace(self) -> Pace:
        return Pace(READS, READS_AT_ONCE) if self._config.message_rate else Pace()

    @contextmanager
    def _until_stop(self) -> Generator[trio.CancelScope]:
        with trio.CancelScope() as scope:
            self._early.add(scope)
            if self._stopping:
                scope.cancel()
            try:
                yield scope
            finally:
                self._early.discard(scope)


async def _begins_health_check(stream: ReplayStream) -> bool:
    with trio.move_on_after(FIRST_BYTES):
        data = await stream.receive_some(READ_BYTES)
        stream.push_back(data)
        return data.startswith(HEALTH_CHECKS)
    return False


async def _nothing() -> None:
    await trio.lowlevel.checkpoint()
