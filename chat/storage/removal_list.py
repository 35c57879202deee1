"""The list of removed accounts beside the database: a restore of an older backup removes them again.

It is the file `removed-accounts.jsonl` in the data directory, outside of PostgreSQL's files. Each line has the id of
the database, the id of the person, when the account was made and removed, and how. It has no names.
"""

import os
import secrets
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
import structlog
import trio

from chat.domain.accounts.account_removal import ListedRemoval, RemovedAccount
from chat.domain.ports import AccountRemovals
from chat.durable import sync_directory

NAME = "removed-accounts.jsonl"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ListedRemoval).decode

logger = structlog.get_logger(__name__)


async def remove_listed(removals: AccountRemovals, path: Path, store_id: str) -> int:
    """Remove the listed accounts that a restored database still has; return how many.

    Lines of other databases are ignored, and those of people who have the id of a listed person but another account.
    Raises OSError and StorageError. Cancelling: some are removed; call it again for the others.
    """
    return await removals.remove_again(await trio.to_thread.run_sync(read_removals, path, store_id))


async def list_removals(removals: AccountRemovals, path: Path, store_id: str) -> None:
    """Add the removed accounts of the database to the list, durably; lines that it has already stay.

    Raises OSError and StorageError. Cancelling: the list is the earlier one or the new one.
    """
    await trio.to_thread.run_sync(partial(_add, path, UUID(store_id), await removals.accounts()))


def read_removals(path: Path, store_id: str) -> list[RemovedAccount]:
    """Return the accounts that are listed for this database; without a file there are none. It blocks.

    Raises OSError.
    """
    return [*_read(path).get(UUID(store_id), {}).values()]


def _read(path: Path) -> dict[UUID, dict[tuple[int, int], RemovedAccount]]:
    """Return the listed accounts by database and by person; a later line replaces an earlier one."""
    listed: dict[UUID, dict[tuple[int, int], RemovedAccount]] = {}
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    for number, line in enumerate(lines, start=1):
        try:
            each = _decode(line)
        except msgspec.DecodeError as error:
            logger.warning(
                "removed account not read from the list", file=str(path), line=number, reason=str(error)
            )
        else:
            account = RemovedAccount(each.person, each.created, each.how, each.removed)
            listed.setdefault(each.store, {})[each.person, each.created] = account
    return listed


def _add(path: Path, store_id: UUID, accounts: list[RemovedAccount]) -> None:
    before = _read(path)
    own = before.get(store_id, {})
    now = own | {(each.person, each.created): each for each in accounts}
    if now == own:
        return
    lines = [
        _encode(ListedRemoval(each.person, each.created, each.how, each.removed, store))
        for store, listed in (before | {store_id: now}).items()
        for each in listed.values()
    ]
    new = path.with_name(f".{NAME}.{secrets.token_hex(8)}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b"\n".join(lines) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    sync_directory(path.parent)
