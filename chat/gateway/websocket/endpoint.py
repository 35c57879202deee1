"""The WebSocket endpoint: from an upgrade request to a session, and its end.

An error that a client causes, in trio-websocket or here, ends this client only.
"""

from base64 import b64decode
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs

import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from chat.domain.accounts.second_factor import SET_UP_FIRST
from chat.domain.closing import CRASHED, CUT_BY_ADMIN
from chat.domain.failures import StorageDown
from chat.domain.refusals import NOT_FOR_BOTS, NOT_FOR_VISITORS, Refusal
from chat.engine.dialect import Dialect, by_name, by_path
from chat.engine.presence import Handshake, Presence
from chat.engine.session import Session, SessionContext
from chat.frames import close_frame
from chat.gateway.http1.bearer import bearer_token
from chat.gateway.http1.head import LOGGED, Head
from chat.gateway.http1.refusal import refuse, response
from chat.gateway.http1.request import IncomingRequest
from chat.gateway.websocket.client_stream import ClientStream
from chat.inspection.disconnects import record_crash, record_end
from chat.inspection.recorder import Recorder
from chat.settings.config import Config

logger = structlog.get_logger(__name__)


class WebSocketEndpoint:
    """Upgrades connections to WebSockets, and serves a session on each."""

    def __init__(
        self,
        config: Config,
        dialects: tuple[Dialect, ...],
        context: SessionContext,
        presence: Presence,
        recorder: Recorder | None = None,
    ) -> None:
        self._config = config
        self._dialects = dialects
        self._context = context
        self._presence = presence
        self._recorder = recorder or Recorder()

    async def serve(self, request: IncomingRequest) -> None:
        """Serve one client from its upgrade request to its end. Cancelling disconnects it."""
        if fault := _fault(request.head):
            self._tell_of_refusal("malformed", fault, request.address, request.head.path)
            return await refuse(request.stream, fault)
        request.stream.drop(request.head.size)
        stream = ClientStream(
            request.stream,
            largest=self._config.max_frame_bytes,
            limit=self._config.outbox_bytes,
        )
        address, path = request.address, request.head.path
        key = request.head.get("sec-websocket-key") or ""
        decision = self._look_at(request)
        del request  # and its head: a socket may stay open for days
        handshake = self._presence.handshake()
        connection = None
        try:
            async with trio.open_nursery() as nursery:
                with stream.send_queue.written_by(nursery.start_soon):
                    with trio.move_on_after(self._config.handshake_timeout) as in_time:
                        decision = await self._identify(decision, handshake)
                    if isinstance(decision, _Rejection):
                        self._tell_of_refusal(decision.reason, decision.status, address, path)
                        await trio.sleep(self._context.budgets.malformed(address))
                        stream.refuse(response(decision.status, decision.text))
                    elif not in_time.cancelled_caught:
                        connection = stream.accept(key, nursery, self._config.max_frame_bytes)
                        del path, key
                        await self._serve_session(address, stream, connection, decision, handshake, nursery)
                    await stream.flush()
                nursery.cancel_scope.cancel()
        except* (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError) as gone:
            logger.debug("connection lost", address=address, error=repr(gone.exceptions[0]))
        except* Exception as crash:
            if connection is not None:
                logger.exception(
                    "session closed after an internal error", connection=stream.record.id, address=address
                )
                record_crash(self._recorder, stream.record, crash)
                stream.send_queue.cut()
                await stream.finish_alone(close_frame(*CRASHED.content))
            else:
                logger.exception("WebSocket not accepted: internal error", address=address)
        finally:
            handshake.end()
        return await stream.hang_up()

    def _look_at(self, request: IncomingRequest) -> "_Upgrade | _Rejection":
        """Decide by the head whether the upgrade is accepted, and with which dialect."""
        if request.refusal is not None:
            return _Rejection(HTTPStatus.FORBIDDEN, "origin", request.refusal)
        if banned := self._context.budgets.bans.refusal(request.address):
            return _Rejection(HTTPStatus.FORBIDDEN, "banned", banned.text)
        if request.head.path == "/":
            dialect = by_name(self._dialects, request.listen.dialect)
            assert dialect is not None  # checked when the server started
            return _Upgrade(dialect, self._dialects, _token(request.head))
        dialect = by_path(self._dialects, request.head.path)
        if dialect is None:
            return _Rejection(HTTPStatus.NOT_FOUND, "path", "no protocol is spoken on this path")
        return _Upgrade(dialect, (), _token(request.head))

    def _tell_of_refusal(self, reason: str, status: HTTPStatus, address: str, path: str) -> None:
        logger.info(
            "WebSocket refused", reason=reason, status=int(status), address=address, path=path[:LOGGED]
        )
        self._context.metrics.upgrade_refused(reason)

    async def _identify(
        self, decision: "_Upgrade | _Rejection", handshake: Handshake
    ) -> "_Upgrade | _Rejection":
        """Authenticate the token of the handshake, if there is one. An invalid token is refused, not ignored."""
        if isinstance(decision, _Rejection):
            return decision
        with suppress(StorageDown):  # the newest changes follow once they are read
            await self._context.cluster.catch_up()
        if decision.token is None:
            return _BAD_TOKEN if decision.dialect.needs_token else decision
        try:
            # At / the first frame may choose a dialect that admits no visitors.
            visitors = decision.dialect.admits_visitors and not decision.choices
            person = await self._context.accounts.authenticate(decision.token, visitors=visitors)
        except StorageDown:
            return _Rejection(HTTPStatus.SERVICE_UNAVAILABLE, "database", "the database does not answer")
        if person is NOT_FOR_VISITORS or person is NOT_FOR_BOTS:
            return _Rejection(HTTPStatus.FORBIDDEN, "visitor", person.text)
        if person is SET_UP_FIRST:
            return _Rejection(HTTPStatus.FORBIDDEN, "second factor", SET_UP_FIRST.text)
        if isinstance(person, Refusal):
            return _BAD_TOKEN
        handshake.is_of(person)  # no await between the look-up and here
        return decision._replace(token=None)

    async def _serve_session(
        self,
        address: str,
        stream: ClientStream,
        connection: WebSocketConnection,
        decision: "_Upgrade",
        handshake: Handshake,
        nursery: trio.Nursery,
    ) -> None:
        session = Session(
            self._context,
            connection,
            stream.send_queue,
            stream,
            decision.dialect,
            decision.choices,
            address,
            handshake.person,
            stream.record,
        )
        # Not the nursery's scope: its writer still has to send an administrator's close frame.
        self._recorder.admit(stream.record, session, session.reading)
        number = stream.record.id
        logger.info("client connected", connection=number, address=address, dialect=decision.dialect.name)
        try:
            with self._presence.present(session, handshake):  # no await since its person was read
                await session.serve(nursery)
        finally:
            record_end(self._recorder, stream.record, connection.closed)
            if stream.record.cut:
                stream.send_queue.cut()
                stream.send_queue.finish(close_frame(*CUT_BY_ADMIN.content))
            name = session.person and session.person.name
            logger.info("client left", connection=number, address=address, name=name)


class _Upgrade(NamedTuple):
    """The upgrade is accepted. The client speaks `dialect`, unless its first frame chooses another."""

    dialect: Dialect
    choices: tuple[Dialect, ...]
    token: str | None


class _Rejection(NamedTuple):
    """The upgrade is refused with an HTTP answer."""

    status: HTTPStatus
    reason: str
    text: str


_BAD_TOKEN = _Rejection(HTTPStatus.UNAUTHORIZED, "token", "a valid token is needed")


def _fault(head: Head) -> HTTPStatus | None:
    """Return the fault of an upgrade request (RFC 6455, section 4.2.1), or None."""
    version = head.get("sec-websocket-version")
    if version != "13":
        return HTTPStatus.BAD_REQUEST if version is None else HTTPStatus.UPGRADE_REQUIRED
    try:
        nonce = b64decode(head.get("sec-websocket-key") or "", validate=True)
    except ValueError:
        return HTTPStatus.BAD_REQUEST
    return None if len(nonce) == 16 else HTTPStatus.BAD_REQUEST


_FIELDS = 100
"""Most fields of a query; more take long to decode, and no client sends them."""


def _token(head: Head) -> str | None:
    """Return the token that a handshake carries: `?token=`, or the `Authorization` header."""
    try:
        in_query = parse_qs(head.query, max_num_fields=_FIELDS).get("token")
    except ValueError:
        return None
    return in_query[0] if in_query else bearer_token(head.get("authorization") or "")
