"""How a person logs in, for those that remove one way: the last one is not removed."""

import msgspec

from chat.domain.accounts.passwords import has_password
from chat.storage.postgres.session import Connection

# Removing a way locks the person first. The ways are read by a second statement: one that waits for a lock does not see
# the rows that another transaction removed meanwhile.
_LOCK = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
_WAYS_IN = """
SELECT password_hash, (SELECT count(*) FROM passkeys WHERE user_id = users.id) AS passkeys,
       EXISTS (SELECT FROM identities WHERE user_id = users.id AND issuer = $2) AS is_linked
FROM users WHERE id = $1"""


class WaysIn(msgspec.Struct, frozen=True):
    """A password, so many passkeys, and an identity of the provider."""

    has_password: bool
    passkeys: int
    is_linked: bool


async def lock_ways_in(connection: Connection, person_id: int, issuer: str | None) -> WaysIn | None:
    """Lock a person, and return how they may log in; None: they are gone. Without an issuer nobody is linked."""
    if not await connection.fetchval(_LOCK, person_id):
        return None
    row = await connection.fetchrow(_WAYS_IN, person_id, issuer)
    assert row is not None  # it is locked
    return WaysIn(has_password(row["password_hash"].encode()), row["passkeys"], row["is_linked"])
