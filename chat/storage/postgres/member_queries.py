"""The statements that list a room's members and bans, the rooms that a person may join, and all rooms."""

from chat.storage.postgres.name_parts import NEAR

_HERE = """SELECT id, 'member' AS role, created_at AS joined_at FROM users
     WHERE {} AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3"""

_PERSON = """u.id, u.name, u.display_name, u.picture, u.is_operator, u.is_moderator, u.is_admin, u.is_visitor,
    u.status_emoji, u.status_text, extract(epoch FROM u.status_until)::float8 AS status_until,
    extract(epoch FROM u.created_at)::float8 AS created_at,
    extract(epoch FROM coalesce(u.changed_at, u.created_at))::float8 AS changed_at"""

BANNED = f"""
SELECT {_PERSON}, 'banned' AS role, extract(epoch FROM bans.created_at)::float8 AS joined_at
FROM bans JOIN users u ON u.id = bans.user_id
WHERE bans.room_id = $1 AND u.id > $2 AND u.deleted_at IS NULL
ORDER BY u.id LIMIT $3"""

MEMBERS = f"""
SELECT {_PERSON}, inside.role, extract(epoch FROM inside.joined_at)::float8 AS joined_at
FROM rooms r
CROSS JOIN LATERAL (
    (SELECT m.user_id AS id, m.role, m.joined_at
     FROM memberships m
     CROSS JOIN LATERAL (SELECT FROM users WHERE id = m.user_id AND deleted_at IS NULL LIMIT 1) AS there
     WHERE r.kind IN ('room', 'direct') AND m.room_id = r.id AND m.user_id > $2 ORDER BY m.user_id LIMIT $3)
    UNION ALL
    ({_HERE.format("r.kind = 'lobby' AND NOT is_visitor")})
    UNION ALL
    ({_HERE.format("r.kind = 'support' AND NOT r.is_closed AND is_operator AND id <> r.creator_id")})
    UNION ALL
    ({_HERE.format("r.kind = 'support' AND id = r.creator_id")})
) AS inside
CROSS JOIN LATERAL (SELECT * FROM users WHERE id = inside.id LIMIT 1) AS u
WHERE r.id = $1 AND r.deleted_at IS NULL
ORDER BY u.id LIMIT $3"""

_JOINABLE = """
SELECT r.id, r.name, r.topic,
    coalesce(r.members, (SELECT count(*) FROM memberships WHERE room_id = r.id)) AS members
FROM {} r
WHERE r.name_key > $3 AND position($1 IN r.name_key) > 0
  AND r.kind = 'room' AND NOT r.is_private AND r.archived_at IS NULL AND r.deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = $2)
  AND NOT EXISTS (SELECT FROM bans WHERE room_id = r.id AND user_id = $2)
ORDER BY r.name_key LIMIT $4"""

# Rooms whose name has a part $1: all of them, those among the first ones, and those by the index of parts $5.
JOINABLE = _JOINABLE.format("rooms")
JOINABLE_NEAR = _JOINABLE.format(f"(SELECT * FROM rooms WHERE name_key > $3 ORDER BY name_key LIMIT {NEAR})")
_BY_PARTS = """
WITH found AS MATERIALIZED (
    SELECT * FROM rooms WHERE name_parts(name_key) @> ${}::text[]
)"""
JOINABLE_BY_PARTS = _BY_PARTS.format(5) + _JOINABLE.format("found")

# The lobby has no rows in `memberships`. Other rooms have a count, of deleted people too, as in snapshots: counting the
# members of each listed room took seconds where rooms have a hundred thousand.
_SUMMARIES = """
SELECT r.id, r.kind, r.name, creator.name AS creator, r.is_private, r.archived_at IS NOT NULL AS is_archived,
    CASE r.kind WHEN 'lobby' THEN (SELECT count(*) FROM users WHERE deleted_at IS NULL AND NOT is_visitor)
         ELSE coalesce(r.members, (SELECT count(*) FROM memberships WHERE room_id = r.id)) END AS members,
    r.last_seq AS messages, extract(epoch FROM r.created_at)::float8 AS created_at,
    (SELECT extract(epoch FROM created_at)::float8 FROM messages
     WHERE room_id = r.id ORDER BY seq DESC LIMIT 1) AS last_at
FROM {} r LEFT JOIN users creator ON creator.id = r.creator_id
WHERE r.kind IN ('lobby', 'room') AND r.deleted_at IS NULL AND r.id > $2 AND position($1 IN r.name_key) > 0
ORDER BY r.id LIMIT $3"""

# The same three.
SUMMARIES = _SUMMARIES.format("rooms")
SUMMARIES_NEAR = _SUMMARIES.format(
    f"(SELECT * FROM rooms WHERE kind IN ('lobby', 'room') AND id > $2 ORDER BY id LIMIT {NEAR})"
)
SUMMARIES_BY_PARTS = _BY_PARTS.format(4) + _SUMMARIES.format("found")
