"""The statements of `messages.py`: each reads about as many rows as it returns, at any place of a long room."""

# One statement is one transaction and one round trip. Each room's counter is raised once, by its share of the
# batch ($1, $2); a draft's seq is where the counter was plus its place in that share ($4). A draft whose room
# is gone finds nothing to join with and is not inserted.
SAVE = """
WITH counted AS (
    UPDATE rooms SET last_seq = last_seq + share.size
    FROM unnest($1::bigint[], $2::bigint[]) AS share(room_id, size)
    WHERE rooms.id = share.room_id
    RETURNING rooms.id AS room_id, rooms.last_seq - share.size AS base
), saved AS (
    INSERT INTO messages (room_id, seq, sender_id, kind, text, created_at, client_key)
    SELECT counted.room_id, counted.base + draft.place, draft.sender_id, draft.kind, draft.text,
           to_timestamp(draft.created_at), draft.client_key
    FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::float8[], $9::text[])
        WITH ORDINALITY AS draft(room_id, place, sender_id, kind, text, created_at, client_key, nth)
    JOIN counted USING (room_id)
    ORDER BY draft.nth  -- so that ids ascend as the drafts were given, and in a room with seq
    RETURNING room_id, seq, id, kind, sender_id
), joined AS (
    INSERT INTO memberships (room_id, user_id)
    SELECT room_id, sender_id FROM saved WHERE kind = 'join'
    ON CONFLICT DO NOTHING
)
SELECT room_id, seq, id FROM saved"""

_COLUMNS = """m.id, m.room_id, m.seq, m.sender_id, u.name AS sender_name, m.text,
    extract(epoch FROM m.created_at)::float8 AS created_at, m.kind"""


def _within(most_bytes: str, rows: str, order: str) -> str:
    """Return the rows from the front whose texts have at most `most_bytes` as JSON, and the first always, as `m`.

    What does not fit stays in PostgreSQL. `rows` is a query that bounds how many there are, and is ordered.
    """
    return f"""(
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS nth,
               sum(octet_length(to_json(found.text)::text)) OVER front AS total
        FROM ({rows}) AS found
        WINDOW front AS (ORDER BY {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= {most_bytes} OR counted.nth = 1) AS m"""


SETTLE = f"""
SELECT {_COLUMNS}
FROM unnest($1::bigint[], $2::bigint[]) AS told(room_id, seq)
JOIN messages m ON m.room_id = told.room_id AND m.seq > told.seq AND m.created_at >= to_timestamp($3)
JOIN users u ON u.id = m.sender_id
ORDER BY m.id"""

# A text has two bytes at least, its quotes: more rows than the LIMIT would not fit anyway.
_IN_A_RANGE = """
SELECT * FROM messages WHERE room_id = $1 AND seq > $2 AND seq <= $3
ORDER BY seq LIMIT greatest($4::bigint, 0) / 2 + 1"""

PAGE = f"""
SELECT {_COLUMNS}
FROM {_within("$4::bigint", _IN_A_RANGE, "found.seq")} JOIN users u ON u.id = m.sender_id
ORDER BY m.seq"""

_UP_TO = "SELECT * FROM messages WHERE room_id = $1 AND id <= $2 ORDER BY id DESC LIMIT $3"

BEFORE = f"""
SELECT {_COLUMNS}
FROM {_within("$4::bigint", _UP_TO, "found.id DESC")} JOIN users u ON u.id = m.sender_id
ORDER BY m.id DESC"""

# Room by room where there is anything new, from the last that was delivered on; then the first of them all.
_MISSED = """
SELECT missed.*
FROM memberships own
JOIN rooms r ON r.id = own.room_id AND r.last_seq > own.delivered_seq
JOIN direct_rooms d ON d.room_id = own.room_id
CROSS JOIN LATERAL (
    SELECT * FROM messages
    WHERE room_id = own.room_id AND id <= $3 AND (sender_id <> $1 OR d.low_id = d.high_id)
      AND id > greatest($2::bigint, (SELECT told.id FROM messages told
                                     WHERE told.room_id = own.room_id AND told.seq = own.delivered_seq))
    ORDER BY id LIMIT $4
) AS missed
WHERE own.user_id = $1
ORDER BY missed.id LIMIT $4"""

UNDELIVERED = f"""
SELECT {_COLUMNS}, p.name AS peer_name
FROM {_within("$5::bigint", _MISSED, "found.id")}
JOIN users u ON u.id = m.sender_id
JOIN users p ON p.id = $1
ORDER BY m.id"""

NEWEST_ID = "SELECT coalesce(max(id), 0) FROM messages"

# Unread: what came after the newest message that is not the person's own.
_LAST_WORDS = """
SELECT last.*, r.creator_id,
       r.last_seq - coalesce((SELECT max(a.seq) FROM messages a
                              WHERE a.room_id = r.id AND a.sender_id <> r.creator_id), 0) AS unread
FROM rooms r JOIN messages last ON last.room_id = r.id AND last.seq = r.last_seq
WHERE r.kind = 'support'
ORDER BY last.id DESC LIMIT $1"""

CONVERSATIONS = f"""
SELECT m.creator_id, p.name AS person_name, m.unread, {_COLUMNS}
FROM {_within("$2::bigint", _LAST_WORDS, "found.id DESC")}
JOIN users p ON p.id = m.creator_id
JOIN users u ON u.id = m.sender_id
ORDER BY m.id DESC"""
