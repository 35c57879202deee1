"""Handles payloads without a valid seal: anybody with access to the bus may have sent them.

Such a payload may cause an early look at the database, and proves nothing. Servers of release 0.1 seal nothing: while
the database knows one with a lease, its questions are answered, and it may relay messages of its guests. Guests are
strangers anyway: an attacker who forges their messages could as well connect as a guest.
"""

import math
from collections.abc import Callable

import structlog
import trio

from chat.bus.payloads import Announced, Answer, Beat, Noticed, Payload, Question, Relayed, Spent
from chat.domain.failures import StorageError
from chat.domain.nodes import LEASE
from chat.domain.ports import Nodes
from chat.domain.rooms.direct import server_of_guest
from chat.engine.cluster.questions import Questions
from chat.engine.log_follower import LogFollower

_LOOK = 1.0
"""Seconds between two reads of the list of servers."""

_LOG = 60.0
"""Seconds between two log lines."""

logger = structlog.get_logger(__name__)


def seals_nothing(version: str) -> bool:
    """Whether a server of this version sends payloads without a seal."""
    return version.startswith("0.1.")


class Unsealed:
    """Handles unsealed payloads. `dropped` is called with the reason of each that is dropped."""

    def __init__(
        self, nodes: Nodes, questions: Questions, follower: LogFollower, dropped: Callable[[str], object]
    ) -> None:
        self._nodes = nodes
        self._questions = questions
        self._follower = follower
        self._dropped = dropped
        self._older: frozenset[int] = frozenset()  # servers with a lease that seal nothing
        self._read_at = -math.inf  # when the list of servers was read
        self._is_reading = False
        self._count = 0  # dropped since the last log line
        self._logged_at = -math.inf

    def take(self, payload: Payload, nursery: trio.Nursery) -> None:
        """Do what a payload without a seal may cause, or drop it; `nursery` runs queries and answers. Sync."""
        now = trio.current_time()
        if now >= self._read_at + _LOOK and not self._is_reading:
            self._is_reading = True
            nursery.start_soon(self._read_servers)
        older = self._older if now < self._read_at + LEASE else frozenset[int]()
        match payload:
            case Announced(newest_id, _) | Beat(_, newest_id):
                if newest_id > self._follower.newest_id:
                    self._follower.reaches(self._follower.newest_id + 1)
                is_expected = bool(older)
            case Question(node, asks=asks):
                is_expected = node in older
                if isinstance(asks, Relayed):
                    is_expected = is_expected and server_of_guest(asks.message.sender_id) == node
                if is_expected:
                    self._questions.take_question(payload, nursery)
            case Answer(node):
                is_expected = node in older
                if is_expected:
                    self._questions.take_unsealed_answer(payload)
            case Spent(node) | Noticed(node):
                is_expected = node in older
        if not is_expected:
            self._drop(now)

    async def _read_servers(self) -> None:
        """Read the list of servers: those of release 0.1 are known from there alone."""
        try:
            live = await self._nodes.live()
            self._older = frozenset(node.number for node in live if seals_nothing(node.version))
            for node in live:
                self._questions.meet(node.number)
        except StorageError as error:
            logger.debug("list of servers not read", error=str(error))
        finally:
            self._read_at = trio.current_time()
            self._is_reading = False

    def _drop(self, now: float) -> None:
        self._dropped("unauthenticated")
        self._count += 1
        if now >= self._logged_at + _LOG:
            logger.warning(
                "payloads on the bus dropped: no server of this chat sealed them (forged, repeated or late), or a"
                " server's secret or clock differs; compare both on all servers",
                dropped=self._count,
            )
            self._count, self._logged_at = 0, now
