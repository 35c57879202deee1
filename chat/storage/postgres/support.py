"""Changes of support conversations in PostgreSQL; asyncio-flavoured.

The caller's transaction holds the locks of the log and the rooms, so nothing changes between a read and its write.
"""

from collections.abc import Sequence

import asyncpg

from chat.domain.administration.audit import idle_act
from chat.domain.entities import Draft, Message, Peer, SupportOf
from chat.domain.messages.changes import SupportChange, SupportChanged, Write
from chat.domain.messages.outcomes import Saved
from chat.domain.rooms.support_state import SupportState
from chat.storage.postgres import support_queries as queries
from chat.storage.postgres.audit import note
from chat.storage.postgres.writer import RawConnection


def is_said_in_support(write: Write) -> bool:
    """Whether a write is a message of a support conversation. Sync and pure."""
    return isinstance(write, Draft) and type(write.people) is SupportOf


async def save_support_changes(connection: RawConnection, changes: Sequence[SupportChange]) -> list[Saved]:
    """Save the changes, in order; None: no such conversation."""
    conversations = await _read(connection, sorted({change.room_id for change in changes}), [])
    saved: list[Saved] = []
    for change in changes:
        state = conversations.states.get(change.room_id)
        if state is None:
            saved.append(None)
            continue
        outcome = state.change(change, *conversations.next(change.room_id))
        conversations.count(outcome)
        if change.idle_days and isinstance(outcome, SupportChanged):
            await note(connection, [idle_act(change)])
        saved.append(outcome)
    await conversations.write(connection)
    return saved


class Followers:
    """The effects of a batch's messages on support conversations, after all of the batch is written."""

    def __init__(self, locked: Sequence[asyncpg.Record]) -> None:
        self._locked = {row["room_id"]: row for row in locked}

    async def save(self, connection: RawConnection, saved: Sequence[Saved]) -> list[Saved]:
        """Save the changes that follow from these; no query if all are open and held by an operator."""
        said: dict[int, list[Message]] = {}
        for each in saved:
            if isinstance(each, Message) and each.room_id in self._locked:
                said.setdefault(each.room_id, []).append(each)
        is_changed = any(isinstance(each, SupportChanged) for each in saved)
        if not said or not (is_changed or any(self._may_follow(*each) for each in said.items())):
            return []
        senders = {message.sender_id for messages in said.values() for message in messages}
        conversations = await _read(connection, sorted(said), sorted(senders))
        followed: list[Saved] = []
        for room_id, messages in sorted(said.items()):
            state, operators = conversations.states[room_id], conversations.operators[room_id]
            made = state.follow(messages, operators, *conversations.next(room_id))
            conversations.count(made)
            followed += [made] if made is not None else []
        await conversations.write(connection)
        return followed

    def _may_follow(self, room_id: int, messages: Sequence[Message]) -> bool:
        row = self._locked[room_id]
        is_answered = any(message.sender_id != row["creator_id"] for message in messages)
        return row["is_closed"] or (is_answered and not row["is_held"])


class _Conversations:
    """The current conversations, and the numbers of their next changes."""

    def __init__(self, rows: Sequence[asyncpg.Record]) -> None:
        self.states = {row["room_id"]: _state(row) for row in rows}
        self.operators = {row["room_id"]: row["operators"] for row in rows}
        self._last_id = rows[0]["last_id"] if rows else 0
        self._positions = {row["room_id"]: row["last_pos"] for row in rows}
        self._made: list[tuple[SupportChanged, int]] = []  # each with the new settled_seq

    def next(self, room_id: int) -> tuple[int, int]:
        """Return the id and the pos of the next change."""
        return self._last_id + 1, self._positions.get(room_id, 0) + 1

    def count(self, outcome: Saved) -> None:
        """Count the outcome if it is a change."""
        if isinstance(outcome, SupportChanged):
            self._last_id, self._positions[outcome.room_id] = outcome.id, outcome.pos
            self._made.append((outcome, self.states[outcome.room_id].settled_seq))

    async def write(self, connection: RawConnection) -> None:
        if not self._made:
            return
        made = [change for change, _ in self._made]
        await connection.execute(
            queries.WRITE,
            [change.id for change in made],
            [change.room_id for change in made],
            [change.pos for change in made],
            [change.actor_id for change in made],
            [change.is_closed for change in made],
            [change.assignee and change.assignee.id for change in made],
            [change.waiting_since for change in made],
            [change.created_at for change in made],
            [settled for _, settled in self._made],
        )


async def _read(connection: RawConnection, rooms: Sequence[int], senders: Sequence[int]) -> _Conversations:
    return _Conversations(await connection.fetch(queries.STATES, rooms, senders))


def _state(row: asyncpg.Record) -> SupportState:
    return SupportState(
        row["is_closed"],
        assignee_of(row),
        row["is_held"],
        row["settled_seq"],
        row["last_seq"],
        row["waiting_since"],
    )


def assignee_of(row: asyncpg.Record) -> Peer | None:
    """Return the assignee by a row's `assignee_id` and `assignee_name`. Sync and pure."""
    return None if row["assignee_id"] is None else Peer(row["assignee_id"], row["assignee_name"])
