"""Brings later edits, deletions and reactions of messages that an earlier import brought: as changes of the log.

A message is found again by its room, its time and its author. One that was changed here since is left as it is: its
last change is another than the one that an import made (the table `imported_changes`). What the archive does not have
says nothing, since it may be of a part: only a message that it has as deleted is deleted.
"""

import time
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple, cast

import asyncpg

from chat.archive import load_queries as queries
from chat.archive.batch import moment
from chat.archive.format import Message
from chat.archive.plan import Plan, is_reaction
from chat.domain.messages.changes import Deleted, Deletion, Edit, Edited, Reacted, Reaction
from chat.storage.postgres.changes import save_changes
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

EDITED = "edited"
DELETED = "deleted"
REACTED = "reacted"

_NAMES: dict[type, str] = {Edited: EDITED, Deleted: DELETED, Reacted: REACTED}

Change = Edit | Deletion | Reaction

_SAME = timedelta(milliseconds=1)
"""Times of one edit may differ by this: a change has its time as a float."""


class _Found(NamedTuple):
    """A message of the archive that is here, unchanged since: its place here, and its author's id."""

    message: Message
    room_id: int
    seq: int
    by: int


class _Places:
    """The messages of a room that imports brought and nobody changed since, by their times."""

    def __init__(self, rows: Iterable[asyncpg.Record]) -> None:
        self._times = array("q")
        self._seqs = array("q")
        self._senders = array("q")
        self._reacted: set[int] = set()
        for row in rows:
            self._times.append(row["at"])
            self._seqs.append(row["seq"])
            self._senders.append(row["sender_id"])
            if row["has_reactions"]:
                self._reacted.add(row["seq"])

    def find(self, at: int, nth: int, sender: int) -> tuple[int, bool] | None:
        """Return the seq of the sender's nth message of this time, and whether it has reactions; None: none is."""
        place = bisect_left(self._times, at)
        while place < len(self._times) and self._times[place] == at:
            if self._senders[place] == sender:
                if not nth:
                    return self._seqs[place], self._seqs[place] in self._reacted
                nth -= 1
            place += 1
        return None


class LaterChanges:
    """Looks at messages that are here already, a batch after the other, in the archive's order.

    Attributes:
        made: how many changes were made, by their kinds.
    """

    def __init__(self, database: Database, plan: Plan) -> None:
        self.made: Counter[str] = Counter()
        self._database = database
        self._plan = plan
        self._places: dict[int, _Places] = {}
        self._last: dict[
            tuple[int, int], tuple[int, int]
        ] = {}  # of a room's author: the last time, and how often

    async def find(self, messages: Sequence[Message]) -> list[_Found]:
        """Return the messages that may have changed. May raise StorageDown. Cancelling changes nothing."""
        found: list[_Found] = []
        for message in messages:
            room, by = self._plan.rooms[message.room], self._plan.person_ids[message.by]
            at, nth = self._last.get((message.room, by), (-1, 0))
            nth = nth + 1 if at == message.at else 0
            self._last[message.room, by] = message.at, nth
            if message.kind != "message":
                continue
            if room.room_id not in self._places:
                rows = await self._database.read(lambda c, id=room.room_id: c.fetch(queries.UNCHANGED, id))  # type: ignore[misc]
                self._places[room.room_id] = _Places(rows)
            place = self._places[room.room_id].find(message.at, nth, by)
            if place is None:
                continue
            seq, has_reactions = place
            if message.edited or message.deleted or message.reactions or has_reactions:
                found.append(_Found(message, room.room_id, seq, by))
        return found

    async def save(self, connection: Connection, found: Sequence[_Found]) -> None:
        """Save what has changed, and note its positions, in the caller's transaction; asyncio-flavoured."""
        if not await self._changes(connection, found):
            return
        await connection.execute(queries.LOCK_LOG)
        await connection.execute(queries.LOCK_ROOMS, sorted({each.room_id for each in found}))
        changes = await self._changes(connection, found)  # nobody else changes them from here on
        saved = await save_changes(cast("RawConnection", connection), changes)
        made = [each for each in saved if isinstance(each, Edited | Deleted | Reacted)]
        positions = {(each.room_id, each.seq): each.pos for each in made}
        await connection.execute(
            queries.NOTE_CHANGES,
            [room_id for room_id, _ in positions],
            [seq for _, seq in positions],
            [*positions.values()],
        )
        self.made.update(_NAMES[type(each)] for each in made)

    async def _changes(self, connection: Connection, found: Sequence[_Found]) -> list[Change]:
        rows = await connection.fetch(
            queries.STATES, [each.room_id for each in found], [each.seq for each in found]
        )
        states = {(row["room_id"], row["seq"]): row for row in rows}
        now = time.time()
        changes: list[Change] = []
        for each in found:
            state = states.get((each.room_id, each.seq))
            if state is not None:
                changes += self._changes_of(each, state, now)
        return changes

    def _changes_of(self, found: _Found, state: asyncpg.Record, now: float) -> list[Change]:
        message, place = found.message, (found.room_id, found.seq)
        if message.deleted is not None:
            return [Deletion(*place, found.by, message.deleted / 1_000_000)]
        changes: list[Change] = []
        edited = None if message.edited is None else moment(message.edited)
        if edited is not None and (state["edited_at"] is None or edited - state["edited_at"] > _SAME):
            mentions = tuple(self._plan.mapped(message.mentions))
            changes.append(Edit(*place, found.by, message.text, edited.timestamp(), mentions=mentions))
        ids = self._plan.person_ids
        there = {
            (emoji, ids[each])
            for emoji, people in message.reactions.items()
            if is_reaction(emoji)
            for each in people
            if each in ids
        }
        here = {*zip(state["emoji"], state["people"], strict=True)}
        changes += [Reaction(*place, person, emoji, True, now) for emoji, person in sorted(there - here)]
        if self._plan.has_reactions:
            changes += [Reaction(*place, person, emoji, False, now) for emoji, person in sorted(here - there)]
        return changes
