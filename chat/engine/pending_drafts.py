"""What one client gives to the journal, and what becomes of it.

Nobody waits for the commit of a message here: the journal calls back. So a client can pipeline, and cancelling it never
touches a write. What of one client is at the journal at once is bounded: its next message waits for those before it.
"""

import time
from typing import Protocol

from chat.domain.changes import Write
from chat.domain.closing import OUTCOME_UNKNOWN, Closing
from chat.domain.entities import Draft, MessageKind, People, Person
from chat.domain.outcomes import Outcome
from chat.domain.refusals import Code, Refusal
from chat.engine.events import Event, Refused
from chat.engine.hub import Subscriber
from chat.engine.journal import Journal, Submitter
from chat.signals import Signal

_AT_ONCE = 24_576
"""Characters of one client that are at the journal at once: all who speak wait for the commit that they are in, and
all who listen for the fan-out."""

_AROUND = 32
"""Characters that a draft counts for beside its text: to save and to tell it takes as long as so many take more."""


def _size(text: str) -> int:
    return len(text) + _AROUND


class Owner(Protocol):
    """The session whose submissions these are. Sync."""

    def send(self, event: Event) -> None:
        """Send the client an event."""
        ...

    def close(self, closing: Closing) -> None:
        """End the client."""
        ...


class PendingDrafts:
    """Counts the drafts of one client: those submitted, and those that have an outcome, in the same order.

    `origin` is the client as the hub knows it: where its dialect does not echo, it does not hear its own messages.
    """

    __slots__ = (
        "_at_once",
        "_journal",
        "_origin",
        "_owner",
        "_progress",
        "_resolved",
        "_submitted",
    )

    def __init__(self, journal: Journal, origin: Subscriber, owner: Owner) -> None:
        self._journal = journal
        self._origin = origin
        self._owner = owner
        self._submitted = 0  # drafts ever given to the journal
        self._resolved = 0  # how many of them have an outcome
        self._progress: Signal | None = None  # made by the first that waits
        self._at_once = 0  # characters of the drafts without an outcome

    @property
    def pending(self) -> int:
        """How many drafts have no outcome yet."""
        return self._submitted - self._resolved

    async def place_for(self, text: str) -> None:
        """Wait until not too much of this client is at the journal to submit a text. Cancelling changes nothing.

        Whether the client may speak is asked after this, as that may end while it waits.
        """
        while self.pending and self._at_once + _size(text) > _AT_ONCE:
            await self._next_outcome()

    async def submit(
        self,
        room_id: int,
        person: Person,
        text: str,
        *,
        people: People = None,
        key: str | None = None,
        reply: int | None = None,
        file_ids: tuple[int, ...] = (),
        answer: Submitter | None = None,
    ) -> None:
        """Hand a clean text to the journal, behind place_for(). Cancelling: it was not taken.

        `people` are those of the room, `key` is the client's own, `reply` is the seq of what it answers, `file_ids` are
        its files. `answer` is told the outcome, and calls resolved(); without one a client only hears of a refusal.
        """
        size = _size(text)
        draft = Draft(
            room_id,
            person.id,
            person.name,
            text,
            round(time.time(), 6),
            MessageKind.TEXT,
            key,
            people,
            reply,
            file_ids=file_ids,
        )
        self._submitted += 1
        self._at_once += size
        try:
            await self._journal.submit(draft, answer or self, self._origin)
        except BaseException:
            self._submitted -= 1
            self._at_once -= size
            raise

    async def wait(self) -> None:
        """Wait until the drafts submitted so far have an outcome. Cancelling changes nothing."""
        so_far = self._submitted
        while self._resolved < so_far:
            await self._next_outcome()

    async def _next_outcome(self) -> None:
        if self._progress is None:
            self._progress = Signal()
        await self._progress.wait()

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Hear from the journal what became of a draft. Sync: between commit and fan-out."""
        if isinstance(outcome, Refusal):
            self._owner.send(Refused(outcome))
        self.resolved(write, outcome)

    def resolved(self, write: Write, outcome: Outcome) -> None:
        """One draft less is at the journal; an unknown outcome ends the client. Sync."""
        assert isinstance(write, Draft)  # nothing else is submitted here
        self._resolved += 1
        self._at_once -= _size(write.text)
        if self._progress is not None:
            self._progress.notify()
        if isinstance(outcome, Refusal) and outcome.code is Code.OUTCOME_UNKNOWN:
            self._owner.close(OUTCOME_UNKNOWN)
