"""The statements of `search.py`.

What is in many messages is soon found among the newest, one by one; what is in few, by the index. The other way round
each takes seconds, and PostgreSQL can't tell beforehand: so the newest are looked at first, and the index is asked
only if they do not suffice.
"""

from chat.storage.postgres.timeline_queries import MESSAGE, MINE

NEWEST = 3000
"""Messages that are looked at one by one."""

# $1 is the person, $2 what is asked for, $3 the room or NULL, $4 and $5 bound the ids, from and below. A text that is
# cast to what is asked for would be read again for each row. Ids with something added are not looked up by their index,
# which the planner may take for the shorter way.
_MINE = f"""{MINE}, inside AS MATERIALIZED (
    SELECT id FROM mine WHERE $3::bigint IS NULL OR id = $3
)"""

BOUNDS = """
SELECT CASE WHEN $1::float8 IS NULL THEN 0 ELSE id_at(to_timestamp($1)) END AS low,
       CASE WHEN $2::float8 IS NULL THEN $3::bigint ELSE least($3::bigint, id_at(to_timestamp($2))) END AS high"""

AMONG_NEWEST = f"""
WITH {_MINE}, newest AS MATERIALIZED (
    SELECT id, room_id, words FROM message_words
    WHERE id >= $4::bigint AND id < $5::bigint ORDER BY id DESC LIMIT {NEWEST}
)
SELECT newest.id, ts_rank(newest.words, $2::tsquery) AS rank
FROM newest JOIN inside ON inside.id = newest.room_id WHERE newest.words @@ $2::tsquery
ORDER BY newest.id DESC LIMIT $6"""

# How many of the newest have what is asked for, how many are in the person's rooms, and which rooms those are.
WEIGH = f"""
WITH {_MINE}, newest AS MATERIALIZED (
    SELECT room_id, words FROM message_words
    WHERE id >= $4::bigint AND id < $5::bigint ORDER BY id DESC LIMIT {NEWEST}
)
SELECT count(*) FILTER (WHERE newest.words @@ $2::tsquery) AS found, count(inside.id) AS inside,
       ARRAY(SELECT id FROM inside LIMIT $6) AS rooms
FROM newest LEFT JOIN inside ON inside.id = newest.room_id"""

BY_INDEX = f"""
WITH {_MINE}, found AS MATERIALIZED (
    SELECT id, room_id, words FROM message_words
    WHERE words @@ $2::tsquery AND id + 0 >= $4::bigint AND id + 0 < $5::bigint
), newest AS MATERIALIZED (
    SELECT found.* FROM found JOIN inside ON inside.id = found.room_id ORDER BY found.id DESC LIMIT $6
)
SELECT id, ts_rank(words, $2::tsquery) AS rank FROM newest ORDER BY id DESC"""

# $1 is the person, $2 are ids, in the order in which they are told.
FOUND = f"""
SELECT m.room_id, {MESSAGE}
FROM (
    SELECT said.*, asked.nth, row_number() OVER front AS place,
           sum(octet_length(to_json(said.text)::text) + coalesce(octet_length(said.files), 0)) OVER front AS total
    FROM unnest($2::bigint[]) WITH ORDINALITY AS asked(id, nth)
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = asked.id AND deleted_at IS NULL LIMIT 1) AS said
    CROSS JOIN LATERAL (SELECT FROM rooms WHERE id = said.room_id AND deleted_at IS NULL LIMIT 1) AS there
    WINDOW front AS (ORDER BY asked.nth ROWS UNBOUNDED PRECEDING)
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
WHERE m.total <= $3::bigint OR m.place = 1
ORDER BY m.nth"""

# --- writing them ---

_LOCK = 0x776F7264  # "word"

TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({_LOCK})"
WRITTEN = """
SELECT coalesce((SELECT last_id FROM words_written WHERE id = 1), 0) AS written, last_id AS newest FROM lanes
WHERE id = 1"""

# What was said, edited and deleted behind $1, each message as it is now; what else there is in the log has no text.
LOG = """
SELECT id, message_id, room_id, sender_id, text, is_deleted FROM (
    SELECT entry.*, row_number() OVER front AS place, sum(octet_length(coalesce(text, ''))) OVER front AS total FROM (
        (SELECT id, id AS message_id, room_id, sender_id, text,
                deleted_at IS NOT NULL OR kind <> 'message' AS is_deleted
         FROM messages WHERE id > $1 ORDER BY messages.id LIMIT $2::bigint)
        UNION ALL
        (SELECT changes.id, m.id, m.room_id, m.sender_id, m.text, m.deleted_at IS NOT NULL
         FROM changes
         LEFT JOIN messages m
             ON m.room_id = changes.room_id AND m.seq = changes.seq AND changes.kind IN ('edited', 'deleted')
         WHERE changes.id > $1 ORDER BY changes.id LIMIT $2::bigint)
        ORDER BY id LIMIT $2::bigint
    ) AS entry
    WINDOW front AS (ORDER BY entry.id ROWS UNBOUNDED PRECEDING)
) AS counted WHERE total <= $3::bigint OR place = 1
ORDER BY id"""

FORGET = "DELETE FROM message_words WHERE id = ANY($1::bigint[])"
WRITE = """
INSERT INTO message_words (id, room_id, words)
SELECT id, room_id, words::tsvector FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS made(id, room_id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words"""
GO_ON = """
INSERT INTO words_written (id, last_id) VALUES (1, $1)
ON CONFLICT (id) DO UPDATE SET last_id = excluded.last_id"""
