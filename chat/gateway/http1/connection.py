"""HTTP/1.1 on one connection: Hypercorn's protocol and the Quart app, over our own reading, waiting and writing.

The only file that touches Hypercorn. It takes `H11Protocol`, which turns h11's events into ASGI's and back, and
leaves the connection handler around it, because that one never restarts its keep-alive timer under Quart-Trio,
shields every write for ever, waits for slow heads and bodies for ever, offers h2c, and takes WebSocket upgrades.
Here one task reads, each request has one task for its handler, and every wait for the client has a deadline.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Any, cast

import h11
import structlog
import trio
from hypercorn.config import Config as HypercornConfig
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState, TaskGroup

from chat.domain.addresses import address_key
from chat.domain.failures import StorageDown
from chat.domain.proxies import Proxies
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.http1.body_flow import FLOW, BodyFlow
from chat.gateway.http1.head import READ_BYTES, Head, ReplayStream
from chat.gateway.http1.lifespan import ASGIApp
from chat.gateway.http1.parser import MAX_FRAMING_BYTES
from chat.gateway.http1.pieces import RequestPieces
from chat.gateway.http1.plain_parser import PlainParser
from chat.gateway.http1.read_deadlines import ReadDeadlines, idle_deadline
from chat.gateway.http1.refusal import forbidding, linger
from chat.gateway.same_site import SameSite
from chat.settings.config import Config

logger = structlog.get_logger(__name__)

SMALL_PIECE = READ_BYTES // 4
"""Bytes; smaller pieces of a body count as pieces, because each costs a turn of the loop like a large one."""

WRITE_TIMEOUT = 30.0
"""Seconds for the client to take the next `WRITE_BYTES`: 2 KiB/s, which slow connections exceed."""

WRITE_BYTES = 65_536

PEER = "chat.peer"
"""The key in an ASGI scope's extensions under which the address at the other end of the connection is."""

INPUT_ENDED = "chat.input_ended"
"""The key of a trio.Event, set when the client sends nothing more: it has left, or only waits for its answers."""


class HttpServer:
    """Serves HTTP connections with `app` until it is stopped."""

    def __init__(
        self, app: ASGIApp, config: Config, proxies: Proxies, same_site: SameSite, scheduler: FairScheduler
    ) -> None:
        self.scheduler = scheduler
        self.app = app
        self.proxies = proxies
        self.same_site = same_site
        self.head_timeout = config.head_timeout
        self.context = WorkerContext(None)
        self.hypercorn = HypercornConfig()
        self.hypercorn.h11_max_incomplete_size = config.max_head_bytes
        self.hypercorn.include_server_header = False
        self.hypercorn.accesslog = self.hypercorn.errorlog = None  # this file does the logging
        self._open: set[_HttpConnection] = set()

    async def serve(
        self,
        stream: ReplayStream,
        peer: tuple[str, int],
        loopback: str | None,
        address: str,
        *,
        is_last: bool = False,
    ) -> bool:
        """Serve the requests of one connection to its end, with `is_last` only one; the caller closes it.

        True: a request asks for a WebSocket, all earlier ones are answered, and its head was put back into `stream`.
        `loopback` is the host of a listener that is bound to loopback only. Raises network and protocol errors, and
        other errors that end it. Cancelling stops handlers and answers at once.
        """
        connection = _HttpConnection(self, stream, peer, loopback, is_last=is_last)
        self._open.add(connection)
        try:
            return await self.scheduler.steps(address_key(address), connection.run())
        finally:
            self._open.discard(connection)

    async def stop(self) -> None:
        """End idle connections now, and the others after their answer. No checkpoint."""
        await self.context.terminated.set()
        for connection in tuple(self._open):
            connection.end_if_idle()


class _HttpConnection:
    """One connection, which `H11Protocol` uses as its task group and to send bytes."""

    __slots__ = (
        "_deadlines",
        "_head",
        "_input_ended",
        "_is_last",
        "_lingers",
        "_loopback",
        "_over",
        "_parser",
        "_peer",
        "_protocol",
        "_reading",
        "_server",
        "_start_soon",
        "_stream",
        "_upgrades",
        "_writing",
    )

    def __init__(
        self,
        server: HttpServer,
        stream: ReplayStream,
        peer: tuple[str, int],
        loopback: str | None,
        *,
        is_last: bool,
    ) -> None:
        self._server = server
        self._is_last = is_last
        self._stream = stream
        self._peer = peer
        self._loopback = loopback
        self._parser = PlainParser(h11.SERVER, server.hypercorn.h11_max_incomplete_size)
        self._reading = trio.CancelScope()
        self._writing = trio.Lock()  # a handler's answer and the reader's `100 Continue` may coincide
        self._deadlines = ReadDeadlines(self._parser, server.head_timeout)
        self._input_ended = trio.Event()
        self._over = False
        """No more bytes are read or written; set together with cancelling `_reading`."""
        self._lingers = False
        """The client may still be sending, and must get our last answer."""
        self._upgrades = False
        self._head: bytes | None = None
        """The head of an answer that waits for the first piece of its body; empty: it comes next."""

    async def run(self) -> bool:
        """Serve requests. True: a WebSocket's handshake follows."""
        try:
            async with trio.open_nursery() as handlers:
                self._start_soon = handlers.start_soon
                self._protocol = H11Protocol(
                    cast("Any", self._server.app),
                    self._server.hypercorn,
                    cast("Any", self._server.context),
                    cast("TaskGroup", self),
                    ConnectionState({}),
                    self._stream.tls is not None,
                    self._peer,
                    self._stream.socket.getsockname()[:2],
                    self._send,
                )
                self._protocol.connection = self._parser
                half_closed = False
                with self._reading:
                    half_closed = await self._read()
                self._input_ended.set()
                if not half_closed:
                    await self._protocol.handle(Closed())  # tells handlers that still run
        finally:
            # Break reference cycles, so that an ended connection is freed without the garbage collector.
            self._start_soon = self._protocol = cast("Any", None)
        if self._lingers:
            await linger(self._stream)
        return self._upgrades

    async def _read(self) -> bool:
        """Read until the last request. True: pending answers are still to be sent."""
        pieces = RequestPieces(self._stream)
        while not self._over:
            self._reading.deadline = self._deadlines.deadline()
            try:
                data = await self._stream.receive_ready(READ_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                return False
            self._reading.deadline = math.inf  # our own time does not count
            since, end = trio.current_time(), 0
            while end < max(1, len(data)):
                # Known bytes of a body have no framing, and are parsed at once.
                start, end = end, end + max(MAX_FRAMING_BYTES, self._parser.body_left)
                await self._protocol.handle(RawData(bytes(data[start:end])))
                if self._over:
                    return False
                if self._answers_nonsense():
                    return True
                if self._parser.upgrade:
                    self._upgrades = True
                    self._stream.push_back(self._parser.upgrade + data[end:])
                    return True
            if not data:
                return True
            self._deadlines.came(len(data), trio.current_time() - since)
            in_body = self._parser.their_state is h11.SEND_BODY and len(data) < SMALL_PIECE
            if not (self._parser.has_unread or in_body):
                pieces.whole()
            elif wait := pieces.came():
                await trio.sleep(wait)
        return False

    async def _send(self, event: Event) -> None:
        match event:
            case RawData():
                await self._write(event.data)
            case Closed() if self._answers_nonsense() or self._writing.locked():
                pass  # an answer is in progress: who writes it completes it, and closes
            case Closed():
                if not self._over:
                    whole = self._parser.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)
                    self._lingers = not whole or self._parser.has_unread
                self._end()
            case Updated(idle=True):
                # Runs in a handler that Quart-Trio has already cancelled: no await here.
                self._reading.deadline = idle_deadline()
            case Updated():
                self._reading.deadline = math.inf
                self._deadlines.begin_request()

    async def _write(self, data: bytes) -> None:
        if self._head == b"":
            self._head = data
            return
        data, self._head = (self._head or b"") + data, None
        if self._over or not data:
            return
        try:
            async with self._writing:
                for start in range(0, len(data), WRITE_BYTES):
                    with trio.fail_after(WRITE_TIMEOUT):
                        await self._stream.send_all(memoryview(data)[start : start + WRITE_BYTES])
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            self._end()
        except BaseException:
            self._end()  # an incomplete answer may have been sent: nothing may follow it
            raise

    def _answers_nonsense(self) -> bool:
        """Whether the rest of a request is malformed after its answer has begun."""
        return self._parser.their_state is h11.ERROR and self._parser.our_state is h11.SEND_BODY

    def _end(self) -> None:
        self._over = True
        self._reading.cancel()

    def end_if_idle(self) -> None:
        """End the connection unless a request is being received or answered."""
        if self._parser.their_state is h11.IDLE:
            self._end()

    async def spawn_app(
        self, app: object, config: object, scope: dict[str, Any], send: Callable[[Any], Awaitable[None]]
    ) -> Callable[[Any], Awaitable[None]]:
        """Start the handler of one request; the result takes the request's events (Hypercorn calls this)."""
        proxies, (peer, port) = self._server.proxies, self._peer
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        if proxies.trusts(peer):
            scope["client"] = (proxies.client_address(peer, headers), port)
            scope["scheme"] = proxies.client_scheme(peer, headers, tls=self._stream.tls is not None)
        refusal = self._server.same_site.refusal(
            Head(scope["method"], scope["path"], scope["http_version"], headers),
            peer=peer,
            scheme=scope["scheme"],
            loopback=self._loopback,
        )
        to_handler, events = trio.open_memory_channel[Any](math.inf)
        flow = BodyFlow()
        scope["extensions"] |= {PEER: peer, FLOW: flow, INPUT_ENDED: self._input_ended}

        async def answer(event: Any) -> None:  # noqa: ANN401 - an ASGI event, or None at the end
            if event is not None and event["type"] == "http.response.start":
                self._head = b""
                if self._is_last or self._parser.their_state is h11.SEND_BODY or self._parser.must_close:
                    # The answer precedes the end of the body, or the end is uncertain: the connection can't be reused,
                    # and the client must know.
                    event = {**event, "headers": [*event["headers"], (b"connection", b"close")]}
            await send(event)

        served_by = self._server.app if refusal is None else forbidding(refusal)
        self._start_soon(_handle, served_by, scope, events, answer)

        async def put(event: dict[str, Any]) -> None:
            # Quart takes each event at once; what is not used yet is counted. Once the handler is over, the reading is
            # cancelled, and with it who waits here.
            try:
                to_handler.send_nowait(event)
            except trio.BrokenResourceError:
                return  # the handler is over
            if event["type"] == "http.request" and flow.came(len(event["body"])):
                await flow.wait()

        return put


async def _handle(
    app: ASGIApp,
    scope: dict[str, Any],
    events: trio.MemoryReceiveChannel[Any],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    try:
        with events:
            await app(scope, events.receive, send)
    except* StorageDown:  # after the answer had begun
        logger.warning(
            "response cut short: the database or disk failed while it was sent",
            method=scope["method"],
            path=scope["path"],
        )
    except* Exception:
        logger.exception("request failed with an internal error", method=scope["method"], path=scope["path"])
    await send(None)  # completes the answer, and then reads the next request
