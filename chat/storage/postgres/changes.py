"""Edits, deletions and reactions in PostgreSQL: reads their messages, decides the changes, and writes them.

The caller's transaction holds the locks of the log and the rooms, so nothing changes in between.
"""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
import msgspec

from chat.domain.administration.audit import deletion_act
from chat.domain.messages.changes import Deleted, Deletion, Edit, Edited, Reacted, Reaction
from chat.domain.messages.message_state import MessageState
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import ARCHIVED, Refusal
from chat.domain.rooms.room_rights import deletion_refusal
from chat.storage.postgres import change_queries as queries
from chat.storage.postgres.audit import note
from chat.storage.postgres.references import as_array
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.writer import RawConnection

Target = tuple[int, int]  # room id, seq


class _Earlier(NamedTuple):
    """A message's reactions (emoji, person id) and mentions before the batch."""

    reacted: frozenset[tuple[str, int]]
    mentions: tuple[int, ...]


async def save_changes(
    connection: RawConnection, changes: Sequence[Edit | Deletion | Reaction]
) -> list[Saved]:
    """Save the changes, in order; asyncio-flavoured."""
    reactions = [change if isinstance(change, Reaction) else None for change in changes]
    rows = await connection.fetch(
        queries.TARGETS,
        [change.room_id for change in changes],
        [change.seq for change in changes],
        [reaction and reaction.emoji for reaction in reactions],
        [reaction and reaction.actor_id for reaction in reactions],
    )
    states = _states(rows, changes)
    before = {target: _Earlier(frozenset(state.reacted), state.mentions) for target, state in states.items()}
    last_id = rows[0]["last_id"] if rows else 0
    positions = {row["room_id"]: row["last_pos"] for row in rows}
    archived = {row["room_id"] for row in rows if row["is_archived"]}
    deletions = [change for change in changes if isinstance(change, Deletion)]
    senders = {(row["room_id"], row["seq"]): row["sender_id"] for row in rows} if deletions else {}
    refused = await _refused_deletions(connection, deletions, senders)
    saved: list[Saved] = []
    made: list[Edited | Deleted | Reacted] = []
    for change in changes:
        state = states.get((change.room_id, change.seq))
        if state is None:
            saved.append(None)
            continue
        if change.room_id in archived and not isinstance(change, Deletion):
            saved.append(ARCHIVED)
            continue
        if isinstance(change, Deletion) and (refusal := refused.get(change)):
            saved.append(refusal)
            continue
        outcome = state.change(change, last_id + 1, positions[change.room_id] + 1)
        if isinstance(outcome, Edited | Deleted | Reacted):
            last_id, positions[change.room_id] = outcome.id, outcome.pos
            made.append(outcome)
        saved.append(outcome)
    if made:
        await _write(connection, made, states, before)
    expired = {(each.room_id, each.seq) for each in deletions if each.is_expired}
    if deleted := [
        each for each in made if isinstance(each, Deleted) and (each.room_id, each.seq) not in expired
    ]:
        acts = [deletion_act(each, senders[each.room_id, each.seq]) for each in deleted]
        await note(connection, [act for act in acts if act.by_id != act.person_id])
    return saved


async def _refused_deletions(
    connection: RawConnection, deletions: Sequence[Deletion], senders: dict[Target, int]
) -> dict[Deletion, Refusal]:
    """Return the refused deletions of others' messages. A person's own, and a command's, need no query."""
    refused: dict[Deletion, Refusal] = {}
    found: dict[
        tuple[int, int], Refusal | None
    ] = {}  # by room and actor; no write of this batch changes a right
    for deletion in deletions:
        by_id = deletion.actor_id
        if by_id is None or by_id == senders.get((deletion.room_id, deletion.seq), by_id):
            continue
        key = deletion.room_id, by_id
        if key not in found:
            found_authority = await find(connection, *key, any_kind=True)
            found[key] = (
                deletion_refusal(found_authority.by) if found_authority and found_authority.by else None
            )
        if refusal := found[key]:
            refused[deletion] = refusal
    return refused


def _states(
    rows: Sequence[asyncpg.Record], changes: Sequence[Edit | Deletion | Reaction]
) -> dict[Target, MessageState]:
    states: dict[Target, MessageState] = {}
    for row in rows:
        target = row["room_id"], row["seq"]
        if target not in states:
            counts = msgspec.json.decode(row["counts"], type=dict[str, int]) if row["counts"] else {}
            states[target] = MessageState(
                row["text"],
                row["pos"],
                row["is_deleted"],
                counts,
                set(),
                row["text_since"],
                tuple(row["mentions"] or ()),
            )
        change = changes[row["nth"] - 1]
        if row["has_reacted"] and isinstance(change, Reaction):
            states[target].reacted.add((change.emoji, change.actor_id))
    return states


async def _write(
    connection: RawConnection,
    made: Sequence[Edited | Deleted | Reacted],
    states: dict[Target, MessageState],
    before: dict[Target, _Earlier],
) -> None:
    """Write the changes, and the new state of the messages."""
    changed = {(change.room_id, change.seq): states[change.room_id, change.seq] for change in made}
    edits = {(change.room_id, change.seq): change for change in made if isinstance(change, Edited)}
    deletions = {(change.room_id, change.seq): change for change in made if isinstance(change, Deleted)}
    added = [
        (*target, *own) for target, state in changed.items() for own in state.reacted - before[target].reacted
    ]
    taken_back = [
        (*target, *own)
        for target, state in changed.items()
        if target not in deletions
        for own in before[target].reacted - state.reacted
    ]
    await connection.execute(
        queries.WRITE,
        [change.id for change in made],
        [change.room_id for change in made],
        [change.pos for change in made],
        [change.seq for change in made],
        [_KINDS[type(change)] for change in made],
        [change.actor_id for change in made],
        [change.emoji if isinstance(change, Reacted) else None for change in made],
        [change.is_on if isinstance(change, Reacted) else None for change in made],
        [change.created_at for change in made],
        [room_id for room_id, _ in changed],
        [seq for _, seq in changed],
        [state.text for state in changed.values()],
        [state.pos for state in changed.values()],
        [_at(edits.get(target)) for target in changed],
        [_at(deletions.get(target)) for target in changed],
        [deletions[target].actor_id if target in deletions else None for target in changed],
        [as_array(state.mentions) for state in changed.values()],
    )
    if edits:
        await _write_edits(connection, {target: states[target] for target in edits}, before)
    if added or taken_back or deletions:
        await connection.execute(
            queries.WRITE_REACTIONS,
            *_columns([*deletions], 2),
            *_columns(taken_back, 4),
            *_columns(added, 4),
        )


async def _write_edits(
    connection: RawConnection, edited: dict[Target, MessageState], before: dict[Target, _Earlier]
) -> None:
    """Write the earlier texts and the new mentions; of a message that is deleted by now neither."""
    await connection.execute(
        queries.WRITE_EDITS,
        *_columns(
            [
                (*target, each.pos, each.text, each.created_at)
                for target, state in edited.items()
                for each in state.earlier
            ],
            5,
        ),
        *_columns(
            [
                (*target, person_id)
                for target, state in edited.items()
                for person_id in {*before[target].mentions} - {*state.mentions}
            ],
            3,
        ),
        *_columns(
            [
                (*target, person_id)
                for target, state in edited.items()
                for person_id in {*state.mentions} - {*before[target].mentions}
            ],
            3,
        ),
    )


_KINDS: dict[type, str] = {Edited: "edited", Deleted: "deleted", Reacted: "reacted"}


def _at(change: Edited | Deleted | None) -> float | None:
    return None if change is None else change.created_at


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[nth] for row in rows] for nth in range(width)]
