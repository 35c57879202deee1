"""Drafts are saved in one statement; what else is written to the log is saved with them in one transaction.

All of it is asyncio-flavoured and runs on the writer's connection.
"""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import asyncpg

from chat.domain.changes import (
    Acceptance,
    Removal,
    RoleChange,
    RoomChange,
    RoomDeletion,
    SupportChange,
    Write,
)
from chat.domain.entities import Draft, Message, MessageKind, SupportOf
from chat.domain.files import files_json
from chat.domain.mentions import refers
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import ALREADY_IN, ARCHIVED, BANNED, INVITE_OVER, Refusal
from chat.storage.postgres import message_queries as queries
from chat.storage.postgres import support_queries
from chat.storage.postgres.access import save_removals, save_room_deletions
from chat.storage.postgres.changes import save_changes
from chat.storage.postgres.files import attach_files
from chat.storage.postgres.invites import use_invite
from chat.storage.postgres.references import as_array, resolve
from chat.storage.postgres.room_changes import save_role_changes, save_room_changes
from chat.storage.postgres.support import Followers, is_said_in_support, save_support_changes
from chat.storage.postgres.writer import RawConnection


async def save(connection: RawConnection, writes: Sequence[Write]) -> list[Saved]:
    """Commit all writes, in their order, and behind them what follows from them."""
    if not any(map(refers, writes)):
        return await _save(connection, writes)
    resolved = await resolve(connection, writes)
    good = [write for write in resolved if not isinstance(write, Refusal)]
    saved = iter(await _save(connection, good) if good else ())
    return [*(write if isinstance(write, Refusal) else next(saved) for write in resolved), *saved]


async def _save(connection: RawConnection, writes: Sequence[Write]) -> list[Saved]:
    drafts = [
        write
        for write in writes
        if isinstance(write, Draft)
        and write.kind is MessageKind.TEXT
        and type(write.people) is not SupportOf
        and not write.file_ids
    ]
    if len(drafts) == len(writes):
        return await _save_drafts(connection, drafts)
    lock = support_queries.LOCK if any(map(is_said_in_support, writes)) else queries.LOCK
    saved: list[Saved] = []
    async with connection.transaction():
        # All locks first, in their one order: whoever waits for the log holds nothing, and what is read below is as
        # whoever had the log before has left it.
        locked = await connection.fetch(lock, sorted({write.room_id for write in writes}))
        for save_all, run in groupby(writes, key=_how):
            saved += await save_all(connection, list(run))
        if lock is support_queries.LOCK:
            saved += await Followers(locked).save(connection, saved)
    return saved


def _how(write: Write) -> Callable[[RawConnection, list[Any]], Awaitable[list[Saved]]]:
    """Return what saves writes of this kind that follow each other."""
    match write:
        case Draft(kind=MessageKind.JOIN):
            return _save_joinings
        case Draft() if write.file_ids:
            return _save_with_files
        case Draft():
            return _save_drafts
        case Removal():
            return save_removals
        case RoomDeletion():
            return save_room_deletions
        case RoleChange():
            return save_role_changes
        case RoomChange():
            return save_room_changes
        case Acceptance():
            return _save_acceptances
        case SupportChange():
            return save_support_changes
        case _:
            return save_changes


async def _save_joinings(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save joinings of people who are no members yet; each of several of one person finds what the one before did."""
    saved: list[Saved] = []
    while rest := drafts[len(saved) :]:
        first: dict[tuple[int, int], Draft] = {}
        for draft in rest:
            if first.setdefault((draft.room_id, draft.sender_id), draft) is not draft:
                break
        refused = await _refused_joinings(connection, first)
        new = [draft for member, draft in first.items() if member not in refused]
        made = iter(await _save_drafts(connection, new) if new else ())
        saved += [refused[member] if member in refused else next(made) for member in first]
    return saved


async def _refused_joinings(
    connection: RawConnection, joining: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Refusal]:
    """Return who of these (room id, person id) can't become members, and why."""
    rows = await connection.fetch(queries.MEMBERS, *map(list, zip(*joining, strict=True)))
    return {(row["room_id"], row["user_id"]): BANNED if row["is_banned"] else ALREADY_IN for row in rows}


async def _save_acceptances(connection: RawConnection, acceptances: Sequence[Acceptance]) -> list[Saved]:
    """Save joinings by invites, in their order; one that can't be made uses nothing up."""
    saved: list[Saved] = []
    for acceptance in acceptances:
        joining = acceptance.joining
        savepoint = connection.transaction()
        await savepoint.start()
        if await use_invite(connection, acceptance.invite, joining.room_id):
            saved += await _save_joinings(connection, [joining])
        else:
            refused = await _refused_joinings(connection, [(joining.room_id, joining.sender_id)])
            saved.append(next(iter(refused.values()), INVITE_OVER))
        await (savepoint.commit() if isinstance(saved[-1], Message) else savepoint.rollback())
    return saved


async def _save_with_files(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save drafts that have files, each of which is given to one message."""
    attached = await attach_files(connection, drafts)
    good = [draft for draft in attached if isinstance(draft, Draft)]
    saved = iter(await _save_drafts(connection, good) if good else ())
    return [draft if isinstance(draft, Refusal) else next(saved) for draft in attached]


async def _save_drafts(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    if any(
        draft.key is not None or draft.mentions or draft.reply is not None or draft.files for draft in drafts
    ):
        return await _save_with_keys(connection, drafts)
    shares: dict[int, _Share] = {}
    places = [shares.setdefault(draft.room_id, _Share()).add(draft.sender_id) for draft in drafts]
    rooms = sorted(shares)
    rows = await connection.fetch(
        queries.SAVE,
        rooms,
        [shares[room_id].size for room_id in rooms],
        [shares[room_id].last_sender for room_id in rooms],
        [shares[room_id].last_other for room_id in rooms],
        [draft.room_id for draft in drafts],
        places,
        [draft.sender_id for draft in drafts],
        [draft.kind.value for draft in drafts],
        [draft.text for draft in drafts],
        [draft.created_at for draft in drafts],
    )
    numbers = _Numbers(rows[0]["last_id"] if rows else 0, rows)
    saved: list[Saved] = [numbers.next(draft) for draft in drafts]
    if numbers.missing:
        await _say_which_are_archived(connection, numbers.missing, drafts, saved)
    return saved


async def _say_which_are_archived(
    connection: RawConnection, missing: Collection[int], drafts: Sequence[Draft], saved: list[Saved]
) -> None:
    """Refuse drafts for those of the `missing` rooms that are there; the others are gone."""
    there = {row["id"] for row in await connection.fetch(queries.THERE, list(missing))}
    for nth, draft in enumerate(drafts):
        if saved[nth] is None and draft.room_id in there:
            saved[nth] = ARCHIVED


async def _save_with_keys(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    digests = [None if draft.key is None else _digest(draft) for draft in drafts]
    arguments: tuple[object, ...] = (
        sorted({draft.room_id for draft in drafts}),
        [draft.room_id for draft in drafts],
        [draft.sender_id for draft in drafts],
        [draft.kind.value for draft in drafts],
        [draft.text for draft in drafts],
        [draft.created_at for draft in drafts],
        [draft.key for draft in drafts],
        digests,
    )
    query = queries.SAVE_WITH_KEYS
    has_files = any(draft.files for draft in drafts)
    if has_files or any(draft.mentions or draft.reply is not None for draft in drafts):
        query = queries.SAVE_WITH_REFERENCES
        mentions = [as_array(draft.mentions) for draft in drafts]
        arguments = (*arguments, [draft.reply for draft in drafts], mentions)
    if has_files:
        query = queries.SAVE_WITH_FILES
        arguments = (*arguments, [files_json(draft.files).decode() or None for draft in drafts])
    rows = await _fetch_until_keys_are_known(connection, query, *arguments)
    bases = [row for row in rows if row["nth"] is None]
    numbers = _Numbers(bases[0]["id"] if bases else 0, bases)
    known: dict[int | tuple[int, str], _Known] = {
        row["nth"] - 1: _Known(_known(row, drafts[row["nth"] - 1]), row["key_digest"])
        for row in rows
        if row["nth"] is not None
    }
    saved: list[Saved] = []
    for nth, (draft, digest) in enumerate(zip(drafts, digests, strict=True)):
        key = draft.sender_id, draft.key or ""
        if digest is not None and (earlier := known.get(nth) or known.get(key)):
            saved.append(earlier.answer(digest))
            continue
        message = numbers.next(draft)
        if digest is not None and message is not None:
            known[key] = _Known(message, digest)
        saved.append(message)
    if numbers.missing:
        await _say_which_are_archived(connection, numbers.missing, drafts, saved)
    return saved


async def _fetch_until_keys_are_known(
    connection: RawConnection, query: str, *arguments: object
) -> list[asyncpg.Record]:
    while True:
        try:
            return await connection.fetch(query, *arguments)
        except asyncpg.UniqueViolationError as error:
            # Another server used a key while this one waited for the log. Nothing was saved; it is known now. In a
            # transaction that has the log already that can't be.
            if error.constraint_name != "messages_client_key" or connection.is_in_transaction():
                raise


class _Share:
    """What a batch adds to one room: how much, by whom the last, and the place of the last by anybody else."""

    __slots__ = ("last_other", "last_sender", "size")

    def __init__(self) -> None:
        self.size = self.last_sender = self.last_other = 0

    def add(self, sender_id: int) -> int:
        """Count one more draft and return its place: 1, 2, 3 …"""
        if sender_id != self.last_sender:
            self.last_sender, self.last_other = sender_id, self.size
        self.size += 1
        return self.size


class _Numbers:
    """Gives a batch's drafts their numbers, in their order: where the log and each room were, and one more for each."""

    def __init__(self, last_id: int, rooms: Sequence[asyncpg.Record]) -> None:
        self._id = last_id
        self._places = {row["room_id"]: _Place(row["seq"], row["pos"]) for row in rooms}
        self.missing: set[int] = set()  # rooms in which nothing can be said

    def next(self, draft: Draft) -> Message | None:
        """Return what a draft that was not saved before became; None: its room is gone or archived."""
        place = self._places.get(draft.room_id)
        if place is None:
            self.missing.add(draft.room_id)
            return None
        self._id += 1
        place.seq += 1
        place.pos += 1
        return Message(
            self._id,
            draft.room_id,
            place.seq,
            draft.sender_id,
            draft.sender_name,
            draft.text,
            draft.created_at,
            draft.kind,
            draft.people,
            place.pos,
            draft.reply,
            draft.mentions,
            draft.files,
        )


class _Place:
    """How far one room is."""

    __slots__ = ("pos", "seq")

    def __init__(self, seq: int, pos: int) -> None:
        self.seq = seq
        self.pos = pos


class _Known(NamedTuple):
    """What was saved with a key, and the digest of what was sent."""

    message: Message
    digest: bytes

    def answer(self, digest: bytes) -> Repeated | KeyUsed:
        """Answer a draft of the same key."""
        return Repeated(self.message) if digest == self.digest else KeyUsed(message=self.message)


def _digest(draft: Draft) -> bytes:
    # As sql/0006 makes it for what was there before. A text has no NUL.
    reply = "" if draft.reply is None else f"\0{draft.reply}"
    files = f"\0files {draft.file_ids}" if draft.file_ids else ""
    return hashlib.sha256(f"{draft.room_id}\n{draft.text}{reply}{files}".encode()).digest()


def _known(row: asyncpg.Record, draft: Draft) -> Message:
    people = draft.people if row["room_id"] == draft.room_id else None
    return Message(
        row["id"],
        row["room_id"],
        row["seq"],
        draft.sender_id,
        draft.sender_name,
        row["text"],
        row["created_at"],
        MessageKind(row["kind"]),
        people,
        row["pos"],
    )
