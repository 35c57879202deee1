"""The statements of `account_removals.py`."""

from chat.storage.postgres.user_queries import LOCK_NAMES as LOCK_NAMES

WINDOW = 5000
"""Ids of the log in one window: its messages are read by their key in some ten milliseconds."""

DELETE = """
WITH visit AS (DELETE FROM visits WHERE user_id = $1)
UPDATE users SET deleted_at = now(), email = NULL, email_key = NULL, password_hash = ''
WHERE id = $1 AND deleted_at IS NULL"""
DELETE_WITH_NAMES = """
WITH visit AS (DELETE FROM visits WHERE user_id = $1),
looks AS (DELETE FROM name_skeletons WHERE user_id = $1),
displayed AS (DELETE FROM display_skeletons WHERE user_id = $1)
UPDATE users SET deleted_at = coalesce(deleted_at, now()), email = NULL, email_key = NULL, password_hash = '',
    name = $2, name_key = $3, display_name = NULL
WHERE id = $1"""
ADD_LOOKS = (
    "INSERT INTO name_skeletons (skeleton, user_id) SELECT skeleton, $1 FROM unnest($2::text[]) AS skeleton"
)
IS_TAKEN = """
SELECT EXISTS (SELECT FROM users WHERE name_key = $1 AND id <> $3)
    OR EXISTS (SELECT FROM name_skeletons WHERE skeleton = ANY($2::text[]) AND user_id <> $3)
    OR EXISTS (SELECT FROM display_skeletons WHERE skeleton = ANY($2::text[]) AND user_id <> $3)"""

# An empty string: the person is there. Who was deleted before there was this table has no row: they have left.
HOW = """
SELECT CASE WHEN deleted_at IS NULL THEN '' ELSE coalesce(removal.how, 'leave') END
FROM users LEFT JOIN account_removals AS removal ON user_id = id WHERE id = $1"""
NOTE = """
INSERT INTO account_removals (user_id, how, created_at, finished_at)
SELECT id, $2, created_at, CASE WHEN $2 = 'leave' THEN now() END FROM users WHERE id = $1
ON CONFLICT (user_id) DO UPDATE SET how = excluded.how, removed_at = excluded.removed_at, done_id = 0,
    claimed_by = NULL, claimed_until = NULL, finished_at = NULL"""
LOCK_CREATED = """
SELECT true FROM users WHERE id = $1 AND (extract(epoch FROM created_at) * 1000000)::bigint = $2
FOR NO KEY UPDATE"""
ACCOUNTS = """
SELECT user_id AS person, (extract(epoch FROM created_at) * 1000000)::bigint AS created, how,
    (extract(epoch FROM removed_at) * 1000000)::bigint AS removed
FROM account_removals ORDER BY user_id"""
# Of whom is on hold, nothing is removed until that is lifted; nor their names.
IS_HELD = """
SELECT EXISTS (SELECT FROM retention_holds WHERE kind = 'server' OR (kind = 'person' AND target_id = $1))"""
KEEPS_NAME = "SELECT keeps_name FROM account_removals WHERE user_id = $1"
KEEP_NAME = "UPDATE account_removals SET keeps_name = true WHERE user_id = $1"
CLAIM = """
UPDATE account_removals SET claimed_by = $1, claimed_until = clock_timestamp() + $2::float8 * interval '1 s'
WHERE user_id = (
    SELECT user_id FROM account_removals
    WHERE finished_at IS NULL AND NOT EXISTS (
        SELECT FROM retention_holds WHERE kind = 'server' OR (kind = 'person' AND target_id = user_id)
    ) AND (claimed_by = $1 OR claimed_until IS NULL OR claimed_until < clock_timestamp())
    ORDER BY removed_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING user_id, how, done_id, removed_at + $3::float8 * interval '1 s' <= clock_timestamp() AS is_settled"""

END = "SELECT last_id FROM lanes WHERE id = 1"
# The person's messages of a window, and their reactions to others' messages in it.
TO_REMOVE = """
SELECT found.id, found.room_id, found.seq, found.emoji,
    EXISTS (SELECT FROM retention_holds WHERE kind = 'room' AND target_id = found.room_id) AS is_held,
    d.low_id, d.high_id, p.id AS person_id, p.name AS person_name
FROM (
    SELECT id, room_id, seq, NULL AS emoji FROM messages
    WHERE id > $2 AND id <= $3 AND sender_id = $1 AND kind = 'message' AND deleted_at IS NULL
    UNION ALL
    SELECT m.id, m.room_id, m.seq, r.emoji FROM messages m
    JOIN reactions r ON r.room_id = m.room_id AND r.seq = m.seq AND r.person_id = $1
    WHERE m.id > $2 AND m.id <= $3 AND m.sender_id <> $1 AND m.deleted_at IS NULL
    ORDER BY id LIMIT $4
) AS found
JOIN rooms ON rooms.id = found.room_id
LEFT JOIN direct_rooms d ON d.room_id = rooms.id
LEFT JOIN users p ON p.id = rooms.creator_id AND rooms.kind = 'support'
ORDER BY found.id"""
# Keys are the client's own words, and a digest of a short text is nearly the text. In archived rooms nobody can take
# a reaction back.
CLEAR = (
    """
UPDATE messages SET client_key = NULL, key_digest = NULL
WHERE id > $2 AND id <= $3 AND sender_id = $1 AND client_key IS NOT NULL""",
    """
DELETE FROM reactions USING messages m
WHERE m.id > $2 AND m.id <= $3 AND reactions.room_id = m.room_id AND reactions.seq = m.seq
    AND reactions.person_id = $1""",
    """
DELETE FROM mentions USING messages m
WHERE m.id > $2 AND m.id <= $3 AND $1 = ANY (m.mentions)
    AND mentions.room_id = m.room_id AND mentions.person_id = $1 AND mentions.seq = m.seq""",
)
GO_ON = "UPDATE account_removals SET done_id = $2 WHERE user_id = $1 AND finished_at IS NULL"

# Another removal may go on, and this one later.
POSTPONE = """
UPDATE account_removals SET claimed_by = NULL, claimed_until = clock_timestamp() + $2::float8 * interval '1 s'
WHERE user_id = $1"""

FINISH = """
UPDATE account_removals SET finished_at = now(), claimed_by = NULL, claimed_until = NULL
WHERE user_id = $1 AND finished_at IS NULL RETURNING how, keeps_name"""
# The audit keeps who did what to whom; only the names and addresses in it go.
OF_NAMELESS = (
    "SELECT name_groups(ARRAY(SELECT room_id FROM memberships WHERE user_id = $1))",
    "UPDATE audit SET detail = '' WHERE person_id = $1 AND what IN ('renamed', 'login_failed')",
    "DELETE FROM blocks WHERE $1 IN (user_id, blocked_id)",
    "DELETE FROM block_changes WHERE user_id = $1",
    "DELETE FROM invites WHERE maker_id = $1",
    "DELETE FROM marks WHERE user_id = $1",
    "UPDATE reports SET comment = '' WHERE reporter_id = $1",
)
OF_ERASED = (
    "DELETE FROM notes WHERE author_id = $1",
    """
DELETE FROM reported_messages AS of WHERE author_id = $1 OR (
    id IN (SELECT reported_id FROM reports WHERE reporter_id = $1)
    AND NOT EXISTS (SELECT FROM reports WHERE reported_id = of.id AND reporter_id <> $1)
)""",
    "DELETE FROM reports WHERE reporter_id = $1",
    "DELETE FROM files WHERE owner_id = $1 AND seq IS NULL",
    """
UPDATE rooms SET deleted_at = now(), assignee_id = NULL
WHERE kind = 'support' AND creator_id = $1 AND deleted_at IS NULL""",
)
