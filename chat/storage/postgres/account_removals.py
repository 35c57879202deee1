"""Removed accounts in PostgreSQL: the account itself at once, and its messages in windows of the log."""

import secrets
import time
from collections.abc import Sequence
from functools import partial

import asyncpg

from chat.domain.accounts.account_removal import (
    How,
    OpenRemoval,
    RemovedAccount,
    Window,
    end_act,
    nameless,
    removal_act,
)
from chat.domain.messages.changes import Deletion, Reaction
from chat.domain.text.rules import same_name_key
from chat.domain.text.skeletons import name_skeletons
from chat.storage.postgres import account_removal_queries as queries
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.people import people_of
from chat.storage.postgres.session import ASYNC_COMMIT, Connection


class PostgresAccountRemovals:
    """The port `AccountRemovals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accounts(self) -> list[RemovedAccount]:
        rows = await self._database.read(lambda connection: connection.fetch(queries.ACCOUNTS))
        return [RemovedAccount(**(dict(row) | {"how": How(row["how"])})) for row in rows]

    async def remove_again(self, accounts: Sequence[RemovedAccount]) -> int:
        count = 0
        for account in accounts:
            count += await self._database.write(partial(_remove_again, account=account))
        return count

    async def claim(self, by: int, seconds: float, settled_after: float) -> OpenRemoval | None:
        row = await self._database.write(lambda c: c.fetchrow(queries.CLAIM, by, seconds, settled_after))
        if row is None:
            return None
        return OpenRemoval(row["user_id"], How(row["how"]), row["done_id"], row["is_settled"])

    async def window(self, person_id: int, after_id: int, most: int) -> Window:
        async def window(connection: Connection) -> Window:
            end = await connection.fetchval(queries.END)
            last_id = min(after_id + queries.WINDOW, end)
            rows = await connection.fetch(queries.TO_REMOVE, person_id, after_id, last_id, most)
            if len(rows) == most:
                last_id = rows[-1]["id"]
                if rows[0]["id"] < last_id:  # there may be more of the last message
                    rows = [row for row in rows if row["id"] < last_id]
                    last_id -= 1
            held = next((row["id"] for row in rows if row["is_held"]), None)
            if held is not None:
                rows, last_id = [row for row in rows if row["id"] < held], held - 1
            writes = [_write_of(row, person_id) for row in rows]
            return Window(writes, last_id, last_id >= end, is_held=held is not None)

        return await self._database.read(window)

    async def clear(self, person_id: int, after_id: int, last_id: int) -> None:
        async def clear(connection: Connection) -> None:
            await connection.execute(ASYNC_COMMIT)  # a step that a crash undoes is repeated
            for query in queries.CLEAR:
                await connection.execute(query, person_id, after_id, last_id)
            await connection.execute(queries.GO_ON, person_id, last_id)

        await self._database.write(clear)

    async def postpone(self, person_id: int, seconds: float) -> None:
        await self._database.write_statement(lambda c: c.execute(queries.POSTPONE, person_id, seconds))

    async def finish(self, person_id: int) -> None:
        async def finish(connection: Connection) -> None:
            if await connection.fetchval(queries.KEEPS_NAME, person_id):
                await connection.execute(queries.LOCK_NAMES)  # before any row, as others do
            row = await connection.fetchrow(queries.FINISH, person_id)
            if row is None:
                return  # another server was faster
            how = row["how"]
            if row["keeps_name"] and how != How.LEAVE:
                await _remove_names(connection, person_id)
            for query in (*queries.OF_NAMELESS, *(queries.OF_ERASED if how == How.ERASE else ())):
                await connection.execute(query, person_id)
            if how == How.ERASE:
                await note(connection, [end_act(person_id)])

        await self._database.write(finish)


async def remove_account(
    connection: Connection, person_id: int, how: How, by_id: int | None, detail: str = ""
) -> bool:
    """Remove an account, in the caller's transaction; asyncio-flavoured. False: it is removed already, or never was."""
    before = await connection.fetchval(queries.HOW, person_id)
    if before is None or (before and not how.removes_more_than(How(before))):
        return False
    is_held = await connection.fetchval(queries.IS_HELD, person_id)
    if how is How.LEAVE or is_held:
        await connection.execute(queries.DELETE, person_id)
    else:
        await _remove_names(connection, person_id)
    await connection.execute(queries.NOTE, person_id, how)
    if is_held:
        await connection.execute(queries.KEEP_NAME, person_id)
    await note(connection, [removal_act(person_id, how, by_id, detail)])
    return True


async def _remove_again(connection: Connection, account: RemovedAccount) -> bool:
    await connection.execute(queries.LOCK_NAMES)
    is_there = await connection.fetchval(queries.LOCK_CREATED, account.person, account.created)
    return bool(is_there) and await remove_account(
        connection, account.person, account.how, None, "again, after a restore"
    )


async def _remove_names(connection: Connection, person_id: int) -> None:
    name, looks = await _free_name(connection, person_id)
    await connection.execute(queries.DELETE_WITH_NAMES, person_id, name, same_name_key(name))
    await connection.execute(queries.ADD_LOOKS, person_id, looks)


async def _free_name(connection: Connection, person_id: int) -> tuple[str, list[str]]:
    """Return a name for somebody without one, and its skeletons; the caller has locked the names."""
    name = nameless(person_id)
    while await connection.fetchval(
        queries.IS_TAKEN, same_name_key(name), [*name_skeletons(name)], person_id
    ):
        name = nameless(person_id, secrets.token_hex(4))
    return name, [*name_skeletons(name)]


def _write_of(row: asyncpg.Record, person_id: int) -> Deletion | Reaction:
    where, people = (row["room_id"], row["seq"]), people_of(row)
    if row["emoji"] is None:
        return Deletion(*where, person_id, time.time(), people)
    return Reaction(*where, person_id, row["emoji"], False, time.time(), people)
