"""The statements of `search.py`.

What is in many messages is soon found among the newest, one by one; what is in few, by the index. The other way round
each takes seconds, and PostgreSQL can't tell beforehand: so the newest are looked at first. If they do not suffice,
a sample tells which way is the shorter one, and by which part of what is asked for the index has the least to read.
"""

from chat.storage.postgres.timeline_queries import MESSAGE, MINE

NEWEST = 3000
"""Messages that are looked at one by one before anything else."""

_PLACES = 50
_AT_EACH = 40
"""A sample is taken at so many places, evenly over all ids, so many messages at each."""

# $1 is the person, $2 what is asked for, $3 the room or NULL, $4 and $5 bound the ids, from and below, and $6 is how
# many are wanted. A text that is cast to what is asked for would be read again for each row. Ids with something added
# are not looked up by their index, which the planner may take for the shorter way.
_MINE = f"""{MINE}, inside AS MATERIALIZED (
    SELECT id FROM mine WHERE $3::bigint IS NULL OR id = $3
)"""

BOUNDS = """
SELECT CASE WHEN $1::float8 IS NULL THEN 0 ELSE id_at(to_timestamp($1)) END AS low,
       CASE WHEN $2::float8 IS NULL THEN $3::bigint ELSE least($3::bigint, id_at(to_timestamp($2))) END AS high"""

# The ids that are found among the newest $9, how many those are and from which id on. If what is found does not suffice
# also what a sample from all times is like, as the newest may all be of one person or room: in how many of it each of
# the parts $7 is, how many are in the person's rooms, and how many are found. And which rooms those are, at most $8.
AMONG_NEWEST = f"""
WITH {_MINE}, newest AS MATERIALIZED (
    SELECT id, room_id, words FROM message_words
    WHERE id >= $4::bigint AND id < $5::bigint ORDER BY id DESC LIMIT $9
), found AS MATERIALIZED (
    SELECT newest.id FROM newest JOIN inside ON inside.id = newest.room_id WHERE newest.words @@ $2::tsquery
    ORDER BY newest.id DESC LIMIT $6
), looked AS MATERIALIZED (
    SELECT count(*) AS looked, min(id) AS lowest, max(id) AS highest, (SELECT count(*) FROM found) < $6 AS is_short,
        greatest($4::bigint, (SELECT min(id) FROM message_words)) AS first
    FROM newest
), sample AS MATERIALIZED (
    SELECT inside.id IS NOT NULL AS is_mine, words
    FROM looked CROSS JOIN generate_series(0, {_PLACES - 1}) AS place CROSS JOIN LATERAL (
        SELECT room_id, words FROM message_words
        WHERE message_words.id >= first + (lowest - first) * place / {_PLACES} AND message_words.id < $5::bigint
        ORDER BY message_words.id LIMIT {_AT_EACH}
    ) AS there LEFT JOIN inside ON inside.id = there.room_id
)
SELECT looked, lowest, highest - lowest + 1 AS span, lowest - first AS below, ARRAY(SELECT id FROM found) AS ids,
    CASE WHEN is_short THEN ARRAY(
        SELECT (SELECT count(*) FROM sample WHERE words @@ part)
        FROM unnest($7::tsquery[]) WITH ORDINALITY AS asked(part, nth) ORDER BY nth
    ) END AS counts,
    CASE WHEN is_short THEN (SELECT count(*) FROM sample) END AS sampled,
    CASE WHEN is_short THEN (SELECT count(*) FROM sample WHERE is_mine) END AS inside,
    CASE WHEN is_short THEN (SELECT count(*) FROM sample WHERE is_mine AND words @@ $2::tsquery) END AS hits,
    CASE WHEN is_short THEN ARRAY(SELECT id FROM inside LIMIT $8) END AS rooms
FROM looked"""

# Among the next $7, one by one, in their order: none of them is kept, and none is looked at behind the last one wanted.
AMONG_MORE = f"""
WITH {_MINE}
SELECT newest.id FROM (
    SELECT id, room_id, words @@ $2::tsquery AS fits FROM message_words
    WHERE id >= $4::bigint AND id < $5::bigint ORDER BY id DESC LIMIT $7
) AS newest WHERE newest.fits AND newest.room_id = ANY(ARRAY(SELECT id FROM inside))
ORDER BY newest.id DESC LIMIT $6"""

# The index is asked for $7 alone, a part of what is asked for.
BY_INDEX = f"""
WITH {_MINE}, hits AS MATERIALIZED (
    SELECT id, room_id, words FROM message_words
    WHERE words @@ $7::tsquery AND id + 0 >= $4::bigint AND id + 0 < $5::bigint
)
SELECT hits.id FROM hits JOIN inside ON inside.id = hits.room_id WHERE hits.words @@ $2::tsquery
ORDER BY hits.id DESC LIMIT $6"""

BEST_FIRST = """
SELECT id FROM message_words WHERE id = ANY($1::bigint[]) ORDER BY ts_rank(words, $2::tsquery) DESC, id DESC"""

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
LOCK = f"SELECT pg_advisory_xact_lock({_LOCK})"
WRITTEN = """
SELECT coalesce((SELECT last_id FROM words_written WHERE id = 1), 0) AS written, last_id AS newest FROM lanes
WHERE id = 1"""

# What was said, edited and deleted behind $1, each message as it is now; what else there is in the log has no text.
LOG = """
SELECT id, message_id, room_id, sender_id, text, files, is_deleted FROM (
    SELECT entry.*, row_number() OVER front AS place,
           sum(coalesce(octet_length(text), 0) + coalesce(octet_length(files), 0)) OVER front AS total
    FROM (
        (SELECT id, id AS message_id, room_id, sender_id, text, files,
                deleted_at IS NOT NULL OR kind <> 'message' AS is_deleted
         FROM messages WHERE id > $1 ORDER BY messages.id LIMIT $2::bigint)
        UNION ALL
        (SELECT changes.id, m.id, m.room_id, m.sender_id, m.text, m.files, m.deleted_at IS NOT NULL
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
FORGET_ROOM = (
    "DELETE FROM message_words WHERE words @@ format('''#%s''', $1::bigint)::tsquery AND room_id = $1"
)
WRITE = """
INSERT INTO message_words (id, room_id, words)
SELECT id, room_id, words::tsvector FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS made(id, room_id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words"""
GO_ON = """
INSERT INTO words_written (id, last_id) VALUES (1, $1)
ON CONFLICT (id) DO UPDATE SET last_id = excluded.last_id"""
