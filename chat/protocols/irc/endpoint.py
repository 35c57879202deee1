"""The endpoint of IRC: from an accepted connection to a session, and its end.

An error that a client causes ends this client only.
"""

import structlog
import trio
from trio_websocket import ConnectionClosed

from chat.domain.closing import CRASHED, CUT_BY_ADMIN
from chat.engine.presence import Presence
from chat.engine.session import Session, SessionContext
from chat.gateway.http1.head import ReplayStream
from chat.gateway.http1.refusal import linger
from chat.inspection.disconnects import record_crash, record_end
from chat.inspection.recorder import Recorder
from chat.protocols.irc.dialect import IRC
from chat.protocols.irc.stream import IrcStream, goodbye
from chat.settings.config import Config
from chat.shutdown import LINGER

logger = structlog.get_logger(__name__)


class IrcEndpoint:
    """Serves a session on each connection."""

    def __init__(
        self, config: Config, context: SessionContext, presence: Presence, recorder: Recorder
    ) -> None:
        self._config = config
        self._context = context
        self._presence = presence
        self._recorder = recorder

    async def serve(self, stream: ReplayStream, address: str) -> None:
        """Serve one client to its end. Cancelling disconnects it."""
        if banned := self._context.budgets.bans.refusal(address):
            logger.info("IRC refused", reason="banned", address=address)
            return await self.refuse(stream, banned.text)
        connection = IrcStream(stream, limit=self._config.outbox_bytes)
        record = connection.record
        try:
            async with trio.open_nursery() as nursery:
                with connection.send_queue.written_by(nursery.start_soon):
                    await self._serve_session(address, connection, nursery)
                    await connection.flush()
                nursery.cancel_scope.cancel()
        except* (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError) as gone:
            logger.debug("connection lost", address=address, error=repr(gone.exceptions[0]))
        except* Exception as crash:
            logger.exception("session closed after an internal error", connection=record.id, address=address)
            record_crash(self._recorder, record, crash)
            connection.send_queue.cut()
            await connection.finish_alone(goodbye(CRASHED.reason))
        return await connection.hang_up()

    async def _serve_session(self, address: str, connection: IrcStream, nursery: trio.Nursery) -> None:
        session = Session(
            self._context,
            connection,
            connection.send_queue,
            connection,
            IRC,
            (),
            address,
            None,
            connection.record,
        )
        # Not the nursery's scope: its writer still has to send an administrator's goodbye.
        self._recorder.admit(connection.record, session, session.reading)
        number = connection.record.id
        logger.info("client connected", connection=number, address=address, dialect=IRC.name)
        try:
            with self._presence.present(session):
                await session.serve(nursery)
        finally:
            record_end(self._recorder, connection.record, None)
            if connection.record.cut:
                connection.send_queue.cut()
                connection.send_queue.finish(goodbye(CUT_BY_ADMIN.reason))
            name = session.person and session.person.name
            logger.info("client left", connection=number, address=address, name=name)

    async def refuse(self, stream: ReplayStream, reason: str) -> None:
        """Send why the connection is not served, within a second; the caller closes. Cancelling: perhaps not."""
        with trio.move_on_after(LINGER):
            await stream.send_all(goodbye(reason))
            await linger(stream)
