"""The WAL that messages cost: as many as are sent between two checkpoints, one at a time."""

import json
import time
from contextlib import ExitStack
from typing import NamedTuple

from chat.client.message_keys import new_key
from chat.domain.entities import LOBBY_ID
from tests.campaign.volume.calls import PATIENCE, World
from tests.support.saved import execute_sql, fetch_sql

RATE = 10
"""Messages a second for which the WAL is measured,"""
SENDERS = 60
"""by so many people."""

_SETTING = "SELECT setting::float FROM pg_settings WHERE name = 'checkpoint_timeout'"
_STATE = "SELECT wal_bytes, wal_fpi, pg_current_wal_insert_lsn()::text AS lsn FROM pg_stat_wal"
_BEHIND = """
SELECT (SELECT last_id FROM lanes) - coalesce((SELECT last_id FROM words_written), 0) AS behind"""


class Wal(NamedTuple):
    """Bytes of WAL and page images a message; `begun` and `ended` are places in the WAL."""

    messages: int
    bytes: float
    images: float
    rate: float
    begun: str
    ended: str


def measure_wal(world: World, messages: int | None = None) -> Wal:
    """Have SENDERS send the messages that RATE gives between two checkpoints, each after the one before is saved."""
    address = world.server.address
    if messages is None:
        messages = int(RATE * fetch_sql(address, _SETTING)[0][0])
    texts = [row["text"] for row in fetch_sql(address, _TEXTS, messages)]
    execute_sql(address, _PASSWORDS, SENDERS)
    with ExitStack() as stack:
        senders = [
            (stack.enter_context(world.socket(row["name"])), row["rooms"])
            for row in fetch_sql(address, _SENDERS, SENDERS)
        ]
        execute_sql(address, "CHECKPOINT")
        began, begun = fetch_sql(address, _STATE)[0], time.monotonic()
        for number, text in enumerate(texts, 2):
            socket, rooms = world.chance.choice(senders)
            message = {"room": world.chance.choice(rooms), "key": new_key(), "text": text}
            socket.send(json.dumps({"type": "send", "id": number, **message}))
            while json.loads(socket.recv(PATIENCE)).get("id") != number:
                pass
    took = time.monotonic() - begun
    while fetch_sql(address, _BEHIND)[0]["behind"]:
        time.sleep(0.1)
    ended = fetch_sql(address, _STATE)[0]
    return Wal(
        len(texts),
        float(ended["wal_bytes"] - began["wal_bytes"]) / len(texts),
        (ended["wal_fpi"] - began["wal_fpi"]) / len(texts),
        len(texts) / took,
        began["lsn"],
        ended["lsn"],
    )


_TEXTS = "SELECT text FROM messages WHERE deleted_at IS NULL AND id % 7 = 3 ORDER BY id LIMIT $1"
# All authors have the admin's password.
_PASSWORDS = """
UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = 1)
WHERE id BETWEEN 2 AND $1 AND deleted_at IS NULL"""
_SENDERS = f"""
SELECT name, array_agg(room_id) || ARRAY[{LOBBY_ID}::bigint, {LOBBY_ID}] AS rooms
FROM users JOIN memberships ON user_id = users.id WHERE users.id <= $1 AND deleted_at IS NULL GROUP BY name"""
