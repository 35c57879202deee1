"""The statements of `export.py`. Deleted rooms, and what retention is removing, are not exported."""

# An archive that was imported whole keeps its source: the server goes on under it.
HEAD = """
SELECT last_id, coalesce(
    (SELECT source FROM imports WHERE is_whole), 'chat ' || (SELECT store_id FROM file_store WHERE id = 1)
) AS source FROM lanes WHERE id = 1"""

# Of a person: the rooms that they are in, and those that have messages of theirs.
ROOMS = """
SELECT r.*, low_id, high_id FROM rooms r LEFT JOIN direct_rooms ON direct_rooms.room_id = r.id
WHERE r.deleted_at IS NULL AND ($1::bigint IS NULL OR r.id = $1) AND ($2::bigint IS NULL OR r.kind = 'lobby'
    OR r.creator_id = $2 AND r.kind = 'support'
    OR EXISTS (SELECT FROM memberships WHERE room_id = r.id AND user_id = $2)
    OR r.id IN (SELECT room_id FROM messages WHERE sender_id = $2))
ORDER BY r.id"""

_MESSAGES = """
FROM messages m JOIN rooms r ON r.id = m.room_id
{}WHERE m.id > $1 AND m.id <= $2 AND m.room_id = ANY($3::bigint[]) AND m.seq >= r.first_seq
    AND ($4::bigint IS NULL OR m.sender_id = $4)
ORDER BY """
_AT = "ON {0}.room_id = m.room_id AND {0}.seq = m.seq\n"

# $1 and $2 bound the ids, $3 are the rooms, $4 is the person or NULL. Of a person's messages only their own reactions.
WINDOW = (
    f"""
SELECT m.id, m.room_id, m.seq, m.pos, m.sender_id, m.kind, m.text, m.created_at, m.reply_seq, m.mentions, m.files,
    m.edited_at, m.changed_pos, m.deleted_at, m.deleted_by {_MESSAGES.format("")}m.id""",
    f"""
SELECT m.room_id, m.seq, e.pos, e.text, e.created_at
{_MESSAGES.format(f"JOIN edits e {_AT.format('e')}")}m.id, e.pos""",
    f"""
SELECT m.room_id, m.seq, a.emoji, a.person_id
{_MESSAGES.format(f"JOIN reactions a {_AT.format('a')} AND ($4::bigint IS NULL OR a.person_id = $4)" + chr(10))}
m.id, a.emoji COLLATE "C", a.person_id""",
    f"""
SELECT m.room_id, m.seq, p.by_id, p.created_at, p.pos
{_MESSAGES.format(f"JOIN pins p {_AT.format('p')}")}m.id""",
    f"""
SELECT f.id, f.digest
{_MESSAGES.format(f"JOIN files f {_AT.format('f')}")}f.id""",
    """
SELECT c.* FROM changes c JOIN rooms r ON r.id = c.room_id
WHERE c.id > $1 AND c.id <= $2 AND c.room_id = ANY($3::bigint[]) AND c.pos >= r.floor
    AND $4::bigint IS NULL
ORDER BY c.id""",
)

MEMBERS = """
SELECT * FROM memberships WHERE room_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR user_id = $2)
ORDER BY room_id, user_id"""
MARKS = """
SELECT * FROM marks WHERE room_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR user_id = $2)
ORDER BY room_id, user_id"""
BANS = """
SELECT * FROM bans WHERE room_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR user_id = $2)
ORDER BY room_id, user_id"""
FOLLOWS = """
SELECT * FROM thread_follows WHERE room_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR person_id = $2)
ORDER BY room_id, root, person_id"""
# With a bot goes its owner.
PEOPLE = """
SELECT users.*, owner_id AS owner, coalesce(is_off_by_owner, false) AS is_off_by_owner
FROM users LEFT JOIN bots ON person_id = users.id
WHERE $1::bigint[] IS NULL OR users.id = ANY($1::bigint[])
    OR users.id IN (SELECT owner_id FROM bots WHERE person_id = ANY($1::bigint[]))
ORDER BY users.id"""

_LEFT_OUT = {
    "pictures": "pictures",
    "server_emoji": "custom_emoji",
    "link_previews": "link_previews",
    "saved_messages": "saved_messages",
    "folders": "room_folders",
    "drafts": "drafts WHERE text <> ''",
    "scheduled_messages": "scheduled_messages",
    "held_messages": "held_messages",
    "reports": "reports",
    "blocks": "blocks",
    "notes": "notes",
    "labels": "labels",
    "teams": "teams",
    "canned_answers": "canned_answers",
    "ratings": "ratings",
    "statuses": "users WHERE status_text <> '' OR status_emoji IS NOT NULL",
    "invites": "invites",
    "settings": "settings",
    "hooks": "hooks",
    "audit_entries": "audit",
}
LEFT_OUT = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {rows}) AS {name}" for name, rows in _LEFT_OUT.items()
)
