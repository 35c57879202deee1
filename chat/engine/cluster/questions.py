"""Questions to the other servers: each is asked until every server that may publish has answered.

A silent server is waited for until its lease ends. The bus may lose or double questions and answers: so a question is
asked again, and a server that has answered it gives the same answer.

A database that crashes forgets all leases. Until every fence has closed, servers that had a lease before are waited for
too: the fence of a silent one may still be open. If the database also lost commits, a server without a lease may have
published other changes under the same ids: so it is asked again after it has a lease.
"""

import itertools
import math
from collections.abc import Awaitable, Callable, Collection

import structlog
import trio

from chat.bus.bus import Bus
from chat.bus.payloads import Answer, HasPublished, HasRecorded, Question, Relayed, encode
from chat.domain.entities import Message
from chat.domain.failures import StorageDown
from chat.domain.lru_cache import LRUCache
from chat.domain.nodes import FENCE, Node
from chat.domain.ports import Nodes
from chat.signals import Signal

Asked = HasPublished | HasRecorded | Relayed

_AGAIN = 0.25
"""Seconds until a question is asked again, and the leases are read again."""

_MOST_ANSWERS = 10_000
"""Answers that are remembered, in case a question comes twice."""

_MOST_UNDER_WAY = 4096
"""Questions that are being answered; those beyond are dropped, and asked again."""

logger = structlog.get_logger(__name__)


class Questions:
    """Asks the other servers, and answers them.

    Args:
        number: this server's own.
        answer: answers a question, in its own time. StorageDown: there is no answer.
        deliver: delivers a relayed message at once, so that messages keep their order. Sync.
    """

    def __init__(
        self,
        number: int,
        bus: Bus,
        nodes: Nodes,
        answer: Callable[[HasPublished | HasRecorded], Awaitable[bool]],
        deliver: Callable[[Message], bool],
    ) -> None:
        self._number = number
        self._bus = bus
        self._nodes = nodes
        self._answer = answer
        self._deliver = deliver
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}  # by the number of the question
        # By node, and number of the question.
        self._answers = LRUCache[tuple[int, int], Answer](_MOST_ANSWERS)
        self._under_way: set[tuple[int, int]] = set()  # questions that are being answered, by the same
        self._known: set[int] = set()  # servers that had a lease at the last read, or sent something since
        self._unsure_until = -math.inf  # until then (Trio's clock) the database may have forgotten leases

    def meet(self, node: int) -> None:
        """Remember that there is such a server. Sync."""
        self._known.add(node)

    def lease_forgotten(self) -> None:
        """Remember that the database has forgotten this server's lease: it may have forgotten others too. Sync."""
        self._unsure_until = trio.current_time() + FENCE

    async def ask(
        self, asks: Asked, to: int | None = None, is_answered: Callable[[Node], bool] = lambda _node: False
    ) -> bool:
        """Return whether any other server with a lease said yes, once all have answered.

        Args:
            asks: the question.
            to: the one server to ask; None: all.
            is_answered: whether a server need not answer, because of what the database knows of it.

        Raises StorageDown. Cancelling: some may be asked, or not.
        """
        while (answers := await self._ask(asks, to, is_answered)) is None:  # noqa: ASYNC110 - a table has no event
            await trio.sleep(_AGAIN)
        return any(answers)

    async def _ask(
        self, asks: Asked, to: int | None, is_answered: Callable[[Node], bool]
    ) -> Collection[bool] | None:
        """Return the answers; None: a server may have published another log, and all are asked again."""
        question = Question(self._number, next(self._numbers), to, asks)
        waiting = self._waiting[question.number] = _Waiting(asks)
        try:
            while True:
                # Asked before the leases are read: the answers may arrive meanwhile.
                self._bus.publish(encode(question))
                others, forgotten = await self._others(is_answered)
                if forgotten and isinstance(asks, HasPublished):
                    return None
                missing = (others if to is None else others & {to}) - waiting.answers.keys()
                if missing:
                    with trio.move_on_after(_AGAIN):
                        await waiting.until_answered(missing)
                        missing = set()
                if not missing:
                    return waiting.answers.values()
        finally:
            del self._waiting[question.number]

    async def _others(self, is_answered: Callable[[Node], bool]) -> tuple[set[int], set[int]]:
        """Return the other servers that have to answer, and those whose lease the database has forgotten.

        If the database has lost commits, the latter may have published other changes under the same ids. Raises
        StorageDown.
        """
        live = {node.number: node for node in await self._nodes.live()}
        if self._number not in live:
            self.lease_forgotten()
        may_publish = set(live)
        if trio.current_time() < self._unsure_until:
            may_publish |= self._known
        self._known = may_publish  # any other server has no lease, and publishes nothing
        answered = {number for number, node in live.items() if is_answered(node)}
        others = may_publish - {self._number}
        return others - answered, others - live.keys()

    def take_answer(self, answer: Answer) -> None:
        """Take an answer from the bus; one to another server is skipped. Sync."""
        if answer.to == self._number and answer.number in self._waiting:
            self._waiting[answer.number].take(answer)

    def take_unsealed_answer(self, answer: Answer) -> None:
        """Take an answer that anybody may have sent: it counts only for a relayed message. Sync."""
        waiting = self._waiting.get(answer.number)
        if waiting is not None and isinstance(waiting.asks, Relayed):
            self.take_answer(answer)

    def take_question(self, question: Question, nursery: trio.Nursery) -> None:
        """Take a question from the bus, and answer it in `nursery` if it is for this server. Sync."""
        key = question.node, question.number
        if question.node == self._number or question.to not in (None, self._number) or key in self._under_way:
            return
        if known := self._answers.get(key):
            self._bus.publish(encode(known))
            return
        if isinstance(question.asks, Relayed):
            self._reply(question, self._deliver(question.asks.message))
        elif len(self._under_way) < _MOST_UNDER_WAY:
            self._under_way.add(key)
            nursery.start_soon(self._answer_later, question, question.asks)

    async def _answer_later(self, question: Question, asks: HasPublished | HasRecorded) -> None:
        try:
            yes = await self._answer(asks)
        except StorageDown as error:
            logger.warning(
                "question of another server not answered: it waits, and asks again",
                node=question.node,
                error=str(error),
            )
            return
        finally:
            self._under_way.remove((question.node, question.number))
        self._reply(question, yes)

    def _reply(self, question: Question, yes: bool) -> None:
        answer = Answer(self._number, question.number, question.node, yes)
        self._answers[question.node, question.number] = answer
        self._bus.publish(encode(answer))


class _Waiting:
    """The answers to one question so far."""

    def __init__(self, asks: Asked) -> None:
        self.asks = asks
        self.answers: dict[int, bool] = {}
        self._answered = Signal()

    def take(self, answer: Answer) -> None:
        self.answers[answer.node] = answer.answer
        self._answered.notify()

    async def until_answered(self, nodes: set[int]) -> None:
        await self._answered.wait_until(lambda: nodes <= self.answers.keys())
