"""Old support conversations in PostgreSQL."""

from chat.domain.accounts.account_removal import How
from chat.domain.accounts.program_names import NOT_OF_PROGRAM
from chat.domain.entities import Peer
from chat.features.retention import statements
from chat.features.retention.conversations import Idle, OldVisitor
from chat.features.retention.rules import Expired, Kind, Rules
from chat.storage.postgres.account_removals import remove_account
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.user_queries import LOCK_NAMES

# The newest message of the room `r`.
_NEWEST = """
LEFT JOIN LATERAL (
    SELECT created_at FROM messages WHERE room_id = r.id AND seq = r.last_seq LIMIT 1
) AS newest ON true"""
# Nothing was opened, closed or assigned since. $1 are the days.
_NO_CHANGE = """NOT EXISTS (
    SELECT FROM changes
    WHERE room_id = r.id AND kind = 'support' AND changes.created_at >= now() - $1::integer * interval '1 day'
)"""
_ROOM_HELD = """EXISTS (
    SELECT FROM retention_holds WHERE kind = 'server' OR (kind = 'room' AND target_id = r.id)
)"""

_IDLE = f"""
FROM rooms r JOIN users ON users.id = r.creator_id AND users.deleted_at IS NULL {_NEWEST}
WHERE $1 > 0 AND r.kind = 'support' AND NOT r.is_closed AND r.deleted_at IS NULL
    AND newest.created_at < now() - $1::integer * interval '1 day' AND {_NO_CHANGE} AND NOT {_ROOM_HELD}"""
IDLE = f"""
SELECT r.id AS room_id, r.last_pos, users.id AS person_id, users.name {_IDLE} AND r.id > $2 ORDER BY r.id LIMIT $3"""
IDLE_COUNT = f"SELECT count(*) AS count, extract(epoch FROM min(newest.created_at))::float8 AS oldest {_IDLE}"

# Who is on hold, and wrote there, keeps the whole conversation.
_OLD = f"""
FROM users u
LEFT JOIN rooms r ON r.creator_id = u.id AND r.kind = 'support' AND r.deleted_at IS NULL {_NEWEST}
WHERE $1 > 0 AND u.is_visitor AND u.deleted_at IS NULL AND {NOT_OF_PROGRAM.format(name="u.name")}
    AND (r.is_closed OR newest.created_at IS NULL)
    AND coalesce(newest.created_at, u.created_at) < now() - $1::integer * interval '1 day'
    AND {_NO_CHANGE} AND NOT {_ROOM_HELD} AND NOT EXISTS (
        SELECT FROM retention_holds AS hold WHERE hold.kind = 'person' AND (
            target_id = u.id OR EXISTS (SELECT FROM messages WHERE room_id = r.id AND sender_id = target_id)
        )
    )"""
OLD = f"SELECT u.id AS person_id, r.id AS room_id {_OLD} AND u.id > $2 ORDER BY u.id LIMIT $3"
STILL_OLD = f"SELECT true {_OLD} AND u.id = $2 AND r.id IS NOT DISTINCT FROM $3"
OLD_COUNT = (
    "SELECT count(*) AS count, extract(epoch FROM min(coalesce(newest.created_at, u.created_at)))::float8 AS oldest"
    f" {_OLD}"
)
# The order in which the journal locks them.
LOCK_ROOM = "SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE"
LOCK_PERSON = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE"
# All messages of a visitor are in the conversation, which goes as a whole: no message is deleted by itself.
SKIP_LOG = "UPDATE account_removals SET done_id = (SELECT last_id FROM lanes WHERE id = 1) WHERE user_id = $1"


class PostgresOldConversations:
    """The port `OldConversations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def idle(self, rules: Rules, after_id: int, limit: int) -> list[Idle]:
        rows = await self._database.read(lambda c: c.fetch(IDLE, rules.support_close_days, after_id, limit))
        return [Idle(row["room_id"], Peer(row["person_id"], row["name"]), row["last_pos"]) for row in rows]

    async def old_visitors(self, rules: Rules, after_id: int, limit: int) -> list[OldVisitor]:
        rows = await self._database.read(lambda c: c.fetch(OLD, rules.support_remove_days, after_id, limit))
        return [OldVisitor(row["person_id"], row["room_id"]) for row in rows]

    async def remove_visitor(self, by: int, rules: Rules, visitor: OldVisitor) -> bool:
        async def remove(connection: Connection) -> bool:
            await connection.execute(LOCK_NAMES)  # before any row, as others do
            if not await connection.fetchval(statements.IS_MINE, by):
                return False
            await connection.execute(LOCK_ROOM, visitor.room_id)
            await connection.execute(LOCK_PERSON, visitor.person_id)
            days = rules.support_remove_days
            if not await connection.fetchval(STILL_OLD, days, visitor.person_id, visitor.room_id):
                return False
            removed = await remove_account(
                connection, visitor.person_id, How.ERASE, None, f"conversation closed for {days} days"
            )
            await connection.execute(SKIP_LOG, visitor.person_id)
            return removed

        return await self._database.write(remove)

    async def expired(self, rules: Rules) -> list[Expired]:
        async def count(connection: Connection) -> list[Expired]:
            found = []
            for kind, query, days in (
                (Kind.IDLE, IDLE_COUNT, rules.support_close_days),
                (Kind.VISITORS, OLD_COUNT, rules.support_remove_days),
            ):
                row = await connection.fetchrow(query, days)
                assert row is not None
                found.append(Expired(kind, row["count"], row["oldest"]))
            return found

        return await self._database.read(count)
