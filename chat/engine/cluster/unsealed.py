"""What becomes of payloads without a good seal: anybody who may use the bus can have put them there.

They may hurry a look at the database, and assert nothing. Servers of release 0.1 seal nothing: while the database knows
one with a lease, its questions are answered, and it may relay what its guests say. Guests are strangers: whoever can
forge that could connect and say it.
"""

import math
from collections.abc import Callable

import structlog
import trio

from chat.bus.payloads import Announced, Answer, Beat, Noticed, Payload, Question, Relayed, Spent
from chat.domain.direct import server_of_guest
from chat.domain.failures import StorageError
from chat.domain.nodes import LEASE
from chat.domain.ports import Nodes
from chat.engine.cluster.questions import Questions
from chat.engine.log_follower import LogFollower

_LOOK = 1.0
"""Seconds between two looks which servers there are."""

_LOG = 60.0
"""Seconds between two lines in the log."""

logger = structlog.get_logger(__name__)


def seals_nothing(version: str) -> bool:
    """Whether a server of this version sends payloads without a seal."""
    return version.startswith("0.1.")


class Unsealed:
    """Takes them. `dropped` is told of each that is dropped, and why."""

    def __init__(
        self, nodes: Nodes, questions: Questions, follower: LogFollower, dropped: Callable[[str], object]
    ) -> None:
        self._nodes = nodes
        self._questions = questions
        self._follower = follower
        self._dropped = dropped
        self._older: frozenset[int] = frozenset()  # servers with a lease that seal nothing
        self._looked_at = -math.inf  # when that was read
        self._is_looking = False
        self._count = 0  # dropped since the last line in the log
        self._logged_at = -math.inf

    def take(self, said: Payload, nursery: trio.Nursery) -> None:
        """Do what it may have done, and drop it otherwise; `nursery` is for what takes time. Sync."""
        now = trio.current_time()
        if now >= self._looked_at + _LOOK and not self._is_looking:
            self._is_looking = True
            nursery.start_soon(self._look)
        older = self._older if now < self._looked_at + LEASE else frozenset[int]()
        match said:
            case Announced(newest_id, _) | Beat(_, newest_id):
                if newest_id > self._follower.newest_id:
                    self._follower.reaches(self._follower.newest_id + 1)
                is_expected = bool(older)
            case Question(node, asks=asks):
                is_expected = node in older
                if isinstance(asks, Relayed):
                    is_expected = is_expected and server_of_guest(asks.message.sender_id) == node
                if is_expected:
                    self._questions.asked(said, nursery)
            case Answer(node):
                is_expected = node in older
                if is_expected:
                    self._questions.answered_unsealed(said)
            case Spent(node) | Noticed(node):
                is_expected = node in older
        if not is_expected:
            self._drop(now)

    async def _look(self) -> None:
        """Read which servers there are: those of the release before can't be met otherwise."""
        try:
            live = await self._nodes.live()
            self._older = frozenset(node.number for node in live if seals_nothing(node.version))
            for node in live:
                self._questions.meet(node.number)
        except StorageError as error:
            logger.debug("it is not known which servers there are", error=str(error))
        finally:
            self._looked_at = trio.current_time()
            self._is_looking = False

    def _drop(self, now: float) -> None:
        self._dropped("unauthenticated")
        self._count += 1
        if now >= self._logged_at + _LOG:
            logger.warning(
                "dropped payloads on the bus that no server of this chat sealed: forged, repeated, late, or sealed with"
                " another secret or by a clock that differs by minutes",
                dropped=self._count,
            )
            self._count, self._logged_at = 0, now
