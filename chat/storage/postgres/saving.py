"""Drafts are saved in one statement; what else is written to the log is saved with them in one transaction.

All of it is asyncio-flavoured and runs on the writer's connection.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import asyncpg

from chat.domain.changes import Removal, RoomDeletion, SupportChange, Write
from chat.domain.entities import Draft, Message, MessageKind, SupportOf
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import ALREADY_IN
from chat.storage.postgres import message_queries as queries
from chat.storage.postgres import support_queries
from chat.storage.postgres.access import save_removals, save_room_deletions
from chat.storage.postgres.changes import save_changes
from chat.storage.postgres.support import Followers, is_said_in_support, save_support_changes
from chat.storage.postgres.writer import RawConnection


async def save(connection: RawConnection, writes: Sequence[Write]) -> list[Saved]:
    """Commit all writes, in their order, and behind them what follows from them."""
    drafts = [
        write
        for write in writes
        if isinstance(write, Draft) and write.kind is MessageKind.TEXT and type(write.people) is not SupportOf
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
        case Draft():
            return _save_drafts
        case Removal():
            return save_removals
        case RoomDeletion():
            return save_room_deletions
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
        rows = await connection.fetch(queries.MEMBERS, *map(list, zip(*first, strict=True)))
        members = {(row["room_id"], row["user_id"]) for row in rows}
        new = [draft for member, draft in first.items() if member not in members]
        made = iter(await _save_drafts(connection, new) if new else ())
        saved += [ALREADY_IN if member in members else next(made) for member in first]
    return saved


async def _save_drafts(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    if any(draft.key is not None for draft in drafts):
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
    return [numbers.next(draft) for draft in drafts]


async def _save_with_keys(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    digests = [None if draft.key is None else _digest(draft) for draft in drafts]
    arguments = (
        sorted({draft.room_id for draft in drafts}),
        [draft.room_id for draft in drafts],
        [draft.sender_id for draft in drafts],
        [draft.kind.value for draft in drafts],
        [draft.text for draft in drafts],
        [draft.created_at for draft in drafts],
        [draft.key for draft in drafts],
        digests,
    )
    rows = await _fetch_until_keys_are_known(connection, *arguments)
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
    return saved


async def _fetch_until_keys_are_known(connection: RawConnection, *arguments: object) -> list[asyncpg.Record]:
    while True:
        try:
            return await connection.fetch(queries.SAVE_WITH_KEYS, *arguments)
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

    def next(self, draft: Draft) -> Message | None:
        """Return what a draft that was not saved before became; None: its room is gone."""
        place = self._places.get(draft.room_id)
        if place is None:
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
    # As sql/0006 makes it for what was there before.
    return hashlib.sha256(f"{draft.room_id}\n{draft.text}".encode()).digest()


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
