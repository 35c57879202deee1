"""The drafts of one client at the journal, until each has an outcome.

The journal calls back with outcomes: so a client can pipeline messages, and cancelling it never touches a write. The
drafts of one client at the journal are bounded: its next message waits for those before it.
"""

from typing import Protocol

from chat.domain.closing import OUTCOME_UNKNOWN, Closing
from chat.domain.entities import Draft, MessageKind, People, Person
from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Outcome
from chat.domain.refusals import Code, Refusal
from chat.domain.timestamps import current_time
from chat.engine.events import Event, Refused
from chat.engine.hub import Subscriber
from chat.engine.journal import Journal, Submitter
from chat.signals import Signal

_AT_ONCE = 24_576
"""Characters of one client at the journal at once: all writers wait for the same commit, and all readers for the same
fan-out."""

_AROUND = 32
"""Characters that a draft counts beside its text: committing and publishing it costs as much as so many characters."""


class Owner(Protocol):
    """The session whose drafts these are. Sync."""

    def send(self, event: Event) -> None:
        """Send the client an event."""
        ...

    def close(self, closing: Closing) -> None:
        """End the client."""
        ...


class PendingDrafts:
    """Counts the drafts of one client: submitted, and settled in the same order.

    `origin` is the client as the hub's subscriber: if its dialect does not echo, its own messages skip it.
    """

    __slots__ = ("_at_once", "_journal", "_origin", "_owner", "_progress", "_resolved", "_submitted")

    def __init__(self, journal: Journal, origin: Subscriber, owner: Owner) -> None:
        self._journal = journal
        self._origin = origin
        self._owner = owner
        self._submitted = 0  # drafts submitted to the journal so far
        self._resolved = 0  # how many of them have an outcome
        self._progress: Signal | None = None  # made by the first that waits
        self._at_once = 0  # characters of the drafts without an outcome

    @property
    def pending(self) -> int:
        """The number of drafts without an outcome."""
        return self._submitted - self._resolved

    async def place_for(self, text: str) -> None:
        """Wait until the client may submit a text of this size. Cancelling changes nothing.

        Check the client's right to send after this: it may end during the wait.
        """
        while self.pending and self._at_once + len(text) + _AROUND > _AT_ONCE:
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
        """Submit a clean text to the journal, after place_for(). Cancelling: it was not taken.

        Args:
            room_id: the room.
            person: the sender.
            text: the text.
            people: the people of a direct or support room.
            key: the client's own key, which makes a repeated send harmless.
            reply: the seq of the message that it answers.
            file_ids: its files.
            answer: takes the outcome, and calls resolved(); without one the client is sent refusals alone.
        """
        size = len(text) + _AROUND
        draft = Draft(
            room_id,
            person.id,
            person.name,
            text,
            current_time(),
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
        """Wait until all drafts submitted so far are settled. Cancelling changes nothing."""
        so_far = self._submitted
        while self._resolved < so_far:
            await self._next_outcome()

    async def _next_outcome(self) -> None:
        if self._progress is None:
            self._progress = Signal()
        await self._progress.wait()

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Take a draft's outcome from the journal. Sync: between commit and fan-out."""
        if isinstance(outcome, Refusal):
            self._owner.send(Refused(outcome))
        self.resolved(write, outcome)

    def resolved(self, write: Write, outcome: Outcome) -> None:
        """Count a draft as settled; an unknown outcome ends the client. Sync."""
        assert type(write) is Draft  # nothing else is submitted here
        self._resolved += 1
        self._at_once -= len(write.text) + _AROUND
        if self._progress is not None:
            self._progress.notify()
        if isinstance(outcome, Refusal) and outcome.code is Code.OUTCOME_UNKNOWN:
            self._owner.close(OUTCOME_UNKNOWN)
