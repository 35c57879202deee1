"""The WebSocket door: from an upgrade request to a session, and its end.

Whatever a client does to trio-websocket or to us ends here, with this client alone.
"""

from base64 import b64decode
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs

import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from chat.domain.closing import CRASHED, CUT_BY_ADMIN
from chat.domain.failures import StorageDown
from chat.domain.refusals import Refusal
from chat.engine.dialect import Dialect, by_name, by_path
from chat.engine.presence import Handshake, Presence
from chat.engine.session import Core, Session
from chat.gateway.http1.bearer import bearer_token
from chat.gateway.http1.head import LOGGED, Head
from chat.gateway.http1.refusal import refuse
from chat.gateway.http1.request import Arrival
from chat.gateway.websocket.client_stream import ClientStream, close_frame
from chat.inspection.disconnects import record_crash, record_end
from chat.inspection.recorder import Recorder
from chat.settings.config import Config

logger = structlog.get_logger(__name__)


class Door:
    """Lets WebSocket clients in."""

    def __init__(
        self,
        config: Config,
        dialects: tuple[Dialect, ...],
        core: Core,
        presence: Presence,
        recorder: Recorder | None = None,
    ) -> None:
        self._config = config
        self._dialects = dialects
        self._core = core
        self._presence = presence
        self._recorder = recorder or Recorder()

    async def serve(self, arrival: Arrival) -> None:
        """Serve one client from its upgrade request to its end. Cancelling cuts it off."""
        if fault := _fault(arrival.head):
            self._tell_of_refusal("malformed", fault, arrival.address, arrival.head.path)
            return await refuse(arrival.stream, fault)
        arrival.stream.drop(arrival.head.size)
        stream = ClientStream(
            arrival.stream,
            _handshake(arrival.head),
            largest=self._config.max_frame_bytes,
            limit=self._config.outbox_bytes,
        )
        address, path = arrival.address, arrival.head.path
        welcome = self._look_at(arrival)
        del arrival  # and its head: a socket may stay open for days
        handshake = self._presence.handshake()
        accepted = False
        try:
            async with trio.open_nursery() as nursery:
                with stream.outbox.written_by(nursery.start_soon):
                    with trio.move_on_after(self._config.handshake_timeout):
                        welcome = await self._identify(welcome, handshake)
                        if isinstance(welcome, _Refused):
                            self._tell_of_refusal(welcome.reason, welcome.status, address, path)
                        stream.connection = await self._shake_hands(stream, welcome, nursery)
                    del path
                    if stream.connection is not None and not isinstance(welcome, _Refused):
                        accepted = True
                        await self._serve_session(
                            address, stream, stream.connection, welcome, handshake, nursery
                        )
                    await stream.flush()
                nursery.cancel_scope.cancel()
        except* (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError) as gone:
            logger.debug("connection lost", address=address, error=repr(gone.exceptions[0]))
        except* Exception as crash:
            if accepted:
                logger.exception("session failed", connection=stream.record.id, address=address)
                record_crash(self._recorder, stream.record, crash)
                stream.outbox.cut()
                await stream.finish_alone(close_frame(*CRASHED))
            else:
                logger.debug("handshake failed", address=address, exc_info=True)
        finally:
            handshake.end()
        return await stream.hang_up()

    def _look_at(self, arrival: Arrival) -> "_Welcome | _Refused":
        """Decide from the head alone whether the client may come in, and what it speaks."""
        if arrival.refusal is not None:
            return _Refused(403, "origin", arrival.refusal.encode() + b"\n")
        if arrival.head.path == "/":
            dialect = by_name(self._dialects, arrival.listen.dialect)
            assert dialect is not None  # looked at when the server started
            return _Welcome(dialect, self._dialects, _token(arrival.head))
        dialect = by_path(self._dialects, arrival.head.path)
        if dialect is None:
            return _Refused(404, "path", b"no protocol is spoken on this path\n")
        return _Welcome(dialect, (), _token(arrival.head))

    def _tell_of_refusal(self, reason: str, status: int, address: str, path: str) -> None:
        logger.info(
            "WebSocket refused", reason=reason, status=int(status), address=address, path=path[:LOGGED]
        )
        self._core.meters.upgrade_refused(reason)

    async def _shake_hands(
        self, stream: ClientStream, welcome: "_Welcome | _Refused", nursery: trio.Nursery
    ) -> WebSocketConnection | None:
        """Finish the handshake, or refuse it and return None."""
        request = await stream.request(nursery, self._config.max_frame_bytes)
        if isinstance(welcome, _Refused):
            await request.reject(welcome.status, body=welcome.body)
            return None
        return await request.accept()

    async def _identify(self, welcome: "_Welcome | _Refused", handshake: Handshake) -> "_Welcome | _Refused":
        """Find out whose token the handshake carries, if it carries one. A bad one is refused, not ignored."""
        if isinstance(welcome, _Refused):
            return welcome
        if welcome.token is None:
            return _BAD_TOKEN if welcome.dialect.needs_token else welcome
        try:
            person = await self._core.accounts.authenticate(welcome.token)
        except StorageDown:
            return _Refused(503, "database", b"the database does not answer\n")
        if isinstance(person, Refusal):
            return _BAD_TOKEN
        handshake.is_of(person)  # no await between the look-up and here
        return welcome._replace(token=None)

    async def _serve_session(
        self,
        address: str,
        stream: ClientStream,
        connection: WebSocketConnection,
        welcome: "_Welcome",
        handshake: Handshake,
        nursery: trio.Nursery,
    ) -> None:
        session = Session(
            self._core,
            connection,
            stream.outbox,
            stream,
            welcome.dialect,
            welcome.choices,
            address,
            handshake.person,
            stream.record,
        )
        stream.overflow = session.too_slow
        # Not the nursery's scope: its writer is still to send an administrator's close frame.
        self._recorder.admit(stream.record, session, session.reading)
        number = stream.record.id
        logger.info("client connected", connection=number, address=address, dialect=welcome.dialect.name)
        try:
            with self._presence.present(session, handshake):  # no await since its person was read
                await session.serve(nursery)
        finally:
            record_end(self._recorder, stream.record, connection.closed)
            if stream.record.cut:
                stream.outbox.cut()
                stream.outbox.finish(close_frame(*CUT_BY_ADMIN))
            name = session.person and session.person.name
            logger.info("client left", connection=number, address=address, name=name)


class _Welcome(NamedTuple):
    """The client may come in. It speaks `dialect`, until its first frame chooses another."""

    dialect: Dialect
    choices: tuple[Dialect, ...]
    token: str | None


class _Refused(NamedTuple):
    """The upgrade is refused with an HTTP answer."""

    status: int
    reason: str
    body: bytes


_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
)

_BAD_TOKEN = _Refused(401, "token", b"a valid token is needed\n")


def _fault(head: Head) -> HTTPStatus | None:
    """Return what is wrong with an upgrade request (RFC 6455, section 4.2.1), at which trio-websocket would wait."""
    version = head.get("sec-websocket-version")
    if version != "13":
        return HTTPStatus.BAD_REQUEST if version is None else HTTPStatus.UPGRADE_REQUIRED
    try:
        nonce = b64decode(head.get("sec-websocket-key") or "", validate=True)
    except ValueError:
        return HTTPStatus.BAD_REQUEST
    return None if len(nonce) == 16 else HTTPStatus.BAD_REQUEST


def _handshake(head: Head) -> bytes:
    """Return the part of an upgrade request that trio-websocket needs: what else a client writes never reaches it."""
    return _HANDSHAKE % (head.get("sec-websocket-key") or "").encode()


_FIELDS = 100
"""More than this in a query is no client's, and takes long to decode."""


def _token(head: Head) -> str | None:
    """Return the token that a handshake carries: `?token=`, or the `Authorization` header."""
    try:
        in_query = parse_qs(head.query, max_num_fields=_FIELDS).get("token")
    except ValueError:
        return None
    return in_query[0] if in_query else bearer_token(head.get("authorization") or "")
