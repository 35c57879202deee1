"""The task that removes what has expired, in small steps that yield to everybody else.

It looks every ten minutes. One server at a time removes; after a crash it or another one goes on at the last step.
"""

import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.messages.changes import Write
from chat.domain.refusals import Refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.retention.changes import Expiry, Trim
from chat.features.retention.conversation_remover import ConversationRemover
from chat.features.retention.ports import RETENTION, TooOld
from chat.features.retention.row_remover import RowRemover
from chat.features.retention.rules import GRACE, Kind, Rules, rules_of
from chat.paced_steps import PacedSteps

_MOST = 200
"""Messages removed in one step at most: some milliseconds."""

_ROOMS = 100
"""Rooms that are looked up at once."""

_CLAIM = 10.0
"""Seconds for which other servers leave the removal to this one, from each step on."""

_LOOK = 600.0
"""Seconds between two checks for messages that have expired since."""

logger = structlog.get_logger(__name__)


class Remover:
    """Removes what has expired. `grace`: seconds for which a changed rule removes nothing."""

    def __init__(self, services: EngineServices, *, grace: float = GRACE) -> None:
        self._services = services
        self._retention = services.feature_ports[RETENTION]
        self._grace = grace
        self._steps = PacedSteps(_MOST)
        self._number = secrets.randbits(62)
        self._conversations = ConversationRemover(services, self._number, self._claim)
        self._rows = RowRemover(services, self._number, self._claim)

    async def run(self) -> None:
        """Remove messages as they expire, until cancelled. Cancelling: a step is done whole, or repeated."""
        failed = False
        while True:
            wait = _CLAIM
            try:
                await self.read_shortest_rule()
                wait = _CLAIM if await self.remove_all() is None else _LOOK
                failed = False
            except StorageError as error:
                if not failed:
                    logger.warning("expired messages not removed yet: trying again later", error=str(error))
                failed = True
            await trio.sleep(wait)

    async def read_shortest_rule(self) -> None:
        """Read for how long the keys of messages are known in any room. Raises StorageDown.

        A changed rule removes nothing for an hour, so clients learn of it in time. Cancelling: nothing has changed.
        """
        self._services.settings.shortest_room_days = await self._retention.shortest_room_days()

    async def remove_all(self) -> dict[str, int] | None:
        """Remove all that has expired, and return how many of each kind; None: another server does, or has crashed.

        Raises StorageError. Cancelling: a step is done whole, or not begun.
        """
        if not await self._claim():
            return None
        counts = {str(kind): 0 for kind in Kind}
        rules, after_id = self._rules(), 0
        while rooms := await self._retention.too_old(rules, after_id, _ROOMS):
            await self._retention.count({}, len(rooms))
            for room in rooms:
                counts[Kind.MESSAGES] += await self._shorten(room, rules)
            after_id = rooms[-1].room_id
        counts[Kind.IDLE] = await self._conversations.close_idle(rules)
        counts[Kind.VISITORS] = await self._conversations.remove_old(rules)
        counts |= await self._rows.remove_all(rules)
        await self._retention.count(counts, 0)
        await self._retention.claim(self._number, 0.0)
        if any(counts.values()):
            logger.info("removed what has expired", **counts)
        return counts

    async def _claim(self) -> bool:
        return await self._retention.claim(self._number, _CLAIM)

    def _rules(self) -> Rules:
        return rules_of(self._services.settings.effective(), time.time(), self._grace)

    async def _shorten(self, room: TooOld, rules: Rules) -> int:
        """Remove the expired messages of a room, and publish one change for all of them."""
        count, is_first = 0, True
        while True:
            started = trio.current_time()
            removed = await self._retention.remove_messages(
                self._number, room, self._steps.size, is_first=is_first
            )
            count, is_first = count + removed, False
            await self._steps.rest(trio.current_time() - started)
            if not removed or not await self._claim():
                break
        for now in await self._retention.too_old(rules, room.room_id - 1, 1):
            if now.room_id == room.room_id:
                count += await self._finish(now)
        return count

    async def _finish(self, room: TooOld) -> int:
        """Delete the newest message if it has expired too, and publish up to where messages are removed."""
        is_deleted = False
        where: dict[str, Any] = {
            "room_id": room.room_id,
            "actor_id": room.sender_id,
            "created_at": current_time(),
            "people": room.people,
        }
        if room.last is not None:
            is_deleted = await self._write(Expiry(**where, seq=room.last))
        if room.is_unannounced:
            await self._write(Trim(**where))
        return int(is_deleted)

    async def _write(self, write: Write) -> bool:
        """Whether it is committed; else the next look repeats it."""
        return not isinstance(await self._services.writes.write(write), Refusal)


@asynccontextmanager
async def open_remover(services: EngineServices) -> AsyncGenerator[None]:
    """Remove messages as they expire, during the block. Cancelling: a step is done whole, or repeated."""
    remover = Remover(services)
    with suppress(StorageError):  # it is read again soon
        await remover.read_shortest_rule()  # clients that come now get it
    async with trio.open_nursery() as nursery:
        nursery.start_soon(remover.run)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
