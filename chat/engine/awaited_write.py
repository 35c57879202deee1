"""A write whose caller waits for its outcome."""

from collections.abc import Callable

import trio

from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Outcome
from chat.engine.journal import Journal


class AwaitedWrite:
    """The submitter of one write. `saved` is called with its outcome, even if the caller was cancelled. Sync."""

    def __init__(self, saved: Callable[[Outcome], object] = lambda _outcome: None) -> None:
        self._saved = saved
        self._outcome: Outcome | None = None
        self._ended = trio.Event()

    async def submit(self, journal: Journal, write: Write) -> Outcome:
        """Submit the write and return its outcome. Cancelling: it may still be committed."""
        await journal.submit(write, self)
        return await self.wait()

    async def wait(self) -> Outcome:
        """Wait for the outcome of the write, which was submitted. Cancelling: it may still be committed."""
        await self._ended.wait()  # every write has an outcome within the storage's deadlines
        assert self._outcome is not None
        return self._outcome

    def on_outcome(self, _write: Write, outcome: Outcome) -> None:
        """Take the outcome from the journal. Sync: between commit and fan-out."""
        self._outcome = outcome
        self._saved(outcome)
        self._ended.set()
