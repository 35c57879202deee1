"""What a person has here, as JSON lines by kind, read in pages: their profile, what they wrote and uploaded."""

from collections.abc import AsyncGenerator

from chat.storage.postgres.database import Database

_WINDOW = 500
"""Ids of the log, or rows, that one query reads. Decoding 5000 long messages took 0.3 s, in which everybody waited."""

_PERSON = """
SELECT id, name, display_name, email, picture, status_emoji, status_text, status_until, is_operator,
    is_moderator, is_admin, share_reads, created_at, changed_at, disabled_at, is_visitor
FROM users WHERE id = $1 AND deleted_at IS NULL"""
_SESSIONS = """
SELECT id, name, address, agent, family IS NULL AS is_token, created_at, used_at, expires_at
FROM sessions WHERE user_id = $1 ORDER BY id"""
_MEMBERSHIPS = """
SELECT room_id, rooms.kind, rooms.name AS room, role, joined_at, marks.seq AS read_seq, marks.notify, marks.hidden,
    marks.starred
FROM memberships JOIN rooms ON rooms.id = room_id AND rooms.deleted_at IS NULL
LEFT JOIN marks USING (room_id, user_id) WHERE user_id = $1 ORDER BY room_id"""
_BLOCKS = """
SELECT blocked_id AS person_id, users.name AS person
FROM blocks JOIN users ON users.id = blocked_id WHERE user_id = $1 ORDER BY blocked_id"""
# Without texts: they are others', and in rooms that the person may have left.
_SAVED = "SELECT room_id, seq, saved_at, remind_at FROM saved_messages WHERE person_id = $1 ORDER BY id"
_FOLDERS = """
SELECT folder->>'name' AS name, folder->'rooms' AS rooms
FROM room_folders, jsonb_array_elements(folders::jsonb) AS folder WHERE person_id = $1"""
_SCHEDULED = """
SELECT id, room_id, text, reply, send_at, state, error FROM scheduled_messages WHERE person_id = $1 ORDER BY id"""
_HELD = (
    "SELECT id, room_id, seq, text, reply, held_at, state FROM held_messages WHERE author_id = $1 ORDER BY id"
)
_CANNED_ANSWERS = "SELECT id, shortcut, text FROM canned_answers WHERE owner_id = $1 ORDER BY id"
# Without the messages: they are others'.
_REPORTS = """
SELECT room_id, seq, reason, comment, reported_at FROM reports WHERE reporter_id = $1 ORDER BY reported_at"""
_RATINGS = """
SELECT room_id, seq, is_good, comment, rated_at FROM ratings
WHERE room_id = (SELECT id FROM rooms WHERE kind = 'support' AND creator_id = $1) ORDER BY seq"""
_DRAFTS = """
SELECT room_id, nullif(thread, 0) AS thread, text, reply, typed_at FROM drafts
WHERE person_id = $1 AND text <> '' ORDER BY typed_at"""
_WHOLE = {
    "sessions": _SESSIONS,
    "memberships": _MEMBERSHIPS,
    "blocks": _BLOCKS,
    "saved": _SAVED,
    "folders": _FOLDERS,
    "scheduled": _SCHEDULED,
    "drafts": _DRAFTS,
    "held": _HELD,
    "canned_answers": _CANNED_ANSWERS,
    "reports": _REPORTS,
    "ratings": _RATINGS,
}

_OF_LOG = {
    "messages": """
SELECT id, m.room_id, seq, text, reply_seq, mentions, files, created_at, edited_at FROM messages m
WHERE id > $2 AND id <= $3 AND sender_id = $1 AND kind = 'message' AND deleted_at IS NULL ORDER BY id""",
    "edits": """
SELECT e.room_id, e.seq, e.pos, e.text, e.created_at FROM messages m
JOIN edits e ON e.room_id = m.room_id AND e.seq = m.seq
WHERE m.id > $2 AND m.id <= $3 AND sender_id = $1 AND deleted_at IS NULL ORDER BY m.id, e.pos""",
    "reactions": """
SELECT r.room_id, r.seq, r.emoji FROM messages m
JOIN reactions r ON r.room_id = m.room_id AND r.seq = m.seq AND r.person_id = $1
WHERE m.id > $2 AND m.id <= $3 AND deleted_at IS NULL ORDER BY m.id, r.emoji""",
}
_FILES = """
SELECT id, room_id, seq, name, type, size, encode(digest, 'hex') AS sha256, created_at
FROM files WHERE id > $2 AND id <= $3 AND owner_id = $1 ORDER BY id"""
_ENDS = "SELECT last_id, (SELECT coalesce(max(id), 0) FROM files) AS last_file FROM lanes WHERE id = 1"
_FILE_BYTES = "SELECT coalesce(sum(size), 0)::bigint FROM files WHERE owner_id = $1"
_AS_LINES = "SELECT to_json(line)::text AS line FROM ({}) AS line"


class PostgresExports:
    """Reads what a person has; a window of the log at a time, so that memory is bounded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, person_id: int) -> str | None:
        """Return the profile, as a line of JSON. May raise StorageDown. Cancelling changes nothing."""
        found = await self._lines(_PERSON, person_id)
        return found[0] if found else None

    async def kinds(self, person_id: int) -> AsyncGenerator[tuple[str, list[str]]]:
        """Yield lines of JSON with their kind, all of one kind in a row; a kind without lines has one empty list.

        May raise StorageDown. Cancelling changes nothing.
        """
        for kind, query in _WHOLE.items():
            yield kind, await self._lines(query, person_id)
        ends = await self._database.read(lambda connection: connection.fetchrow(_ENDS))
        assert ends is not None
        for kind, query in (*_OF_LOG.items(), ("files", _FILES)):
            end = ends["last_file"] if kind == "files" else ends["last_id"]
            for after in range(0, max(1, end), _WINDOW):
                yield kind, await self._lines(query, person_id, after, min(after + _WINDOW, end))

    async def extent(self, person_id: int) -> tuple[int, int]:
        """Return how many lists kinds() yields, and the bytes of the files. Cancelling changes nothing."""
        ends = await self._database.read(lambda connection: connection.fetchrow(_ENDS))
        size = await self._database.read(lambda connection: connection.fetchval(_FILE_BYTES, person_id))
        assert ends is not None
        of_log, of_files = (max(1, -(-end // _WINDOW)) for end in ends)
        return len(_WHOLE) + len(_OF_LOG) * of_log + of_files, size

    async def _lines(self, query: str, *values: object) -> list[str]:
        rows = await self._database.read(
            lambda connection: connection.fetch(_AS_LINES.format(query), *values)
        )
        return [row["line"] for row in rows]
