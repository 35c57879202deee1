"""Requests until they are answered: sent in the order of the calls, and again on each new connection.

Repeating a request is harmless: a send has its key, and the others describe a state. After a temporary refusal no
further request of the program is sent until all sent ones are answered. Then the refused ones go first, which keeps the
order. No I/O, no clock.
"""

import heapq

import trio

from chat.client.endings import TOKEN_EXPIRED
from chat.client.errors import ConnectionFailed, Refused
from chat.client.frames import encode
from chat.client.structs import Request
from chat.client.wire import Delete, Edit, ErrorReply, MarkRead, React, Reply, Send
from chat.signals import Signal

_TOKEN_REFUSED = frozenset({"unauthenticated", "expired"})

_RESERVED = 4
"""How many of the requests in flight are reserved for those of the connection itself."""


class PendingRequest:
    """A request without an outcome yet.

    Attributes:
        request: what is sent.
        done: set once `outcome` is.
        outcome: the reply, or the exception to raise.
        refusals: how often the server has refused it temporarily.
        unanswered_since: when the first connection ended that it was sent on without an answer, in Unix seconds.
    """

    def __init__(self, request: Request, number: int, *, is_internal: bool) -> None:
        self.request = request
        self.order = (not is_internal, number)
        self.done = trio.Event()
        self.outcome: Reply | Exception | None = None
        self.refusals = 0
        self.unanswered_since: float | None = None

    def __lt__(self, other: "PendingRequest") -> bool:
        return self.order < other.order

    @property
    def is_internal(self) -> bool:
        """Whether the connection made it and not the program: it goes first, and ends with the connection."""
        return not self.order[0]

    def settle(self, outcome: Reply | Exception) -> None:
        """Set the outcome. Sync."""
        self.outcome = outcome
        self.done.set()


class Outbox:
    """The requests without an outcome.

    Attributes:
        is_open: whether requests of the program may be sent: not before the rooms are up to date.
        max_in_flight: how many requests may be unanswered on one connection.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.max_in_flight = 64
        self._sendable = Signal()
        self._added = 0
        self._unsent: list[PendingRequest] = []  # a heap
        self._sent: dict[int, PendingRequest] = {}  # by their numbers on this connection
        self._last_number = 0
        self._withdrawn: set[PendingRequest] = set()
        # After a temporary refusal, until no request of the program is in flight.
        self._is_draining = False

    def add(self, request: Request, *, is_internal: bool = False) -> PendingRequest:
        """Queue a request behind those of its kind; those of the connection go before those of the program. Sync."""
        self._added += 1
        pending = PendingRequest(request, self._added, is_internal=is_internal)
        heapq.heappush(self._unsent, pending)
        self._sendable.notify()
        return pending

    def set_open(self, *, is_open: bool) -> None:
        """Allow or forbid sending requests of the program. Sync."""
        self.is_open = is_open
        self._sendable.notify()

    def withdraw(self, pending: PendingRequest) -> None:
        """The caller no longer waits: do not send the request if it is unsent. Sync."""
        if pending.outcome is None:
            self._withdrawn.add(pending)

    def next(self) -> tuple[int, Request] | None:
        """Take the next request to send, with its number; None if no request may be sent now. Sync."""
        while self._unsent:
            pending = self._unsent[0]
            if pending in self._withdrawn:
                self._withdrawn.discard(heapq.heappop(self._unsent))
                continue
            limit = self.max_in_flight if pending.is_internal else self.max_in_flight - _RESERVED
            if len(self._sent) >= limit or not (pending.is_internal or self._may_send()):
                return None
            heapq.heappop(self._unsent)
            self._last_number += 1
            self._sent[self._last_number] = pending
            return self._last_number, pending.request
        return None

    def _may_send(self) -> bool:
        if self._is_draining:
            self._is_draining = not all(each.is_internal for each in self._sent.values())
        return self.is_open and not self._is_draining

    async def wait(self) -> None:
        """Wait until `next` may have a request again. Cancelling: nothing happens."""
        await self._sendable.wait()

    def settle(self, number: int, reply: Reply) -> PendingRequest:
        """Settle the request with this number, and return it. Sync.

        After a temporary refusal it has no outcome: it is queued again at its place.

        Raises:
            ConnectionFailed: no request has this number, or the server no longer accepts the token.
        """
        self._sendable.notify()
        pending = self._sent.pop(number, None)
        if pending is None:
            raise ConnectionFailed(f"a reply to no request: {reply}")
        if not isinstance(reply, ErrorReply):
            pending.settle(reply)
        elif reply.code in _TOKEN_REFUSED and not pending.is_internal:
            self._sent[number] = pending
            raise ConnectionFailed(reply.text, code=TOKEN_EXPIRED)
        elif pending.is_internal or not _may_succeed(reply, pending.refusals):
            pending.settle(Refused(reply))
        else:
            pending.refusals += 1
            self._is_draining = True
            heapq.heappush(self._unsent, pending)
            return pending
        self._withdrawn.discard(pending)
        return pending

    def refuse_largest(self) -> bool:
        """Refuse the largest request in flight: the server closed because a frame was too big. Sync.

        Returns:
            Whether a request of the program was in flight.
        """
        of_program = [each for each in self._sent.items() if not each[1].is_internal]
        if not of_program:
            return False
        number, pending = max(of_program, key=lambda each: len(encode(each[1].request, 0)))
        del self._sent[number]
        pending.settle(Refused(ErrorReply(code="too_big", text="the server takes no frame of that size")))
        return True

    def refuse_lost(self, room: int, after: int) -> None:
        """Refuse requests about messages of a room after this `seq`: a restored backup has others there. Sync."""
        for pending in tuple(self._unsent):
            if not pending.is_internal and _is_about_later(pending.request, room, after):
                self._unsent.remove(pending)  # nothing of the program is sent before the rooms are up to date
                self._withdrawn.discard(pending)
                pending.settle(Refused(_LOST))
        heapq.heapify(self._unsent)

    def note_unanswered(self, now: float) -> None:
        """The connection has ended at this time: messages sent on it may be committed, or not. Sync."""
        for pending in self._sent.values():
            if pending.unanswered_since is None:
                pending.unanswered_since = now

    def refuse_forgotten(self, before: float) -> None:
        """Refuse messages that may be committed since before then: the server has forgotten their keys. Sync."""
        for pending in tuple(self._unsent):
            since = pending.unanswered_since
            if since is not None and since < before and isinstance(pending.request, Send):
                self._unsent.remove(pending)  # nothing of the program is sent before the rooms are up to date
                self._withdrawn.discard(pending)
                pending.settle(Refused(_FORGOTTEN))
        heapq.heapify(self._unsent)

    def begin_connection(self) -> None:
        """Queue unanswered requests of the program again, in order; drop those of the last connection. Sync."""
        self.is_open = self._is_draining = False
        self._last_number = 0
        all_pending = [*self._unsent, *self._sent.values()]
        self._sent.clear()
        self._unsent = [each for each in all_pending if not each.is_internal and each not in self._withdrawn]
        heapq.heapify(self._unsent)
        self._withdrawn.clear()


_FORGOTTEN = ErrorReply(
    code="conflict",
    text="the message may be committed already, for so long ago that the server has forgotten its key",
    reason="key_forgotten",
)
_LOST = ErrorReply(
    code="not_found", text="the server was restored from a backup, which does not have this message"
)


def _is_about_later(request: Request, room: int, after: int) -> bool:
    """Whether the request names a message of the room after this `seq`. Sync and pure."""
    match request:
        case Send():
            return request.room == room and request.reply is not None and request.reply > after
        case Edit() | Delete() | React() | MarkRead():
            return request.room == room and request.seq > after
    return False


def _may_succeed(error: ErrorReply, refusals: int) -> bool:
    """Whether the refused request may succeed later. Sync and pure."""
    if error.code == "internal":
        return refusals == 0
    return Refused(error).is_temporary
