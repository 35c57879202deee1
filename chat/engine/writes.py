"""Writes of those who ask one thing at a time, and are answered once it is committed and told here."""

import trio

from chat.domain.changes import Change, Write
from chat.domain.outcomes import Outcome
from chat.engine.broadcaster import Broadcaster
from chat.engine.journal import Journal
from chat.engine.submission import Submission

_TOLD = 1.0
"""Seconds for which an answer waits until what it tells is in this server's histories too; it is committed by then."""


class Writes:
    """Hands writes to the journal and waits for them."""

    def __init__(self, journal: Journal, broadcaster: Broadcaster) -> None:
        self._journal = journal
        self._broadcaster = broadcaster

    async def write(self, write: Write) -> Outcome:
        """Return what becomes of a write; whoever reads the room after that finds it there.

        It is handed over before anything is awaited, unless the journal's queue is full. Cancelling: it may still be
        committed.
        """
        outcome = await Submission().submit(self._journal, write)
        if isinstance(outcome, Change):
            with trio.move_on_after(_TOLD):
                await self._broadcaster.published(outcome.id)
        return outcome
