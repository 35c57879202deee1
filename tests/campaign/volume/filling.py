"""Fills the database of a running, idle server with the rows that it would have written itself, in bulk.

A thousand entries of the log are a period: 950 messages, 20 edits, 5 deletions and 25 reactions, in the lobby, rooms of
different sizes and direct conversations. A period repeats with the next numbers, so that each entry's `id`, `seq` and
`pos` follow from its place alone. Indexes are built afterwards; the one of keys half full, as it grows.
"""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from bench.searching import Words
from chat.domain.entities import LOBBY_ID
from chat.domain.text.skeletons import name_skeletons
from chat.features.search.queries import vector_of
from chat.features.search.words import words_of

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

PERIOD = 1000
MESSAGES = 950
"""Entries of the log in a period, and how many are messages."""
AUTHORS = 100
PLACES = 100
"""Rooms that people speak in, beside the lobby and the direct conversations."""
BIG = 2
"""The largest room: 26 of 950 messages."""
PAIRS = 100
FIRST_DIRECT = BIG + PLACES
POOL = 50_000
"""Texts that messages are made of."""
FILE = b"what a file of the volume run has in it"

COMMON, MIDDLING, RARE = "commonest", "middling", "rarest"
"""Words of each third message, of each two hundredth, and of three."""

_CHUNK = 500_000
_APART = 65_536
"""Ids after which the search's index may add a partition."""

_SHARES = (("lobby", 300), ("big", 26), ("room", 500), ("small", 74), ("direct", 100))


class Slot(NamedTuple):
    """One entry of a period. In rooms that take turns, `turns` of them, each has it in every `turns`-th period."""

    slot: int
    room: int
    turns: int
    kind: str
    seq: int
    pos: int
    seqs: int
    poss: int
    changed_pos: int | None
    changed: str | None


def slots() -> list[Slot]:
    """Return the entries of a period in their order: the same each time."""
    chance = random.Random(2)
    rooms: list[tuple[int, int]] = []
    for what, count in _SHARES:
        for number in range(count):
            match what:
                case "lobby":
                    rooms.append((LOBBY_ID, 1))
                case "big":
                    rooms.append((BIG, 1))
                case "room":  # nineteen of decreasing size
                    rooms.append((BIG + 1 + int(19 * (number / count) ** 2), 1))
                case "small":
                    rooms.append((BIG + 20, PLACES - 20))
                case "direct":
                    rooms.append((FIRST_DIRECT, PAIRS))
    chance.shuffle(rooms)
    changes = ["edited"] * 20 + ["deleted"] * 5 + ["reacted"] * 25
    chance.shuffle(changes)
    seqs, poss = Counter[int](), Counter[int]()
    newest: dict[int, list[int]] = {}
    kinds: dict[tuple[int, int], tuple[str, int]] = {}
    made: list[tuple[int, int, int, str, int, int]] = []
    for slot, (room, turns) in enumerate(rooms):
        poss[room] += 1
        if slot % 10 == 9 and newest.get(room) and changes:
            kind, seq = changes.pop(), newest[room].pop()
            kinds[room, seq] = kind, poss[room]
        else:
            seqs[room] += 1
            kind, seq = "message", seqs[room]
            newest.setdefault(room, []).append(seq)
        made.append((slot, room, turns, kind, seq, poss[room]))
    assert not changes
    return [
        Slot(slot, room, turns, kind, seq, pos, seqs[room], poss[room], changed[1], changed[0])
        for slot, room, turns, kind, seq, pos in made
        for changed in [kinds.get((room, seq), (None, None)) if kind == "message" else (None, None)]
    ]


class Filled(NamedTuple):
    """How many rows there are, and the seconds that it took."""

    messages: int
    people: int
    rooms: int
    took: float


def people_of(messages: int) -> int:
    """Return how many people there are beside so many messages."""
    return max(messages // 100, 10 * AUTHORS)


async def fill(address: dict[str, Any], messages: int) -> Filled:
    """Fill the database with about so many messages. It has one person, with the id 1, who becomes a member and admin.

    The caller restarts the server, which has not seen the rows.
    """
    began = time.monotonic()
    connection: Connection = await asyncpg.connect(**address, command_timeout=3600)
    try:
        await connection.execute(_SESSION)
        await _people(connection, people_of(messages))
        rooms = max(messages // 1000, 2 * PLACES)
        await connection.execute(_ROOMS, BIG, BIG + PLACES - 1)
        await connection.execute(_DIRECT)
        await connection.execute(_ROOMS, FIRST_DIRECT + PAIRS, rooms + PAIRS + 1)
        await connection.execute("SELECT setval(pg_get_serial_sequence('rooms', 'id'), max(id)) FROM rooms")
        await _pool(connection)
        definitions = await _drop_indexes(connection)
        periods = -(-messages // MESSAGES)
        last = PERIOD * periods
        for newest in range(0, last + 1, _APART):
            await connection.execute("SELECT add_word_partition($1)", newest)
        for first in range(1, last + 1, _CHUNK):
            bounds = first, min(first + _CHUNK - 1, last), last
            for statement in (_MESSAGES, _CHANGES, _WORDS):
                await connection.execute(statement, *bounds)
        for statement in (_EDITS, _REACTIONS, _MENTIONS, _COUNTERS):
            await connection.execute(statement)
        await connection.execute(_FILES, hashlib.sha256(FILE).digest())
        for definition in definitions:
            await connection.execute(definition)
        await connection.execute("ALTER INDEX messages_client_key RESET (fillfactor)")
        async with connection.transaction():
            await connection.execute("UPDATE lanes SET last_id = $1", last)
            await connection.execute("UPDATE words_written SET last_id = $1, bucketed_from = 0", last)
            await connection.execute(
                "INSERT INTO words_written (id, last_id) VALUES (1, $1) ON CONFLICT DO NOTHING", last
            )
        await connection.execute("DROP TABLE pool; DROP TABLE slots")
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
        await check(connection)
        count = await connection.fetchval("SELECT count(*) FROM messages")
        return Filled(count, people_of(messages), rooms, time.monotonic() - began)
    finally:
        await connection.close()


async def check(connection: Connection) -> None:
    """Check that `seq` and `pos` of each room have no gap, and that words are as the server makes them."""
    assert await connection.fetch(_GAPS) == []
    rows = await connection.fetch(_SAMPLE)
    assert rows
    for row in rows:
        made = await connection.fetchval(
            "SELECT $1::text::tsvector",
            vector_of(row["text"], (), row["id"], row["room_id"], row["sender_id"]),
        )
        assert row["words"] == made, row["id"]


async def _people(connection: Connection, count: int) -> None:
    """Names of two made-up words and a number: parts of them are frequent, and rare."""
    words = Words(random.Random(3))
    names = [f"{words.draw()[:9]}{words.rare()[:9]}{number}" for number in range(2, count + 1)]
    made = await connection.fetch(_PEOPLE, names)
    looks = [(skeleton, row["id"]) for row in made for skeleton in name_skeletons(row["name"])]
    await connection.copy_records_to_table("name_skeletons", records=looks, columns=("skeleton", "user_id"))


async def _pool(connection: Connection) -> None:
    await connection.execute(
        "CREATE TABLE slots (slot int, room bigint, turns int, kind text, seq bigint, pos bigint,"
        " seqs bigint, poss bigint, changed_pos bigint, changed text)"
    )
    await connection.copy_records_to_table("slots", records=slots())
    await connection.execute("CREATE TABLE pool (nr bigint, text text, words tsvector)")

    def texts() -> Iterator[tuple[int, str, str]]:
        words = Words(random.Random(4))
        for number in range(POOL):
            text = words.text()
            yield number, text, " ".join(f"'{word}':{place}" for place, word in words_of(text))

    await connection.execute("CREATE TEMP TABLE texts (id bigint, text text, words text)")
    await connection.copy_records_to_table("texts", records=list(texts()))
    await connection.execute("INSERT INTO pool SELECT id, text, words::tsvector FROM texts; DROP TABLE texts")
    await connection.execute("ANALYZE pool; ANALYZE slots")


async def _drop_indexes(connection: Connection) -> list[str]:
    """Drop the indexes of the large tables, and what refers to them; return the statements that make them again."""
    references = await connection.fetch(_REFERENCES)
    for row in references:
        await connection.execute(f"ALTER TABLE {row['table']} DROP CONSTRAINT {row['constraint']}")
    statements = []
    for row in await connection.fetch(_INDEXES):
        if row["constraint"]:
            await connection.execute(f"ALTER TABLE {row['table']} DROP CONSTRAINT {row['constraint']}")
            statements.append(
                f"ALTER TABLE {row['table']} ADD CONSTRAINT {row['constraint']} {row['as_constraint']}"
            )
        else:
            await connection.execute(f"DROP INDEX {row['name']}")
            definition = row["definition"].replace(" ON ONLY ", " ON ")
            if row["name"] == "messages_client_key":
                definition = definition.replace(" WHERE ", " WITH (fillfactor = 50) WHERE ")
            statements.append(definition)
    statements += [
        f"ALTER TABLE {row['table']} ADD CONSTRAINT {row['constraint']} {row['as_constraint']}"
        for row in references
    ]
    return statements


# No trigger and no check of foreign keys; memory for building indexes.
_SESSION = """
SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB';
SET maintenance_work_mem = '512MB'; SET jit = off; SET enable_mergejoin = off"""

_PEOPLE = """
INSERT INTO users (name, name_key, password_hash)
SELECT name, name, '' FROM unnest($1::text[]) WITH ORDINALITY AS new(name, nth) ORDER BY nth
RETURNING id, name"""

# Rooms up to FIRST_DIRECT have each second author as a member, so that each sender is one; others have nobody.
_ROOMS = f"""
WITH made AS (
    INSERT INTO rooms (id, kind, name, name_key, creator_id, members)
    SELECT n, 'room', name, name, 2 - n % 2, CASE WHEN n < {FIRST_DIRECT} THEN {AUTHORS // 2} ELSE 0 END
    FROM generate_series($1::bigint, $2::bigint) AS n
    CROSS JOIN LATERAL (SELECT 'room ' || left(md5(n::text), 8) || ' ' || n AS name) AS called
    RETURNING id
)
INSERT INTO memberships (room_id, user_id, role, joined_seq)
SELECT id, person, CASE WHEN person <= 2 THEN 'owner' ELSE 'member' END, 0
FROM made CROSS JOIN generate_series(1, {AUTHORS}) AS person
WHERE id < {FIRST_DIRECT} AND person % 2 = id % 2"""

# Half of them are with person 1, the others with person 2.
_DIRECT = f"""
WITH pairs AS (
    SELECT {FIRST_DIRECT} + n AS id, 1 + n % 2 AS low, n + 3 AS high FROM generate_series(0, {PAIRS - 1}) AS n
), made AS (
    INSERT INTO rooms (id, kind) SELECT id, 'direct' FROM pairs
), joined AS (
    INSERT INTO memberships (room_id, user_id, joined_seq)
    SELECT id, person, 0 FROM pairs CROSS JOIN LATERAL unnest(ARRAY[low, high]) AS person
)
INSERT INTO direct_rooms (low_id, high_id, room_id) SELECT low, high, id FROM pairs"""

# $1 to $2 are ids, $3 is the last id of all; a year has passed over all of them.
_ENTRIES = f"""
SELECT id, slots.*, period / turns AS turn, room + period % turns AS room_id, hashint8(id) & 2147483647 AS chance,
    now() - interval '365 days' * (1 - id::float8 / $3) AS at
FROM generate_series($1::bigint, $2::bigint) AS id
CROSS JOIN LATERAL (SELECT (id - 1) / {PERIOD} AS period, (id - 1) % {PERIOD} AS nth) AS place
JOIN slots ON slots.slot = nth"""

_SENDER = f"""CASE WHEN room_id = {LOBBY_ID} THEN 1 + chance % {AUTHORS}
    WHEN room_id < {FIRST_DIRECT} THEN 2 * (chance % {AUTHORS // 2}) + 2 - room_id % 2
    WHEN chance % 2 = 0 THEN 1 + (room_id - {FIRST_DIRECT}) % 2 ELSE room_id - {FIRST_DIRECT} + 3 END"""

_SPOKEN = f"""
SELECT entry.*, {_SENDER} AS sender_id, turn * seqs + seq AS own_seq, pool.text AS pool_text, pool.words AS pool_words,
    id % 3 = 0 AS is_common, id % 200 = 7 AS is_middling,
    id IN ($3::bigint / 7, $3::bigint / 2, $3::bigint * 6 / 7) AS is_rare,
    slot % 100 = 7 AND room_id < {FIRST_DIRECT} AND changed IS DISTINCT FROM 'deleted' AS has_file
FROM ({_ENTRIES}) AS entry JOIN pool ON pool.nr = chance / 7 % {POOL} WHERE entry.kind = 'message'"""

_MESSAGES = f"""
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at, client_key, key_digest,
    changed_pos, edited_at, deleted_at, deleted_by, reply_seq, mentions, files)
SELECT id, room_id, own_seq, turn * poss + pos, sender_id, 'message',
    CASE WHEN changed = 'deleted' THEN '' ELSE pool_text || CASE WHEN is_common THEN ' {COMMON}' ELSE '' END
        || CASE WHEN is_middling THEN ' {MIDDLING}' ELSE '' END || CASE WHEN is_rare THEN ' {RARE}' ELSE '' END END,
    at, left(translate(encode(substr(int8send(ms), 3) || substr(digest, 1, 6), 'base64'), '+/', '-_'), 15),
    digest, turn * poss + changed_pos, CASE changed WHEN 'edited' THEN at END, CASE changed WHEN 'deleted' THEN at END,
    CASE changed WHEN 'deleted' THEN sender_id END, CASE WHEN slot % 20 = 5 AND own_seq > 1 THEN own_seq - 1 END,
    CASE WHEN slot % 50 = 3 AND room_id < {FIRST_DIRECT} THEN ARRAY[(sender_id + 1) % {AUTHORS} + 1] END,
    CASE WHEN has_file THEN '[[' || id || ',"plan.txt","text/plain",{len(FILE)},null,null]]' END
FROM ({_SPOKEN}) AS spoken CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM at) * 1000)::bigint AS ms, sha256(int8send(id)) AS digest
) AS key
ORDER BY id"""

_CHANGES = f"""
INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, emoji, is_on, created_at)
SELECT id, room_id, turn * poss + pos, turn * seqs + seq, kind, {_SENDER}, CASE kind WHEN 'reacted' THEN '👍' END,
    CASE kind WHEN 'reacted' THEN true END, at
FROM ({_ENTRIES}) AS entry WHERE kind <> 'message'"""

_WORDS = f"""
INSERT INTO message_words (id, room_id, words)
SELECT id, room_id, pool_words || CASE WHEN is_common THEN '{COMMON}:1'::tsvector ELSE '' END
    || CASE WHEN is_middling THEN '{MIDDLING}:1'::tsvector ELSE '' END
    || CASE WHEN is_rare THEN '{RARE}:1'::tsvector ELSE '' END
    || CASE WHEN has_file THEN 'plan:1 txt:2'::tsvector ELSE '' END
    || array_to_tsvector(ARRAY['#' || room_id, '@' || sender_id, '~' || (id >> 16)])
FROM ({_SPOKEN}) AS spoken WHERE changed IS DISTINCT FROM 'deleted' ORDER BY id"""

_EDITS = """
INSERT INTO edits (room_id, seq, pos, text, created_at)
SELECT room_id, seq, changed_pos, 'before ' || text, created_at FROM messages WHERE edited_at IS NOT NULL"""
_REACTIONS = """
INSERT INTO reactions (room_id, seq, emoji, person_id)
SELECT room_id, seq, emoji, actor_id FROM changes WHERE kind = 'reacted'"""
_MENTIONS = """
INSERT INTO mentions (room_id, person_id, seq, id, sender_id)
SELECT room_id, mentions[1], seq, id, sender_id FROM messages WHERE mentions IS NOT NULL AND deleted_at IS NULL"""
_FILES = f"""
INSERT INTO files (id, room_id, owner_id, seq, name, type, size, digest, created_at) OVERRIDING SYSTEM VALUE
SELECT id, room_id, sender_id, seq, 'plan.txt', 'text/plain', {len(FILE)}, $1::bytea, created_at
FROM messages WHERE files IS NOT NULL"""
_COUNTERS = """
WITH said AS (SELECT room_id, max(seq) AS seq, max(pos) AS pos FROM messages GROUP BY room_id),
changed AS (SELECT room_id, max(pos) AS pos FROM changes GROUP BY room_id),
file AS (SELECT setval(pg_get_serial_sequence('files', 'id'), (SELECT max(id) FROM files)))
UPDATE rooms SET last_seq = said.seq, last_pos = greatest(said.pos, changed.pos),
    last_sender_id = CASE kind WHEN 'direct' THEN 1 + id % 2 END, last_other_seq = said.seq - 1
FROM file, said LEFT JOIN changed USING (room_id) WHERE rooms.id = said.room_id"""

_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS table, c.conname AS constraint,
    pg_get_indexdef(i.indexrelid) AS definition, pg_get_constraintdef(c.oid) AS as_constraint
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid IN ('messages'::regclass, 'message_words'::regclass, 'changes'::regclass)
ORDER BY i.indexrelid"""

_REFERENCES = """
SELECT conrelid::regclass::text AS table, conname AS constraint, pg_get_constraintdef(oid) AS as_constraint
FROM pg_constraint
WHERE contype = 'f' AND confrelid IN ('messages'::regclass, 'message_words'::regclass, 'changes'::regclass)"""

_GAPS = """
WITH entry AS (SELECT room_id, pos, seq FROM messages UNION ALL SELECT room_id, pos, NULL FROM changes),
found AS (
    SELECT room_id, count(*) AS entries, max(pos) AS pos, count(seq) AS messages, max(seq) AS seq
    FROM entry GROUP BY room_id
)
SELECT id FROM rooms LEFT JOIN found ON room_id = id
WHERE (last_pos, last_seq) <> (coalesce(entries, 0), coalesce(messages, 0))
    OR (last_pos, last_seq) <> (coalesce(pos, 0), coalesce(seq, 0))"""
_SAMPLE = """
SELECT m.id, m.room_id, m.sender_id, m.text || CASE WHEN files IS NULL THEN '' ELSE ' plan.txt' END AS text, words
FROM messages m JOIN message_words w USING (id) ORDER BY m.id DESC LIMIT 300"""
