"""Questions to the other servers: each is asked until everybody has answered who could still tell somebody something.

A server that is silent is waited for until its lease ends. A bus may lose what is asked and answered, and double it:
so a question is asked again, and whoever answered it before gives the same answer.

A database that crashes forgets all leases. Until every fence has closed, whoever had one before is waited for too:
the fence of a server that is silent may still be open. And where it was set back as it crashed, what a server without a
lease has told under an id may be something else than what is there now: so it is asked anew once it has looked.
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
"""Seconds until a question is asked again, and looked who has a lease still."""

_MOST_ANSWERS = 10_000
"""Answers that are remembered: far more than are asked for twice."""

_MOST_THINKING = 4096
"""Questions that are being answered; those beyond are dropped, and asked again."""

logger = structlog.get_logger(__name__)


class Questions:
    """Asks, and answers with what `answer` returns; an answer may take its time, and raise StorageDown for none.

    `tell` tells what is relayed, at once, so that it is told in the order in which it comes. Sync.
    `number` is this server's own. Raises StorageDown where nobody can tell which servers there are.
    """

    def __init__(
        self,
        number: int,
        bus: Bus,
        nodes: Nodes,
        answer: Callable[[HasPublished | HasRecorded], Awaitable[bool]],
        tell: Callable[[Message], bool],
    ) -> None:
        self._number = number
        self._bus = bus
        self._nodes = nodes
        self._answer = answer
        self._tell = tell
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}  # by the number of the question
        self._answers = LRUCache[tuple[int, int], Answer](_MOST_ANSWERS)  # by who asked, and their number
        self._thinking: set[tuple[int, int]] = set()  # questions that are being answered
        self._met: set[int] = set()  # had a lease when last seen, or were heard since
        self._unsure_until = -math.inf  # until then (Trio's clock) the database may not know all leases

    def meet(self, node: int) -> None:
        """Take note that there is such a server. Sync."""
        self._met.add(node)

    def forgotten(self) -> None:
        """Take note that the database has lost this server's lease, so that it may have lost others too. Sync."""
        self._unsure_until = trio.current_time() + FENCE

    async def ask(
        self, asks: Asked, to: int | None = None, is_answered: Callable[[Node], bool] = lambda _node: False
    ) -> bool:
        """Return whether any other server with a lease said yes, once all have answered, or the one it is `to`.

        `is_answered` says which servers need not answer, by what they have told the database. Raises StorageDown.
        Cancelling: some may be asked, or not.
        """
        while (answers := await self._ask(asks, to, is_answered)) is None:  # noqa: ASYNC110 - a table has no event
            await trio.sleep(_AGAIN)
        return any(answers)

    async def _ask(
        self, asks: Asked, to: int | None, is_answered: Callable[[Node], bool]
    ) -> Collection[bool] | None:
        """Return what was answered; None: somebody may have told another log, and is asked anew when that is known."""
        question = Question(self._number, next(self._numbers), to, asks)
        waiting = self._waiting[question.number] = _Waiting(asks)
        try:
            while True:
                # Before it is known who has to answer: by then they may have.
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
        """Return the other servers that have to answer, and those of whose lease the database does not know.

        Where it was set back, those may have told something else under the same ids. Raises StorageDown.
        """
        live = {node.number: node for node in await self._nodes.live()}
        if self._number not in live:
            self.forgotten()
        could_tell = set(live)
        if trio.current_time() < self._unsure_until:
            could_tell |= self._met
        self._met = could_tell  # whoever is not among them can tell nothing any more
        answered = {number for number, node in live.items() if is_answered(node)}
        others = could_tell - {self._number}
        return others - answered, others - live.keys()

    def answered(self, answer: Answer) -> None:
        """Take an answer from the bus, whoever it is for. Sync."""
        if answer.to == self._number and answer.number in self._waiting:
            self._waiting[answer.number].take(answer)

    def answered_unsealed(self, answer: Answer) -> None:
        """Take an answer that anybody may have sent: only whether somebody there hears what is saved nowhere. Sync."""
        waiting = self._waiting.get(answer.number)
        if waiting is not None and isinstance(waiting.asks, Relayed):
            self.answered(answer)

    def asked(self, question: Question, nursery: trio.Nursery) -> None:
        """Take a question from the bus, whoever it is for, and answer it in `nursery`. Sync."""
        key = question.node, question.number
        if question.node == self._number or question.to not in (None, self._number) or key in self._thinking:
            return
        if known := self._answers.get(key):
            self._bus.publish(encode(known))
            return
        if isinstance(question.asks, Relayed):
            self._reply(question, self._tell(question.asks.message))
        elif len(self._thinking) < _MOST_THINKING:
            self._thinking.add(key)
            nursery.start_soon(self._think, question, question.asks)

    async def _think(self, question: Question, asks: HasPublished | HasRecorded) -> None:
        try:
            yes = await self._answer(asks)
        except StorageDown as error:
            logger.warning("a question of another server has no answer", node=question.node, error=str(error))
            return
        finally:
            self._thinking.remove((question.node, question.number))
        self._reply(question, yes)

    def _reply(self, question: Question, yes: bool) -> None:
        answer = Answer(self._number, question.number, question.node, yes)
        self._answers[question.node, question.number] = answer
        self._bus.publish(encode(answer))


class _Waiting:
    """Who answered a question so far, and what."""

    def __init__(self, asks: Asked) -> None:
        self.asks = asks
        self.answers: dict[int, bool] = {}
        self._answered = Signal()

    def take(self, answer: Answer) -> None:
        self.answers[answer.node] = answer.answer
        self._answered.notify()

    async def until_answered(self, nodes: set[int]) -> None:
        await self._answered.wait_until(lambda: nodes <= self.answers.keys())
