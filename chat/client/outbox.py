"""Requests until they are answered: written in the order they were made, and again on each new connection.

All of them may be asked twice: a send has its key, and the others say how something is to be. Where one is refused for
now, nothing is written behind it before all in flight are answered: those that were refused too come first, in order.
No I/O, no clock.
"""

import heapq

import trio

from chat.client.endings import TOKEN_EXPIRED
from chat.client.errors import Lost, Refused
from chat.client.frames import encode
from chat.client.requests import ErrorReply, Reply, Request

_NEW_TOKEN = frozenset({"unauthenticated", "expired"})

_OWN = 4
"""Of the requests that may be unanswered so many are left for those of the connection itself."""


class Ticket:
    """One request, until its answer.

    Attributes:
        request: what is asked.
        done: set once there is `outcome`.
        outcome: the reply, or what is to be raised.
        refused: how often it was refused for now.
    """

    def __init__(self, request: Request, number: int, *, is_own: bool) -> None:
        self.request = request
        self.order = (not is_own, number)
        self.done = trio.Event()
        self.outcome: Reply | Exception | None = None
        self.refused = 0

    def __lt__(self, other: "Ticket") -> bool:
        return self.order < other.order

    @property
    def is_own(self) -> bool:
        """Whether it is the connection's, which comes first and ends with the connection."""
        return not self.order[0]

    def settle(self, outcome: Reply | Exception) -> None:
        """Answer it. Sync."""
        self.outcome = outcome
        self.done.set()


class Outbox:
    """What has been asked and not been answered.

    Attributes:
        is_open: whether the program's requests may be written: not before the rooms are up to date.
        in_flight: how many requests may be unanswered on the connection.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.in_flight = 64
        self._more = trio.Event()
        self._made = 0
        self._unwritten: list[Ticket] = []  # a heap
        self._written: dict[int, Ticket] = {}  # by their numbers on this connection
        self._numbers = 0
        self._withdrawn: set[Ticket] = set()
        self._waits_for_all = (
            False  # since one was refused for now, until none of the program's is unanswered
        )

    def add(self, request: Request, *, is_own: bool = False) -> Ticket:
        """Put a request behind all others of its kind; the connection's own come before the program's. Sync."""
        self._made += 1
        ticket = Ticket(request, self._made, is_own=is_own)
        heapq.heappush(self._unwritten, ticket)
        self._more.set()
        return ticket

    def open(self, *, is_open: bool) -> None:
        """Let the program's requests be written, or not. Sync."""
        self.is_open = is_open
        self._more.set()

    def withdraw(self, ticket: Ticket) -> None:
        """Nobody waits for the answer any more: where it was not written yet, it never will be. Sync."""
        if ticket.outcome is None:
            self._withdrawn.add(ticket)

    def next(self) -> tuple[int, Request] | None:
        """Take the request to write now, and its number; None: there is none, or too many are unanswered. Sync."""
        while self._unwritten:
            ticket = self._unwritten[0]
            if ticket in self._withdrawn:
                self._withdrawn.discard(heapq.heappop(self._unwritten))
                continue
            most = self.in_flight if ticket.is_own else self.in_flight - _OWN
            if len(self._written) >= most or not (ticket.is_own or self._may_write()):
                return None
            heapq.heappop(self._unwritten)
            self._numbers += 1
            self._written[self._numbers] = ticket
            return self._numbers, ticket.request
        return None

    def _may_write(self) -> bool:
        if self._waits_for_all:
            self._waits_for_all = not all(each.is_own for each in self._written.values())
        return self.is_open and not self._waits_for_all

    async def wait(self) -> None:
        """Wait until there may be something to write, where there was nothing. Cancelling: nothing happens."""
        self._more = trio.Event()
        await self._more.wait()

    def answer(self, number: int, reply: Reply) -> Ticket:
        """Settle the request with this number, and return it. Sync.

        It has no outcome if it was refused for now: it is to be written again, at its place, after a while.

        Raises:
            Lost: no request has this number, or the token is not good any more.
        """
        self._more.set()
        ticket = self._written.pop(number, None)
        if ticket is None:
            raise Lost(f"an answer to nothing: {reply}")
        if not isinstance(reply, ErrorReply):
            ticket.settle(reply)
        elif reply.code in _NEW_TOKEN and not ticket.is_own:
            self._written[number] = ticket
            raise Lost(reply.text, code=TOKEN_EXPIRED)
        elif ticket.is_own or not _may_succeed(reply, ticket.refused):
            ticket.settle(Refused(reply))
        else:
            ticket.refused += 1
            self._waits_for_all = True
            heapq.heappush(self._unwritten, ticket)
            return ticket
        self._withdrawn.discard(ticket)
        return ticket

    def refuse_largest(self) -> bool:
        """Refuse the largest request of the program that is unanswered: the server closed over a frame. Sync.

        Returns whether there was one.
        """
        own = [each for each in self._written.items() if not each[1].is_own]
        if not own:
            return False
        number, ticket = max(own, key=lambda each: len(encode(each[1].request, 0)))
        del self._written[number]
        ticket.settle(Refused(ErrorReply(code="too_big", text="the server takes no frame of that size")))
        return True

    def begin_connection(self) -> None:
        """Write again, in order, what was not answered; what the last connection asked for itself is over. Sync."""
        self.is_open = self._waits_for_all = False
        self._numbers = 0
        tickets = [*self._unwritten, *self._written.values()]
        self._written.clear()
        self._unwritten = [each for each in tickets if not each.is_own and each not in self._withdrawn]
        heapq.heapify(self._unwritten)
        self._withdrawn.clear()


def _may_succeed(error: ErrorReply, refused: int) -> bool:
    """Whether a request that was refused may succeed later. Sync and pure."""
    if error.code == "internal":
        return refused == 0
    return Refused(error).is_for_now
