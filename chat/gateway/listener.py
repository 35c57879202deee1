"""One port for everything: the listeners, and the two-phase stop of their connections.

The accepting nursery lies inside the serving one. So a stop ends accepting at once, and open connections get a grace
period for their goodbyes.
"""

import errno
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path

import structlog
import trio

from chat.domain.proxies import Proxies
from chat.gateway.balance import BalancedListener, WorkerSlot
from chat.gateway.binding import Bound, bind
from chat.gateway.connections import Connections
from chat.gateway.descriptors import SpareDescriptor
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.http1.connection import HttpServer
from chat.gateway.http1.lifespan import ASGIApp, open_lifespan
from chat.gateway.http1.request import ServeSocket, StreamServer
from chat.gateway.same_site import SameSite
from chat.gateway.tls import open_tls_context
from chat.inspection.metrics import Metrics
from chat.settings.config import Config
from chat.settings.listen import Listen
from chat.shutdown import CUT_DELAY

logger = structlog.get_logger(__name__)

ACCEPT_PAUSE = 0.1
"""Seconds until the next attempt when no descriptor is left; the connection stays in the backlog."""

COMPLAINT_INTERVAL = 10.0
"""Seconds between log lines about that."""


Listener = trio.SocketListener | BalancedListener
Serve = Callable[[trio.SocketStream, Listen, str | None], Awaitable[None]]
"""Serves a connection of a listener; gets the listener's host if it is bound to loopback only."""


class Gateway:
    """The open gateway: its addresses, and the number of its connections."""

    def __init__(
        self, addresses: tuple[str, ...], connections: Connections, stop_accepting: Callable[[], None]
    ) -> None:
        self.addresses = addresses
        """One URL for each configured listener, with its actual port."""
        self.stop_accepting = stop_accepting
        """Stop accepting; open connections stay. Sync; repeated calls do nothing."""
        self._connections = connections

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return self._connections.count

    async def renew_certificate(self, cert: Path, key: Path) -> None:
        """Reload the certificate and key for new connections; open ones keep theirs.

        Raises CannotStart if they can't be used; then, and when cancelled, the old ones stay in use.
        """
        tls = await trio.to_thread.run_sync(open_tls_context, cert, key, abandon_on_cancel=True)
        assert tls is not None
        self._connections.renew_tls(tls)


@asynccontextmanager
async def open_gateway(
    config: Config,
    app: ASGIApp,
    serve_socket: ServeSocket,
    *,
    on_stop: Callable[[], None],
    metrics: Metrics | None = None,
    scheduler: FairScheduler | None = None,
    bounds: Sequence[Bound] | None = None,
    slot: WorkerSlot | None = None,
    streams: Mapping[str, StreamServer] | None = None,
) -> AsyncGenerator[Gateway]:
    """Accept connections for the block: WebSockets go to `serve_socket`, other requests to `app`.

    Leaving the block stops accepting and calls `on_stop`. Requests and sockets then have `config.grace` seconds to
    end; what is left is cancelled, and half a second later its sockets are closed. Raises CannotStart if it cannot
    listen, the certificate can't be used, or the app does not start. Cancelling, or an error in the block, closes
    every connection at once.

    `bounds` are sockets that listen already, in place of the configured ones. With a `slot`, other workers accept
    from them too: this worker counts its connections there, and pauses while it is ahead. `streams` serve, by
    dialect, the listeners without HTTP.
    """
    tls = open_tls_context(config.tls_cert, config.tls_key)
    proxies = Proxies(config.trusted_proxies, config.forwarded_header)
    same_site = SameSite(config.origins, proxies)
    scheduler = scheduler or FairScheduler()
    http = HttpServer(app, config, proxies, same_site, scheduler)
    metrics, streams = metrics or Metrics(), streams or {}
    connections = Connections(config, tls, proxies, same_site, http, serve_socket, metrics, streams)
    with ExitStack() as listening:
        if bounds is None:
            bounds = [listening.enter_context(closing(await bind(listen))) for listen in config.listeners]
        else:
            for bound in bounds:
                listening.enter_context(closing(bound))
        is_encrypted = tls is not None
        addresses = tuple(bound.url(bound.listen.scheme(is_encrypted=is_encrypted)) for bound in bounds)
        async with open_lifespan(app), trio.open_nursery() as last:
            last_moment = trio.CancelScope()
            last.start_soon(scheduler.serve)
            last.start_soon(connections.readable.serve)
            last.start_soon(_cut_at, last_moment, connections)
            async with trio.open_nursery() as serving, trio.open_nursery() as accepting:
                serve: Serve = connections.serve
                turn_away: Serve = connections.turn_away
                if slot is not None:
                    serve = partial(_serve_counted, slot, serve)
                    turn_away = partial(_serve_counted, slot, turn_away)
                    listening.callback(slot.leave)
                for bound in bounds:
                    loopback = bound.listen.host if bound.is_loopback else None
                    for each in bound.listeners:
                        listener: Listener = each
                        if slot is not None:
                            listener = listening.enter_context(BalancedListener(each.socket, slot))
                        accepting.start_soon(
                            _accept, listener, serve, turn_away, bound.listen, loopback, connections, serving
                        )
                if slot is not None:
                    slot.take()
                try:
                    yield Gateway(addresses, connections, listening.close)
                finally:
                    listening.close()
                    accepting.cancel_scope.cancel()
                    serving.cancel_scope.deadline = trio.current_time() + config.grace
                    last_moment.deadline = serving.cancel_scope.deadline + CUT_DELAY
                    await connections.stop()  # never waits
                    on_stop()
            last.cancel_scope.cancel()


async def _accept(
    listener: Listener,
    serve: Serve,
    turn_away: Serve,
    listen: Listen,
    loopback: str | None,
    connections: Connections,
    serving: trio.Nursery,
) -> None:
    """Accept until cancelled or closed. A lack of descriptors does not end it, nor fill the log.

    While no descriptor is left, connections get the spare one in turn, and `turn_away` in place of `serve`.
    """
    next_complaint = -float("inf")
    with SpareDescriptor() as spare:
        while True:
            try:
                stream = await listener.accept()
            except trio.ClosedResourceError:
                return
            except OSError as error:
                is_ours = error.errno == errno.EMFILE
                if trio.current_time() >= next_complaint:
                    next_complaint = trio.current_time() + COMPLAINT_INTERVAL
                    logger.error(
                        "no descriptors left: new connections are turned away; raise the limit of open files"
                        if is_ours
                        else "cannot accept connections; retrying",
                        reason=error.strerror,
                        open=connections.count,
                    )
                last = await _accept_with(spare, listener) if is_ours else None
                if last is None:
                    spare.hold()
                    await trio.sleep(ACCEPT_PAUSE)
                elif spare.hold():  # there are descriptors again
                    serving.start_soon(serve, last, listen, loopback)
                else:
                    await turn_away(last, listen, loopback)
                    spare.hold()
            else:
                spare.hold()  # the last attempt may have failed
                serving.start_soon(serve, stream, listen, loopback)


async def _accept_with(spare: SpareDescriptor, listener: Listener) -> trio.SocketStream | None:
    """Accept with the spare descriptor; None: nobody came. Linux reports a lack of descriptors before anybody does."""
    spare.release()
    with suppress(OSError, trio.ClosedResourceError), trio.move_on_after(ACCEPT_PAUSE):
        return await listener.accept()
    return None


async def _serve_counted(
    slot: WorkerSlot, serve: Serve, stream: trio.SocketStream, listen: Listen, loopback: str | None
) -> None:
    """Serve a connection that the slot has counted, and uncount it."""
    try:
        await serve(stream, listen, loopback)
    finally:
        slot.went()


async def _cut_at(moment: trio.CancelScope, connections: Connections) -> None:
    """Close the remaining connections at the deadline, or when cancelled from outside."""
    try:
        with moment:
            await trio.sleep_forever()
    finally:
        connections.cut()
