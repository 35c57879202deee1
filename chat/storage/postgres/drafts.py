"""Saves drafts in one statement: the database raises the rooms' counters, and Python derives each draft's numbers.

All of it is asyncio-flavoured and runs on the writer's connection.
"""

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

import asyncpg

from chat.domain.entities import Draft, Message, MessageKind
from chat.domain.messages.files import files_json
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import ARCHIVED
from chat.storage.postgres import saving_queries as queries
from chat.storage.postgres.references import as_array
from chat.storage.postgres.slow_mode import take_turns
from chat.storage.postgres.writer import RawConnection


async def save_drafts(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save drafts and return their outcomes, in order; None: no such room.

    Cancelling: they may be saved, like any operation of the writer.
    """
    saved = await _save(connection, drafts, queries.SAVE)
    return await _save_in_turn(connection, drafts) if saved is None else saved


async def _save_in_turn(connection: RawConnection, drafts: Sequence[Draft]) -> list[Saved]:
    """Save drafts of which some are for rooms in slow mode: refuse those, and save the others."""
    async with connection.transaction():
        await connection.fetch(queries.LOCK, sorted({draft.room_id for draft in drafts}))
        refusals = await take_turns(connection, drafts)
        good = [draft for draft, refusal in zip(drafts, refusals, strict=True) if refusal is None]
        saved = iter(await _save(connection, good, queries.SAVE_IN_TURN) or () if good else ())
        return [refusal or next(saved) for refusal in refusals]


async def _save(
    connection: RawConnection, drafts: Sequence[Draft], statements: queries.Statements
) -> list[Saved] | None:
    """Save drafts by these statements; None: a room is in slow mode, and nothing is saved."""
    if any(
        draft.key is not None or draft.mentions or draft.reply is not None or draft.files for draft in drafts
    ):
        return await _save_with_keys(connection, drafts, statements)
    shares: dict[int, _Share] = {}
    places = [shares.setdefault(draft.room_id, _Share()).add(draft.sender_id) for draft in drafts]
    rooms = sorted(shares)
    rows = await connection.fetch(
        statements.plain,
        rooms,
        _array([shares[room_id].size for room_id in rooms]),
        _array([shares[room_id].last_sender for room_id in rooms]),
        _array([shares[room_id].last_other for room_id in rooms]),
        _array([draft.room_id for draft in drafts]),
        _array(places),
        _array([draft.sender_id for draft in drafts]),
        _kinds(drafts),
        [draft.text for draft in drafts],
        _array([draft.created_at for draft in drafts]),
    )
    numbers = _Numbers(rows[0]["last_id"] if rows else 0, rows)
    saved: list[Saved] = [numbers.next(draft) for draft in drafts]
    return await _with_missing(connection, numbers.missing, drafts, saved, statements)


def _array(numbers: list[int] | list[float]) -> str:
    """Return numbers as an array literal: of a list, asyncpg looks twice whether each number is a list too."""
    return f"{{{str(numbers)[1:-1]}}}"


def _kinds(drafts: Sequence[Draft]) -> str:
    return f"{{{','.join([draft.kind for draft in drafts])}}}"


async def _with_missing(
    connection: RawConnection,
    missing: Collection[int],
    drafts: Sequence[Draft],
    saved: list[Saved],
    statements: queries.Statements,
) -> list[Saved] | None:
    """Refuse drafts for those of the `missing` rooms that exist: they are archived, the others are deleted.

    Returns None if nothing was saved because a room of the batch is in slow mode.
    """
    if not missing:
        return saved
    rows = await connection.fetch(queries.THERE, sorted({draft.room_id for draft in drafts}))
    if statements is queries.SAVE and any(row["is_slow"] for row in rows):
        return None
    there = {row["id"] for row in rows}
    for nth, draft in enumerate(drafts):
        if saved[nth] is None and draft.room_id in there:
            saved[nth] = ARCHIVED
    return saved


async def _save_with_keys(
    connection: RawConnection, drafts: Sequence[Draft], statements: queries.Statements
) -> list[Saved] | None:
    digests = [None if draft.key is None else _digest(draft) for draft in drafts]
    arguments: tuple[object, ...] = (
        sorted({draft.room_id for draft in drafts}),
        _array([draft.room_id for draft in drafts]),
        _array([draft.sender_id for draft in drafts]),
        _kinds(drafts),
        [draft.text for draft in drafts],
        _array([draft.created_at for draft in drafts]),
        [draft.key for draft in drafts],
        digests,
    )
    query = statements.with_keys
    has_files = any(draft.files for draft in drafts)
    if has_files or any(draft.mentions or draft.reply is not None for draft in drafts):
        query = statements.with_references
        mentions = [as_array(draft.mentions) for draft in drafts]
        arguments = (*arguments, [draft.reply for draft in drafts], mentions)
    if has_files:
        query = statements.with_files
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
    return await _with_missing(connection, numbers.missing, drafts, saved, statements)


async def _fetch_until_keys_are_known(
    connection: RawConnection, query: str, *arguments: object
) -> list[asyncpg.Record]:
    while True:
        try:
            return await connection.fetch(query, *arguments)
        except asyncpg.UniqueViolationError as error:
            # Another server used a key while this one waited for the log. Nothing was saved, and the next attempt finds
            # the key. It can't happen in a transaction that already holds the log.
            if error.constraint_name != "messages_client_key" or connection.is_in_transaction():
                raise


def answer_from(row: asyncpg.Record, draft: Draft) -> Repeated | KeyUsed:
    """Return the outcome of a draft whose key belongs to the message of this row. Sync and pure."""
    return _Known(_known(row, draft), row["key_digest"]).answer(_digest(draft))


class _Share:
    """A batch's drafts of one room: their number, the last sender, and the place of the last draft by another."""

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
        self.missing: set[int] = set()  # archived rooms

    def next(self, draft: Draft) -> Message | None:
        """Return the outcome of a draft that was not saved before; None: its room is deleted or archived."""
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
            draft.root,
        )


class _Place:
    """How far one room is."""

    __slots__ = ("pos", "seq")

    def __init__(self, seq: int, pos: int) -> None:
        self.seq = seq
        self.pos = pos


class _Known(NamedTuple):
    """The message that was saved with a key, and the digest of its request; of a deleted one its first byte."""

    message: Message
    digest: bytes

    def answer(self, digest: bytes) -> Repeated | KeyUsed:
        """Answer a draft of the same key."""
        is_same = digest[: len(self.digest)] == self.digest
        return Repeated(self.message) if is_same else KeyUsed(message=self.message)


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
