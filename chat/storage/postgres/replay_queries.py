"""The statements of `timelines.py` that check clients' positions and replay missed changes."""

from chat.domain.messages.sync_types import MOST_REPLAYED
from chat.storage.postgres.timeline_queries import MILLISECONDS, at_cut, message

# --- checks of positions ---

# The last message of a room that is not newer than a position, by binary search: a forged position costs no more than a
# correct one.
_SEQ_BY_TIME = f"""
    WITH RECURSIVE halves(low, high) AS (
        SELECT 0::bigint, r.last_seq
        UNION ALL
        SELECT CASE WHEN is_newer THEN low ELSE middle END, CASE WHEN is_newer THEN middle - 1 ELSE high END
        FROM (SELECT low, high, (low + high) / 2 + 1 AS middle FROM halves WHERE low < high) AS both_sides
        CROSS JOIN LATERAL (SELECT coalesce((
            SELECT {MILLISECONDS.format("created_at")} > known.at FROM messages WHERE room_id = r.id AND seq = middle
        ), false) AS is_newer) AS found
    )
    SELECT low FROM halves WHERE low = high"""

# `had` is the time of the room's change with the position's number.
RESUME_CHECKS = f"""
SELECT known.nth, known.room_id, found.state,
    CASE WHEN found.state IN ('good', 'too_far') THEN greatest(now.pos, known.pos) ELSE 0 END AS up_to,
    CASE WHEN found.state = 'other_history' THEN ({_SEQ_BY_TIME}) ELSE coalesce((
        SELECT seq FROM messages WHERE room_id = r.id AND pos <= known.pos ORDER BY pos DESC LIMIT 1
    ), r.first_seq - 1) END AS seq, now.newest_id
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS known(room_id, pos, at, cut, nth)
CROSS JOIN LATERAL (
    SELECT * FROM rooms WHERE id = known.room_id AND deleted_at IS NULL LIMIT 1
) AS r
CROSS JOIN LATERAL (
    SELECT CASE WHEN known.pos = 0 THEN 0 ELSE {
    MILLISECONDS.format('''coalesce(
        (SELECT created_at FROM messages WHERE room_id = r.id AND pos = known.pos),
        (SELECT created_at FROM changes WHERE room_id = r.id AND pos = known.pos))''')
} END AS at
) AS had
CROSS JOIN LATERAL (
    SELECT r.last_pos AS pos, 0::bigint AS newest_id WHERE known.pos = r.last_pos
    UNION ALL
    SELECT coalesce(later.pos, m.pos, 0), coalesce(m.id, 0) FROM (VALUES (1)) AS one {at_cut("known.cut")}
    WHERE known.pos <> r.last_pos OFFSET 0
) AS now
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN known.pos < r.floor THEN 'erased'
        WHEN had.at IS DISTINCT FROM known.at THEN 'other_history'
        WHEN now.pos - known.pos > {MOST_REPLAYED} THEN 'too_far'
        ELSE 'good'
    END AS state
) AS found
ORDER BY known.nth"""

# --- missed changes ---

# Messages and changes of a range, merged by position.
_OF_RANGE = f"""
    (SELECT id, room_id, seq, messages.pos, kind, sender_id, text, created_at,
            coalesce(changed_pos, pos) AS changed_pos, client_key, edited_at, deleted_at, deleted_by,
            reply_seq, mentions, files, NULL AS emoji, NULL::boolean AS is_on, NULL::bigint AS person_id, NULL AS role,
            NULL::boolean AS is_closed, NULL::bigint AS assignee_id, NULL::timestamptz AS waiting_since,
            NULL::jsonb AS data
     FROM messages
     WHERE room_id = there.id AND pos > span.after AND pos <= least(span.up_to, span.after + {MOST_REPLAYED}))
    UNION ALL
    (SELECT changes.id, room_id, changes.seq, changes.pos, changes.kind, actor_id,
            CASE changes.kind WHEN 'edited' THEN (
                SELECT text FROM messages WHERE room_id = changes.room_id AND seq = changes.seq
            ) WHEN 'changed' THEN there.topic ELSE '' END,
            changes.created_at, changes.pos, NULL, NULL, NULL, NULL, NULL,
            CASE changes.kind WHEN 'edited' THEN (
                SELECT mentions FROM messages WHERE room_id = changes.room_id AND seq = changes.seq
            ) END, NULL,
            emoji, is_on, person_id, changes.role,
            is_closed, assignee_id, waiting_since, data
     FROM changes
     WHERE room_id = there.id AND pos > span.after AND pos <= least(span.up_to, span.after + {MOST_REPLAYED}))
    ORDER BY pos"""

# The reactions to the message by the readers $1.
_REACTED = """CASE WHEN m.changed_pos > m.pos THEN (
        SELECT json_agg(json_build_array(person_id, emoji))::text FROM reactions
        WHERE room_id = m.room_id AND seq = m.seq AND person_id = ANY($1::bigint[])
    ) END AS reacted"""

REPLAY = f"""
SELECT m.nth, m.room_id, m.kind AS what, m.emoji, m.is_on, m.person_id AS member_id, m.role, m.data,
    m.name, m.is_private, m.is_archived,
    CASE m.kind WHEN 'reacted' THEN (
        SELECT count(*) FROM reactions WHERE room_id = m.room_id AND seq = m.seq AND emoji = m.emoji
    ) END AS count,
    m.is_closed, assignee.id AS assignee_id, assignee.name AS assignee_name,
    extract(epoch FROM m.waiting_since)::float8 AS waiting_since,
    {_REACTED}, m.client_key AS own_key, {message("NULL::text", "false")}
FROM (
    SELECT found.*, row_number() OVER front AS place,
           sum(octet_length(to_json(found.text)::text) + coalesce(octet_length(found.files), 0)) OVER front AS total
    FROM (
        SELECT span.nth, there.name, there.is_private, there.is_archived, each.*
        FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS span(room_id, after, up_to, nth)
        CROSS JOIN LATERAL (
            SELECT id, name, topic, is_private, archived_at IS NOT NULL AS is_archived
            FROM rooms WHERE id = span.room_id AND deleted_at IS NULL LIMIT 1
        ) AS there
        CROSS JOIN LATERAL ({_OF_RANGE}) AS each
        ORDER BY span.nth, each.pos LIMIT greatest($5::bigint, 0) / 2 + 1  -- a text has two bytes at least, its quotes
    ) AS found
    WINDOW front AS (ORDER BY found.nth, found.pos ROWS UNBOUNDED PRECEDING)
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON m.kind IN ('message', 'join')
LEFT JOIN LATERAL (SELECT id, name FROM users WHERE id = m.assignee_id LIMIT 1) AS assignee ON m.kind = 'support'
WHERE m.total <= $5::bigint OR m.place = 1
ORDER BY m.nth, m.pos"""
