"""How many drafts of one client are at the journal, and waiting for what becomes of them."""

import trio


class Submissions:
    """Counts the drafts of one client: those submitted, and those that have an outcome, in the same order."""

    __slots__ = ("_progress", "_resolved", "_submitted")

    def __init__(self) -> None:
        self._submitted = 0  # drafts ever given to the journal
        self._resolved = 0  # how many of them have an outcome
        self._progress: trio.Event | None = None  # made by who waits, set by resolved()

    @property
    def pending(self) -> int:
        """How many drafts have no outcome yet."""
        return self._submitted - self._resolved

    def submitted(self) -> None:
        """One more is being given to the journal. Sync."""
        self._submitted += 1

    def withdrawn(self) -> None:
        """The one that was given last was not taken, and has no outcome. Sync."""
        self._submitted -= 1

    def resolved(self) -> None:
        """The oldest of them has an outcome. Sync."""
        self._resolved += 1
        if self._progress is not None:
            self._progress.set()
            self._progress = None

    async def wait(self) -> None:
        """Wait until the drafts submitted so far have an outcome. Cancelling changes nothing."""
        so_far = self._submitted
        while self._resolved < so_far:
            if self._progress is None:
                self._progress = trio.Event()
            await self._progress.wait()
