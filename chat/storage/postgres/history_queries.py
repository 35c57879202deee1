"""The statements of history: ranges of a room, versions of a text, mentions and files."""

from chat.domain.messages.mentions import ALL
from chat.storage.postgres.timeline_queries import AT_CUT, MESSAGE, MINE


def _history(order: str) -> str:
    """Return the statement that reads `seq` from $4 (exclusive) to $5 of the room $3, in this order of `seq`."""
    return f"""
SELECT cut.pos AS room_pos, cut.seq AS room_seq, cut.first_seq AS room_first, {MESSAGE}
FROM (
    SELECT coalesce(m.seq, 0) AS seq, coalesce(later.pos, m.pos, 0) AS pos, r.first_seq FROM rooms r {AT_CUT}
    WHERE r.id = $3 AND r.deleted_at IS NULL OFFSET 0
) AS cut
LEFT JOIN LATERAL (
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS place,
               sum(octet_length(to_json(found.text)::text) + coalesce(octet_length(found.files), 0)) OVER front AS total
        FROM (
            SELECT * FROM messages WHERE room_id = $3 AND seq > $4::bigint AND seq <= least($5::bigint, cut.seq)
            ORDER BY seq {order} LIMIT least($6::bigint, greatest($7::bigint, 0) / 2 + 1)
        ) AS found
        WINDOW front AS (ORDER BY found.seq {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= $7::bigint OR counted.place = 1
) AS m ON true
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
ORDER BY m.seq"""


HISTORY_FROM = _history("ASC")
HISTORY_TO = _history("DESC")

# The versions of a message's text, newest first: the current one and those before edits.
TEXTS = """
SELECT text, extract(epoch FROM created_at)::float8 AS created_at
FROM (
    SELECT counted.*, row_number() OVER newest AS place, sum(octet_length(to_json(text)::text)) OVER newest AS total
    FROM (
        (SELECT $5::bigint AS pos, m.text, coalesce(m.edited_at, m.created_at) AS created_at
         FROM messages m JOIN rooms r ON r.id = m.room_id
         WHERE m.room_id = $1 AND m.seq = $2 AND m.deleted_at IS NULL AND r.deleted_at IS NULL)
        UNION ALL
        (SELECT e.pos, e.text, e.created_at
         FROM edits e JOIN messages m USING (room_id, seq) JOIN rooms r ON r.id = m.room_id
         WHERE e.room_id = $1 AND e.seq = $2 AND m.deleted_at IS NULL AND r.deleted_at IS NULL
         ORDER BY e.pos DESC LIMIT $3)
    ) AS counted
    WINDOW newest AS (ORDER BY counted.pos DESC ROWS UNBOUNDED PRECEDING)
) AS found
WHERE place <= $3 AND (total <= $4 OR place = 1)
ORDER BY place DESC"""

# From each room the newest messages that mention the person or everybody, then the newest of all.
MENTIONS = f"""
WITH {MINE}, found AS (
    SELECT DISTINCT each.id, each.room_id, each.seq
    FROM mine r
    CROSS JOIN (VALUES ($1::bigint), ({ALL})) AS whom(person_id)
    CROSS JOIN LATERAL (
        SELECT id, room_id, seq FROM mentions
        WHERE room_id = r.id AND person_id = whom.person_id AND id < $2 AND sender_id <> $1
        ORDER BY seq DESC LIMIT $3
    ) AS each
    ORDER BY each.id DESC LIMIT $3
)
SELECT m.room_id, {MESSAGE}
FROM (
    SELECT message.*, row_number() OVER front AS place,
           sum(octet_length(to_json(message.text)::text) + coalesce(octet_length(message.files), 0)) OVER front AS total
    FROM found CROSS JOIN LATERAL (
        SELECT * FROM messages WHERE room_id = found.room_id AND seq = found.seq LIMIT 1
    ) AS message
    WHERE message.deleted_at IS NULL
    WINDOW front AS (ORDER BY message.id DESC ROWS UNBOUNDED PRECEDING)
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
WHERE m.total <= $4::bigint OR m.place = 1
ORDER BY m.id DESC"""


def _with_files(of_kind: str = "") -> str:
    """Return the query for messages with files: $1 is the reader, $2 the room; below the seq $3, newest first."""
    return f"""
WITH found AS (
    SELECT DISTINCT files.seq FROM files JOIN rooms ON rooms.id = files.room_id AND rooms.deleted_at IS NULL
    WHERE files.room_id = $2 AND files.seq IS NOT NULL AND files.seq < $3::bigint{of_kind}
    ORDER BY files.seq DESC LIMIT $4
)
SELECT {MESSAGE}
FROM (
    SELECT message.*, row_number() OVER front AS place,
           sum(octet_length(to_json(message.text)::text) + coalesce(octet_length(message.files), 0)) OVER front AS total
    FROM found CROSS JOIN LATERAL (
        SELECT * FROM messages WHERE room_id = $2 AND seq = found.seq LIMIT 1
    ) AS message
    WINDOW front AS (ORDER BY message.seq DESC ROWS UNBOUNDED PRECEDING)
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
WHERE m.total <= $5::bigint OR m.place = 1
ORDER BY m.seq DESC"""


WITH_FILES = _with_files()
WITH_FILES_OF_KIND = _with_files(" AND file_kind(files.type) = $6")
