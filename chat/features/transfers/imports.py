"""An admin uploads a file in pieces, sees what would come of it, and has it imported."""

import os
import secrets
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import trio

from chat.domain.entities import Person
from chat.domain.messages.files import clean_file_name
from chat.domain.refusals import Code, Refusal
from chat.features.transfers.transfers import Transfer, Transfers
from chat.storage.disk_space import space_left

MOST_OF_A_PIECE = 4 << 20
"""Bytes of a piece: it is held in memory, and begins again if the connection breaks off."""

NO_IMPORT = Refusal(Code.NOT_FOUND, "there is no import, or its time is over", reason="no_import")
IMPORT_THERE = Refusal(
    Code.CONFLICT, "an import is there already: finish it, or delete it", reason="import_there"
)
NO_SPACE = Refusal(Code.TOO_BIG, "the server's disk has too little space", reason="transfer_no_space")
OTHER_PLACE = Refusal(
    Code.CONFLICT, "the file goes on at another byte: ask for the import", reason="upload_elsewhere"
)
PIECE_TOO_BIG = Refusal(Code.TOO_BIG, f"a piece has at most {MOST_OF_A_PIECE} bytes", reason="piece_too_big")
NOT_READY = Refusal(Code.CONFLICT, "the import can't be started now", reason="import_not_ready")
NOT_RUNNING = Refusal(Code.CONFLICT, "nothing of the import is running", reason="import_not_running")


async def begin(
    transfers: Transfers, by: Person, source: str, file_name: str, size: int, place: Path
) -> Transfer | Refusal:
    """Begin an upload of so many bytes. Raises StorageDown, OutcomeUnknown and OSError.

    Cancelling: it has begun, or not.
    """
    if not await trio.to_thread.run_sync(_has_space, place, size):
        return NO_SPACE
    name = clean_file_name(file_name)
    return await transfers.begin_import(secrets.token_hex(16), by.id, source, name, size) or IMPORT_THERE


async def receive(
    transfers: Transfers, at: int, pieces: AsyncIterator[bytes], place: Path
) -> Transfer | Refusal:
    """Add a piece of the file, which begins at a byte. With the last one the check is due.

    Raises StorageDown, OutcomeUnknown and OSError. Cancelling: the piece counts as a whole, or not at all.
    """
    found = await transfers.find("import")
    if found is None:
        return NO_IMPORT
    piece = bytearray()
    async for part in pieces:
        piece += part
        if len(piece) > MOST_OF_A_PIECE:
            return PIECE_TOO_BIG
    if found.step != "upload" or at != found.received or at + len(piece) > (found.size or 0):
        return OTHER_PLACE
    if not await trio.to_thread.run_sync(_has_space, place, len(piece)):
        return NO_SPACE
    path = place / f"{found.name}.upload"
    await trio.to_thread.run_sync(partial(_write, path, bytes(piece), at))
    return await transfers.receive(found.name, at, len(piece)) or OTHER_PLACE


def _has_space(place: Path, wanted: int) -> bool:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return space_left(place) >= wanted


def _write(path: Path, piece: bytes, at: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with open(descriptor, "wb", buffering=0) as file:
        file.seek(at)
        view = memoryview(piece)
        while view:
            view = view[file.write(view) :]
        os.fsync(descriptor)
