"""Subscriptions in PostgreSQL."""

from chat.features.push.keys import new_private_key
from chat.features.push.subscriptions import PushState, Subscription
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_KEY = "SELECT private FROM push_keys WHERE id = 1"
_MAKE_KEY = "INSERT INTO push_keys (id, private) VALUES (1, $1) ON CONFLICT (id) DO NOTHING"

_STATE = """
SELECT EXISTS (SELECT FROM push_subscriptions WHERE session_id = $2) AS is_subscribed,
       coalesce((SELECT has_text FROM push_choices WHERE user_id = $1), true) AS has_text"""

# The lock on the session's row: it ends before this, and then there is no row, or after this, with the subscription.
_SESSION = "SELECT true FROM sessions WHERE id = $1 AND user_id = $2 AND family IS NOT NULL FOR KEY SHARE"
_REPLACE = "DELETE FROM push_subscriptions WHERE endpoint = $1 AND session_id <> $2"
_SUBSCRIBE = """
INSERT INTO push_subscriptions (session_id, user_id, endpoint, p256dh, auth) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (session_id) DO UPDATE SET endpoint = $3, p256dh = $4, auth = $5, held_until = NULL
WHERE (push_subscriptions.endpoint, push_subscriptions.p256dh, push_subscriptions.auth) <> ($3, $4, $5)"""

# Two browsers with one endpoint at the same moment: one after the other.
_LOCK = f"SELECT pg_advisory_xact_lock({0x70757368}, hashtext($1))"  # "push"

_UNSUBSCRIBE = "DELETE FROM push_subscriptions WHERE session_id = $1"
_FORGET = "DELETE FROM push_subscriptions WHERE session_id = $1 AND endpoint = $2"
_CHOOSE = """
INSERT INTO push_choices (user_id, has_text) SELECT id, $2 FROM users WHERE id = $1
ON CONFLICT (user_id) DO UPDATE SET has_text = $2"""
_OF_SESSION = """
SELECT session_id, user_id AS person_id, endpoint, p256dh, auth FROM push_subscriptions WHERE session_id = $1"""

_OF_PERSON = """
SELECT s.session_id, s.user_id AS person_id, s.endpoint, s.p256dh, s.auth FROM push_subscriptions AS s
JOIN sessions ON sessions.id = s.session_id AND sessions.expires_at > now()
JOIN users ON users.id = s.user_id AND users.disabled_at IS NULL AND users.deleted_at IS NULL
WHERE s.user_id = $1 ORDER BY s.session_id"""


class PostgresSubscriptions:
    """The port `Subscriptions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def private_key(self) -> bytes:
        async def make(connection: Connection) -> bytes:
            await connection.execute(_MAKE_KEY, new_private_key())
            return bytes(await connection.fetchval(_KEY))

        found = await self._database.read(lambda c: c.fetchval(_KEY))
        return await self._database.write(make) if found is None else bytes(found)

    async def state(self, person_id: int, session_id: int | None) -> PushState:
        row = await self._database.read(lambda c: c.fetchrow(_STATE, person_id, session_id))
        assert row is not None
        return PushState(row["is_subscribed"], row["has_text"])

    async def subscribe(self, subscription: Subscription) -> bool:
        async def subscribe(connection: Connection) -> bool:
            each = subscription
            await connection.execute(_LOCK, each.endpoint)
            if not await connection.fetchval(_SESSION, each.session_id, each.person_id):
                return False
            await connection.execute(_REPLACE, each.endpoint, each.session_id)
            await connection.execute(
                _SUBSCRIBE, each.session_id, each.person_id, each.endpoint, each.p256dh, each.auth
            )
            return True

        return await self._database.write(subscribe)

    async def unsubscribe(self, session_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_UNSUBSCRIBE, session_id))

    async def choose_text(self, person_id: int, has_text: bool) -> None:
        await self._database.write_statement(lambda c: c.execute(_CHOOSE, person_id, has_text))

    async def of_session(self, session_id: int) -> Subscription | None:
        row = await self._database.read(lambda c: c.fetchrow(_OF_SESSION, session_id))
        return None if row is None else Subscription(**row)

    async def of_person(self, person_id: int) -> list[Subscription]:
        rows = await self._database.read(lambda c: c.fetch(_OF_PERSON, person_id))
        return [Subscription(**row) for row in rows]

    async def forget(self, session_id: int, endpoint: str) -> None:
        await self._database.write_statement(lambda c: c.execute(_FORGET, session_id, endpoint))


async def count_subscriptions(connection: Connection) -> list[tuple[str, str, float]]:
    """Return how many browsers receive pushes, as a metric; asyncio-flavoured."""
    count = await connection.fetchval("SELECT count(*) FROM push_subscriptions")
    return [("chat_push_subscriptions", "Browsers that receive pushes", count)]
