"""The statements of `support.py`, and parts for other statements about support conversations."""

# The time of the person's oldest unanswered message after the last closing; NULL: there is none. The person's messages
# at the end of the conversation `r` begin after `last_other_seq`.
OLDEST_UNANSWERED = """
    SELECT id, created_at FROM messages
    WHERE r.kind = 'support' AND r.last_sender_id = r.creator_id AND r.last_seq > r.settled_seq
      AND room_id = r.id AND seq = greatest(r.last_other_seq, r.settled_seq) + 1 LIMIT 1"""

# Like `saving_queries.LOCK`, for a batch with messages of support conversations: also returns their state. Only the
# locked rows show what the previous holder of the log committed.
LOCK = """
WITH log AS MATERIALIZED (
    SELECT last_id FROM lanes WHERE id = 1 FOR NO KEY UPDATE
), locked AS MATERIALIZED (
    SELECT rooms.id, rooms.kind, rooms.creator_id, rooms.is_closed, rooms.assignee_id FROM log CROSS JOIN rooms
    WHERE rooms.id = ANY($1::bigint[]) AND rooms.deleted_at IS NULL
    ORDER BY rooms.id FOR NO KEY UPDATE OF rooms
)
SELECT id AS room_id, creator_id, is_closed, EXISTS (
    SELECT FROM users
    WHERE id = locked.assignee_id AND is_operator AND deleted_at IS NULL AND disabled_at IS NULL
) AS is_held
FROM locked WHERE kind = 'support'"""

# The current conversations, and which of some people are operators.
STATES = f"""
SELECT r.id AS room_id, r.creator_id, r.is_closed, r.settled_seq, r.last_seq, r.last_pos, lanes.last_id,
    assignee.id AS assignee_id, assignee.name AS assignee_name,
    coalesce(assignee.is_operator AND assignee.deleted_at IS NULL AND assignee.disabled_at IS NULL, false) AS is_held,
    extract(epoch FROM oldest.created_at)::float8 AS waiting_since,
    ARRAY(SELECT id FROM users
          WHERE id = ANY($2::bigint[]) AND is_operator AND deleted_at IS NULL AND id <> r.creator_id) AS operators
FROM rooms r
JOIN lanes ON lanes.id = 1
LEFT JOIN users assignee ON assignee.id = r.assignee_id
LEFT JOIN LATERAL ({OLDEST_UNANSWERED}) AS oldest ON true
WHERE r.id = ANY($1::bigint[]) AND r.kind = 'support' AND r.deleted_at IS NULL
ORDER BY r.id"""

# The conversation takes the state of its last change.
WRITE = """
WITH made AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bigint[],
                         $7::float8[], $8::float8[], $9::bigint[])
        AS made(id, room_id, pos, actor_id, is_closed, assignee_id, waiting_since, created_at, settled_seq)
), changed AS (
    UPDATE rooms SET last_pos = last.pos, is_closed = last.is_closed, assignee_id = last.assignee_id,
                     settled_seq = last.settled_seq
    FROM (SELECT DISTINCT ON (room_id) * FROM made ORDER BY room_id, pos DESC) AS last WHERE rooms.id = last.room_id
), written AS (
    UPDATE lanes SET last_id = (SELECT max(id) FROM made) WHERE id = 1
)
INSERT INTO changes (id, room_id, pos, kind, actor_id, created_at, is_closed, assignee_id, waiting_since)
SELECT id, room_id, pos, 'support', actor_id, to_timestamp(created_at), is_closed, assignee_id,
       to_timestamp(waiting_since)
FROM made"""

CHANGES = """
SELECT changes.id, pos, actor_id, is_closed, assignee_id, assignee.name AS assignee_name,
    extract(epoch FROM waiting_since)::float8 AS waiting_since,
    extract(epoch FROM changes.created_at)::float8 AS created_at
FROM changes LEFT JOIN users assignee ON assignee.id = assignee_id
WHERE room_id = $1 AND kind = 'support'
ORDER BY pos DESC LIMIT $2"""

_THERE = """
    WHERE r.kind = 'support' AND ($1::boolean IS NULL OR r.is_closed = $1)
      AND ($2::bigint IS NULL OR coalesce(r.assignee_id, 0) = $2)
      AND EXISTS (SELECT FROM users WHERE users.id = r.creator_id AND users.deleted_at IS NULL OFFSET 0)"""

OWN = "SELECT id AS room_id FROM rooms WHERE kind = 'support' AND creator_id = $1"

# $3 to $5 are the place to continue from, $6 is the limit. Only open conversations wait for an answer, so the closed
# ones, which may be many, are read in index order. OFFSET 0 keeps a look-up for each conversation: without statistics a
# join would compare all with all.
QUEUE = f"""
(SELECT 0 AS rank, oldest.id AS number, r.id AS room_id
 FROM rooms r CROSS JOIN LATERAL ({OLDEST_UNANSWERED}) AS oldest
 {_THERE} AND NOT r.is_closed AND $3::int = 0 AND (oldest.id, r.id) > ($4::bigint, $5::bigint)
 ORDER BY oldest.id, r.id LIMIT $6::bigint)
UNION ALL
(SELECT 1, -r.spoken_after_id, r.id
 FROM rooms r
 {_THERE} AND r.spoken_after_id IS NOT NULL
   AND (r.is_closed OR r.last_sender_id <> r.creator_id OR r.last_seq <= r.settled_seq)
   AND ($3::int = 0 OR (-r.spoken_after_id, r.id) > ($4::bigint, $5::bigint))
 ORDER BY r.spoken_after_id DESC, r.id LIMIT $6::bigint)
ORDER BY rank, number, room_id LIMIT $6::bigint"""
