"""The statements of `queries.py`."""

_SERVER_HELD = "EXISTS (SELECT FROM retention_holds WHERE kind = 'server')"

CLAIM = """
INSERT INTO retention_state (id, claimed_by, claimed_until)
VALUES (1, $1, clock_timestamp() + $2::float8 * interval '1 s')
ON CONFLICT (id) DO UPDATE SET claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
WHERE retention_state.claimed_by = $1 OR retention_state.claimed_until IS NULL
    OR retention_state.claimed_until < clock_timestamp()
RETURNING true"""

# NULL: another server has claimed the removal meanwhile. The lock is held until the step ends.
IS_MINE = "SELECT true FROM retention_state WHERE claimed_by = $1 FOR SHARE"

# Asked in a statement of its own behind the lock, so that it finds a hold for whose placing the lock waited.
IS_ROOM_HELD = (
    "SELECT EXISTS (SELECT FROM retention_holds WHERE kind = 'server' OR (kind = 'room' AND target_id = $1))"
)
# Whether the messages $2 < seq <= $3 of the room $1 may not be removed.
IS_RANGE_HELD = """
SELECT EXISTS (SELECT FROM retention_holds WHERE kind = 'server' OR (kind = 'room' AND target_id = $1)
    OR (kind = 'person' AND (EXISTS (
        SELECT FROM messages WHERE room_id = $1 AND seq > $2 AND seq <= $3 AND sender_id = target_id
    ) OR EXISTS (
        SELECT FROM reactions WHERE room_id = $1 AND seq > $2 AND seq <= $3 AND person_id = target_id
    ))))"""

# How long the messages of the room `r` are kept: `rules.effective_days`. $1 are the days of the server, $2 is
# `rooms_keep`, $3 the seconds for which a room's own changed rule removes nothing.
_DAYS = """CASE
    WHEN r.keep_set_at > clock_timestamp() - $3::float8 * interval '1 s' THEN 0
    WHEN r.keep_days IS NULL OR ($2 = 'server' AND NOT r.kept_by_admin) THEN $1::integer
    WHEN r.kept_by_admin OR $2 = 'any' THEN r.keep_days
    ELSE coalesce(least(nullif(r.keep_days, 0), nullif($1::integer, 0)), 0)
END"""

_ROOMS = f"""
SELECT r.id, r.first_seq, r.announced_seq, r.last_seq, r.kind, r.creator_id,
    CASE WHEN rule.days > 0 THEN clock_timestamp() - rule.days * interval '1 day' END AS before,
    CASE WHEN $4::integer > 0 THEN clock_timestamp() - $4::integer * interval '1 day' END AS deleted_before
FROM rooms r CROSS JOIN LATERAL (SELECT {_DAYS} AS days) AS rule
WHERE r.deleted_at IS NULL AND r.last_seq > 0 AND (rule.days > 0 OR $4 > 0 OR r.announced_seq < r.first_seq)
    AND NOT {_SERVER_HELD} AND NOT EXISTS (SELECT FROM retention_holds WHERE kind = 'room' AND target_id = r.id)"""

_IS_HELD = "EXISTS (SELECT FROM retention_holds WHERE kind = 'person' AND target_id = {})"

_HELD_PEOPLE = "SELECT target_id FROM retention_holds WHERE kind = 'person'"
# Whether somebody on hold made the change, or it is about them.
_BY_HELD = f"(actor_id IN ({_HELD_PEOPLE}) OR person_id IN ({_HELD_PEOPLE}))"

# A room's oldest message is its first by `seq`, so a room costs two look-ups, however long it is.
TOO_OLD = f"""
SELECT r.id AS room_id, extract(epoch FROM coalesce(r.before, to_timestamp(0)))::float8 AS before, newest.sender_id,
    extract(epoch FROM coalesce(r.deleted_before, to_timestamp(0)))::float8 AS deleted_before,
    CASE WHEN oldest.seq = r.last_seq AND newest.kind = 'message' AND newest.deleted_at IS NULL
        AND newest.created_at < r.before AND NOT {_IS_HELD.format("newest.sender_id")} THEN newest.seq END AS last,
    r.announced_seq < r.first_seq AS is_unannounced,
    pair.low_id, pair.high_id, person.id AS person_id, person.name AS person_name
FROM ({_ROOMS} AND r.id > $5) AS r
CROSS JOIN LATERAL (
    SELECT seq, sender_id, created_at, deleted_at FROM messages
    WHERE room_id = r.id AND seq >= r.first_seq ORDER BY seq LIMIT 1
) AS oldest
CROSS JOIN LATERAL (SELECT * FROM messages WHERE room_id = r.id AND seq = r.last_seq LIMIT 1) AS newest
LEFT JOIN LATERAL (
    SELECT low_id, high_id FROM direct_rooms WHERE r.kind = 'direct' AND room_id = r.id LIMIT 1
) AS pair ON true
LEFT JOIN LATERAL (SELECT id, name FROM users WHERE r.kind = 'support' AND id = r.creator_id LIMIT 1) AS person ON true
WHERE r.announced_seq < r.first_seq OR (
    (oldest.created_at < r.before OR oldest.deleted_at < r.deleted_before)
    AND NOT {_IS_HELD.format("oldest.sender_id")}
    AND (oldest.seq < r.last_seq OR (newest.kind = 'message' AND newest.deleted_at IS NULL))
)
ORDER BY r.id LIMIT $6"""

# Where the removed part of the room $1 ends: at most $3 messages from before $2 or deleted before $4, none with words
# or reactions of somebody on hold, none behind a change that such a person made, never the newest one. `pos` is that of
# the oldest message then: changes below it in the log go too.
_END = f"""
SELECT r.first_seq, ends.up_to, next.pos
FROM rooms r
CROSS JOIN LATERAL (
    SELECT least(r.last_seq - 1, min(seq) FILTER (WHERE is_kept) - 1, max(seq)) AS up_to
    FROM (
        SELECT seq, {_IS_HELD.format("sender_id")} OR EXISTS (
            SELECT FROM reactions
            WHERE room_id = r.id AND reactions.seq = messages.seq AND person_id IN ({_HELD_PEOPLE})
        ) OR (
            created_at >= to_timestamp($2::float8) AND coalesce(deleted_at >= to_timestamp($4::float8), true)
        ) AS is_kept
        FROM messages WHERE room_id = r.id AND seq >= r.first_seq ORDER BY seq LIMIT $3
    ) AS oldest
) AS expired
LEFT JOIN LATERAL (
    SELECT min(changes.pos) AS pos FROM messages AS next
    JOIN changes ON changes.room_id = r.id AND changes.pos >= r.floor AND changes.pos < next.pos AND {_BY_HELD}
    WHERE next.room_id = r.id AND next.seq = expired.up_to + 1
) AS held ON true
CROSS JOIN LATERAL (
    SELECT least(expired.up_to, CASE WHEN held.pos IS NOT NULL THEN coalesce((
        SELECT seq - 1 FROM messages WHERE room_id = r.id AND pos < held.pos ORDER BY pos DESC LIMIT 1
    ), 0) END) AS up_to
) AS ends
CROSS JOIN LATERAL (SELECT pos FROM messages WHERE room_id = r.id AND seq = ends.up_to + 1 LIMIT 1) AS next
WHERE r.id = $1 AND r.deleted_at IS NULL AND ends.up_to >= r.first_seq AND NOT {_SERVER_HELD}
    AND NOT EXISTS (SELECT FROM retention_holds WHERE kind = 'room' AND target_id = $1)"""

# Raises the floor. The room's row is locked for this short statement alone: who commits a message waits for it.
RAISE = f"""
WITH part AS ({_END})
UPDATE rooms SET first_seq = part.up_to + 1, floor = greatest(floor, part.pos)
FROM part WHERE id = $1 RETURNING part.first_seq, part.up_to, part.pos"""

FLOOR = """
SELECT first_seq - 1 AS up_to, floor AS pos FROM rooms
WHERE id = $1 AND first_seq > 1 AND deleted_at IS NULL"""

# $1 is the room, $2 and $3 the range of `seq`, exclusive and inclusive. No index of mentions has the message.
REMOVE = (
    """
WITH removed AS (
    DELETE FROM messages WHERE room_id = $1 AND seq > $2 AND seq <= $3 RETURNING seq, mentions
)
DELETE FROM mentions USING (SELECT seq, unnest(mentions) AS person_id FROM removed WHERE mentions IS NOT NULL) AS gone
WHERE mentions.room_id = $1 AND mentions.person_id = gone.person_id AND mentions.seq = gone.seq""",
    "DELETE FROM reactions WHERE room_id = $1 AND seq > $2 AND seq <= $3",
    "DELETE FROM edits WHERE room_id = $1 AND seq > $2 AND seq <= $3",
    "DELETE FROM files WHERE room_id = $1 AND seq > $2 AND seq <= $3",
)
# The changes below the floor are all of messages that are removed, or of the room's members and name.
REMOVE_CHANGES = f"""
WITH removed AS (
    DELETE FROM changes WHERE room_id = $1 AND pos IN (
        SELECT pos FROM changes
        WHERE room_id = $1 AND pos < $2 AND kind <> 'gone' AND {_BY_HELD} IS NOT TRUE ORDER BY pos LIMIT $3
    ) RETURNING pos
)
SELECT count(*) FROM removed"""

ADD_COUNTS = """
INSERT INTO retention_counts (kind, removed) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (kind) DO UPDATE SET removed = retention_counts.removed + excluded.removed"""
SET_WAITING = "UPDATE retention_state SET rooms_waiting = $1 WHERE id = 1"
FIGURES = """
SELECT (SELECT rooms_waiting FROM retention_state WHERE id = 1) AS waiting,
    (SELECT json_object_agg(kind, removed) FROM retention_counts)::text AS removed"""

# Each message that is too old: those of somebody on hold, and behind theirs, are counted too.
EXPIRED_MESSAGES = f"""
SELECT count(*) AS count, extract(epoch FROM min(m.created_at))::float8 AS oldest
FROM ({_ROOMS}) AS r
JOIN messages m ON m.room_id = r.id AND m.seq >= r.first_seq AND m.created_at < r.before
WHERE m.seq < r.last_seq OR (m.kind = 'message' AND m.deleted_at IS NULL)"""

HOLDS = """
SELECT hold.id, hold.kind, target_id, reason, extract(epoch FROM hold.created_at)::float8 AS at,
    doer.id AS by_id, doer.name AS by_name,
    CASE hold.kind WHEN 'room' THEN rooms.name WHEN 'person' THEN users.name END AS name
FROM retention_holds AS hold
LEFT JOIN users AS doer ON doer.id = by_id
LEFT JOIN users ON hold.kind = 'person' AND users.id = target_id
LEFT JOIN rooms ON hold.kind = 'room' AND rooms.id = target_id
ORDER BY hold.id"""
# Waits for the steps in progress: they hold this row FOR SHARE.
WAIT_FOR_STEPS = "SELECT FROM retention_state WHERE id = 1 FOR UPDATE"
# Waits for the commits in progress: later ones find the hold, and keep the texts of what they delete.
WAIT_FOR_COMMITS = "SELECT FROM lanes WHERE id = 1 FOR UPDATE"
# A deleted room too, as long as it waits for its removal.
IS_THERE = """
SELECT CASE $1
    WHEN 'room' THEN EXISTS (SELECT FROM rooms WHERE id = $2)
    WHEN 'person' THEN EXISTS (SELECT FROM users WHERE id = $2)
    ELSE $2::bigint = 0
END"""
PLACE = """
INSERT INTO retention_holds (kind, target_id, reason, by_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, target_id) DO UPDATE SET reason = excluded.reason, by_id = excluded.by_id"""
LIFT = "DELETE FROM retention_holds WHERE id = $1 RETURNING kind, target_id"

# What no hold keeps any more.
FORGET_HELD = """
DELETE FROM held_texts AS kept WHERE NOT EXISTS (
    SELECT FROM retention_holds
    WHERE kind = 'server' OR (kind = 'room' AND target_id = kept.room_id)
        OR (kind = 'person' AND target_id = kept.sender_id)
)"""

ROOM_RULE = "SELECT keep_days, kept_by_admin FROM rooms WHERE id = $1 AND deleted_at IS NULL"
SHORTEST_RULE = "SELECT coalesce(min(keep_days), 0) FROM rooms WHERE keep_days > 0 AND deleted_at IS NULL"
SET_ROOM_RULE = """
UPDATE rooms SET keep_days = $2, kept_by_admin = $3, keep_set_at = clock_timestamp()
WHERE id = $1 AND kind IN ('lobby', 'room') AND deleted_at IS NULL RETURNING true"""

TRIM_STATE = "SELECT first_seq, announced_seq FROM rooms WHERE id = $1"
SET_ANNOUNCED = "UPDATE rooms SET announced_seq = $2 WHERE id = $1"
