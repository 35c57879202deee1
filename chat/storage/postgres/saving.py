"""Commits a batch of writes: plain drafts in one statement, other writes in one transaction.

All of it is asyncio-flavoured and runs on the writer's connection.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from chat.domain.administration.audit import use_act
from chat.domain.entities import Draft, Message, MessageKind, SupportOf
from chat.domain.messages.changes import (
    Acceptance,
    Addition,
    Removal,
    RoleChange,
    RoomChange,
    RoomDeletion,
    SupportChange,
    Write,
)
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import ALREADY_IN, BANNED, BLOCKED, INVITE_OVER, PRIVATE, Refusal
from chat.domain.rooms.room_rights import addition_refusal
from chat.storage.postgres import saving_queries as queries
from chat.storage.postgres import support_queries
from chat.storage.postgres.access import end_memberships_of_bots, save_removals, save_room_deletions
from chat.storage.postgres.audit import note
from chat.storage.postgres.changes import save_changes
from chat.storage.postgres.drafts import save_drafts
from chat.storage.postgres.features import Save
from chat.storage.postgres.files import attach_files
from chat.storage.postgres.invites import lets_in, use_invite
from chat.storage.postgres.preparing import is_to_prepare, prepare
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.room_changes import save_role_changes, save_room_changes
from chat.storage.postgres.support import Followers, is_said_in_support, save_support_changes
from chat.storage.postgres.writer import RawConnection


async def save(
    connection: RawConnection, writes: Sequence[Write], savers: Mapping[type, Save]
) -> list[Saved]:
    """Commit all writes, in order, and then the changes that follow from them. `savers` are those of features."""
    if not any(map(is_to_prepare, writes)):
        return await _save(connection, writes, savers)
    prepared = await prepare(connection, writes)
    good = [write for write in prepared if not isinstance(write, Refusal)]
    saved = iter(await _save(connection, good, savers) if good else ())
    return [*(write if isinstance(write, Refusal) else next(saved) for write in prepared), *saved]


async def _save(
    connection: RawConnection, writes: Sequence[Write], savers: Mapping[type, Save]
) -> list[Saved]:
    drafts = [
        write
        for write in writes
        if isinstance(write, Draft)
        and write.kind is MessageKind.TEXT
        and type(write.people) is not SupportOf
        and not write.file_ids
    ]
    if len(drafts) == len(writes):
        return await save_drafts(connection, drafts)
    lock = support_queries.LOCK if any(map(is_said_in_support, writes)) else queries.LOCK
    saved: list[Saved] = []
    async with connection.transaction():
        # All locks first, always in the same order: who waits for the log holds no lock. The reads below see the state
        # that the previous holder of the log committed.
        locked = await connection.fetch(lock, sorted({write.room_id for write in writes}))
        for save_all, run in groupby(writes, key=lambda write: savers.get(type(write)) or _how(write)):
            saved += await save_all(connection, list(run))
        if lock is support_queries.LOCK:
            saved += await Followers(locked).save(connection, saved)
        saved += await end_memberships_of_bots(connection, saved)
    return saved


def _how(write: Write) -> Callable[[RawConnection, list[Any]], Awaitable[list[Saved]]]:
    """Return the function that saves a run of writes of this kind."""
    match write:
        case Draft(kind=MessageKind.JOIN):
            return _save_own_joinings
        case Draft() if write.file_ids:
            return _save_with_files
        case Draft():
            return save_drafts
        case Removal():
            return save_removals
        case RoomDeletion():
            return save_room_deletions
        case RoleChange():
            return save_role_changes
        case RoomChange():
            return save_room_changes
        case Addition():
            return _save_additions
        case Acceptance():
            return _save_acceptances
        case SupportChange():
            return save_support_changes
        case _:
            return save_changes


async def _save_own_joinings(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save joinings by people themselves, which public rooms accept."""
    rows = await connection.fetch(queries.PRIVATE, sorted({draft.room_id for draft in drafts}))
    private = {row["id"] for row in rows}
    saved = iter(
        await _save_joinings(connection, public)
        if (public := [draft for draft in drafts if draft.room_id not in private])
        else ()
    )
    if not private:
        return list(saved)
    refused = await _refused_joinings(
        connection, {(draft.room_id, draft.sender_id): None for draft in drafts if draft.room_id in private}
    )
    return [
        refused.get((draft.room_id, draft.sender_id), PRIVATE) if draft.room_id in private else next(saved)
        for draft in drafts
    ]


async def _save_additions(connection: RawConnection, additions: Sequence[Addition]) -> list[Saved]:
    """Save joinings of people whom others add, in order."""
    saved: list[Saved] = []
    for addition in additions:
        joining = addition.joining
        found = await find(connection, joining.room_id, addition.actor_id, joining.sender_id)
        refusal = found and found.by and addition_refusal(found.by)
        if refusal is None and found is not None and found.is_blocked:
            refusal = BLOCKED
        saved += [refusal] if refusal else await _save_joinings(connection, [joining])
    return saved


async def _save_joinings(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save joinings of people who are no members yet; repeated joinings of one person see the earlier one."""
    saved: list[Saved] = []
    while rest := drafts[len(saved) :]:
        first: dict[tuple[int, int], Draft] = {}
        for draft in rest:
            if first.setdefault((draft.room_id, draft.sender_id), draft) is not draft:
                break
        refused = await _refused_joinings(connection, first)
        new = [draft for member, draft in first.items() if member not in refused]
        made = iter(await save_drafts(connection, new) if new else ())
        saved += [refused[member] if member in refused else next(made) for member in first]
    return saved


async def _refused_joinings(
    connection: RawConnection, joining: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Refusal]:
    """Return the refusals of those of these (room id, person id) that can't become members."""
    rows = await connection.fetch(queries.MEMBERS, *map(list, zip(*joining, strict=True)))
    return {(row["room_id"], row["user_id"]): BANNED if row["is_banned"] else ALREADY_IN for row in rows}


async def _save_acceptances(connection: RawConnection, acceptances: Sequence[Acceptance]) -> list[Saved]:
    """Save joinings by invites, in order; a refused one does not use the invite."""
    saved: list[Saved] = []
    for acceptance in acceptances:
        joining = acceptance.joining
        savepoint = connection.transaction()
        await savepoint.start()
        digest, room_id = acceptance.invite, joining.room_id
        used = None if acceptance.is_used else await use_invite(connection, digest, room_id)
        if used is not None or (acceptance.is_used and await lets_in(connection, digest, room_id)):
            saved += await _save_joinings(connection, [joining])
        else:
            refused = await _refused_joinings(connection, [(room_id, joining.sender_id)])
            saved.append(next(iter(refused.values()), INVITE_OVER))
        if used is not None and isinstance(saved[-1], Message):
            await note(connection, [use_act(joining.sender_id, used.maker_id, room_id)])
        await (savepoint.commit() if isinstance(saved[-1], Message) else savepoint.rollback())
    return saved


async def _save_with_files(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save drafts with files; each file is attached to one message."""
    attached = await attach_files(connection, drafts)
    good = [draft for draft in attached if isinstance(draft, Draft)]
    saved = iter(await save_drafts(connection, good) if good else ())
    return [draft if isinstance(draft, Refusal) else next(saved) for draft in attached]
