"""Mailed support conversations in PostgreSQL."""

import secrets
from collections.abc import Sequence

import asyncpg

from chat.domain.messages.files import FILES
from chat.features.support_mail.parsing import IncomingMail
from chat.features.support_mail.port import (
    MOST_AUTOMATIC,
    MOST_MAILS,
    MOST_NEW,
    MOST_SHOWN,
    TOGETHER,
    MailedConversation,
    MailOrigin,
    Place,
    Reply,
    Taken,
)
from chat.mail.letter import Mail
from chat.mail.queries import add_mail
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# An item that is there stays as it is: somebody may be reading now.
_BEGIN = """
INSERT INTO due (kind, key, at) VALUES ('support_inbox', 'inbox', clock_timestamp()) ON CONFLICT DO NOTHING"""
_BEGIN_LOG = """
INSERT INTO support_mailboxes (name, followed_id) SELECT 'log', last_id FROM lanes WHERE id = 1
ON CONFLICT DO NOTHING"""
_PLACE = "SELECT validity, last_uid FROM support_mailboxes WHERE name = $1"
_KEEP_PLACE = """
INSERT INTO support_mailboxes (name, validity, last_uid) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET validity = EXCLUDED.validity, last_uid = EXCLUDED.last_uid"""

_BY_DIGEST = """
SELECT mail.room_id, person_id, is_settled,
    mail.id = (SELECT min(id) FROM support_mails WHERE room_id = mail.room_id) AS is_first
FROM support_mails AS mail JOIN mailed_conversations USING (room_id) WHERE digest = $1"""
_ANSWERED = """
SELECT mailed.room_id, person_id FROM support_mails AS mail JOIN mailed_conversations AS mailed USING (room_id)
WHERE message_id = ANY ($1) AND address = $2 ORDER BY mail.id DESC LIMIT 1"""
_BY_TOKEN = (
    "SELECT room_id, person_id FROM mailed_conversations WHERE token = ANY ($1) AND address = $2 LIMIT 1"
)
_OF_REPORT = """
SELECT mailed.room_id, person_id FROM support_mails AS mail JOIN mailed_conversations AS mailed USING (room_id)
WHERE message_id = ANY ($1) AND mail.kind = 'out' ORDER BY mail.id DESC LIMIT 1"""
_COUNT = """
SELECT count(*) AS mails, count(*) FILTER (WHERE kind IN ('automatic', 'bounce')) AS automatic FROM support_mails
WHERE room_id = $1 AND kind <> 'out' AND created_at > clock_timestamp() - interval '1 hour'"""
_NOTE_MAIL = """
INSERT INTO support_mails (room_id, digest, message_id, kind, is_settled) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (digest) DO NOTHING RETURNING id"""
_MAY_BEGIN = """
SELECT count(*) FILTER (WHERE mailed.created_at > clock_timestamp() - interval '1 hour') < $2
    AND NOT coalesce(bool_or(disabled_at IS NOT NULL), false)
FROM mailed_conversations AS mailed JOIN users ON users.id = person_id WHERE address = $1"""
_ADD = """
INSERT INTO mailed_conversations (room_id, person_id, address, token, subject, is_by_mail)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (room_id) DO NOTHING"""
_VERDICT = "UPDATE mailed_conversations SET verdict = $2 WHERE room_id = $1"
_ORIGIN = "SELECT address, verdict FROM mailed_conversations WHERE room_id = $1 AND is_by_mail"
_REMOVE = "DELETE FROM mailed_conversations WHERE room_id = $1"
_SETTLE = "UPDATE support_mails SET is_settled = true WHERE digest = $1"
_LEAVE_NOTE = """
INSERT INTO notes (room_id, seq, author_id, text)
SELECT $1, newest.seq, author.sender_id, $2
FROM (SELECT seq FROM messages WHERE room_id = $1 ORDER BY seq DESC LIMIT 1) AS newest,
     (SELECT sender_id FROM messages JOIN users ON users.id = sender_id
      WHERE room_id = $1 AND users.is_operator AND users.deleted_at IS NULL ORDER BY seq DESC LIMIT 1) AS author
WHERE (SELECT count(*) FROM notes WHERE room_id = $1 AND removed_at IS NULL) < 500"""

_FOLLOW = """
SELECT mine.followed_id, lanes.last_id FROM support_mailboxes AS mine, lanes
WHERE mine.name = 'log' AND lanes.id = 1 FOR UPDATE OF mine"""
# An item that is claimed meanwhile stays, since its claim names an earlier try.
_DUE = f"""
INSERT INTO due (kind, key, at)
SELECT 'support_reply', m.room_id::text, clock_timestamp() + interval '{TOGETHER} s'
FROM messages AS m JOIN rooms ON rooms.id = m.room_id AND rooms.kind = 'support'
JOIN users ON users.id = rooms.creator_id AND users.is_visitor AND users.deleted_at IS NULL
JOIN visits ON visits.user_id = users.id AND visits.email IS NOT NULL
WHERE m.id > $1 AND m.id <= $2 AND m.kind = 'message' AND m.sender_id <> rooms.creator_id GROUP BY m.room_id
ON CONFLICT (kind, key) DO UPDATE SET tries = due.tries + 1 RETURNING 1"""
_FOLLOWED = "UPDATE support_mailboxes SET followed_id = $1 WHERE name = 'log'"

_CONVERSATION = """
SELECT r.id AS room_id, r.creator_id AS person_id, coalesce(mailed.address, lower(visits.email)) AS address,
    coalesce(mailed.token, $2) AS token, coalesce(mailed.subject, '') AS subject,
    coalesce(is_by_mail, false) AS is_by_mail, coalesce(mailed_seq, 0) AS mailed_seq,
    coalesce((SELECT seq FROM marks WHERE room_id = r.id AND user_id = r.creator_id), 0) AS read_seq
FROM rooms AS r JOIN users ON users.id = r.creator_id AND users.is_visitor
    AND users.deleted_at IS NULL AND users.disabled_at IS NULL
JOIN visits ON visits.user_id = users.id AND visits.email IS NOT NULL
LEFT JOIN mailed_conversations AS mailed ON mailed.room_id = r.id
WHERE r.id = $1 AND r.kind = 'support' AND r.deleted_at IS NULL"""
_EARLIER = """
SELECT message_id FROM support_mails WHERE room_id = $1 AND message_id IS NOT NULL AND kind IN ('in', 'out')
ORDER BY id DESC LIMIT 20"""
_REPLIES = f"""
SELECT seq, coalesce(m.text, '') AS text, coalesce(users.display_name, users.name) AS sender, files,
    extract(epoch FROM now() - m.created_at)::float8 AS age
FROM messages AS m JOIN users ON users.id = m.sender_id
WHERE m.room_id = $1 AND m.seq > $2 AND m.sender_id <> $3 AND m.kind = 'message' AND m.deleted_at IS NULL
ORDER BY seq LIMIT {MOST_SHOWN}"""
_LOCK = "SELECT mailed_seq FROM mailed_conversations WHERE room_id = $1 FOR UPDATE"
_MAILED = "UPDATE mailed_conversations SET mailed_seq = $2 WHERE room_id = $1"


class PostgresSupportMails:
    """The port `SupportMails`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self) -> None:
        async def begin(connection: Connection) -> None:
            await connection.execute(_BEGIN_LOG)
            await connection.execute(_BEGIN)

        await self._database.write(begin)

    async def place(self, mailbox: str) -> Place | None:
        row = await self._database.read(lambda c: c.fetchrow(_PLACE, mailbox))
        return None if row is None else Place(**row)

    async def keep_place(self, mailbox: str, place: Place) -> None:
        await self._database.write_statement(
            lambda c: c.execute(_KEEP_PLACE, mailbox, place.validity, place.last_uid)
        )

    async def match(self, mail: IncomingMail, tokens: Sequence[str], verdict: str) -> Taken | None:
        async def match(connection: Connection) -> Taken | None:
            before = await connection.fetchrow(_BY_DIGEST, mail.digest)
            if before is not None:
                return Taken(**before)
            found = await connection.fetchrow(_ANSWERED, list(mail.answers), mail.sender)
            if found is None and tokens:
                found = await connection.fetchrow(_BY_TOKEN, list(tokens), mail.sender)
            if found is None:
                return None
            if await _is_too_many(connection, found["room_id"], mail.kind):
                return Taken(**found, is_too_many=True)
            if mail.kind == "person":
                await _note_mail(connection, found["room_id"], mail, is_settled=False)
                await connection.execute(_VERDICT, found["room_id"], verdict)
            return Taken(**found)

        return await self._database.write(match)

    async def may_begin(self, address: str) -> bool:
        found: bool = await self._database.read(lambda c: c.fetchval(_MAY_BEGIN, address, MOST_NEW))
        return found

    async def add(self, mail: IncomingMail, room_id: int, person_id: int, verdict: str) -> Taken:
        async def add(connection: Connection) -> Taken:
            fields = room_id, person_id, mail.sender, _new_token(), mail.subject, True
            before = await connection.fetchrow(_BY_DIGEST, mail.digest)
            if before is not None:
                return Taken(**before)
            await connection.execute(_ADD, *fields)
            await connection.execute(_VERDICT, room_id, verdict)
            if await _note_mail(connection, room_id, mail, is_settled=False):
                return Taken(room_id=room_id, person_id=person_id, is_first=True)
            await connection.execute(_REMOVE, room_id)  # another server was first
            before = await connection.fetchrow(_BY_DIGEST, mail.digest)
            assert before is not None
            return Taken(**before)

        return await self._database.write(add)

    async def settle(self, digest: bytes) -> None:
        await self._database.write_statement(lambda c: c.execute(_SETTLE, digest))

    async def returned(self, mail: IncomingMail, note: str) -> Taken | None:
        async def leave(connection: Connection) -> Taken | None:
            found = await connection.fetchrow(_OF_REPORT, list(mail.reported))
            if found is None or not await _leave_note(connection, found["room_id"], mail, note):
                return None
            return Taken(**found)

        return await self._database.write(leave)

    async def note(self, mail: IncomingMail, room_id: int, note: str) -> bool:
        return await self._database.write(lambda c: _leave_note(c, room_id, mail, note))

    async def follow(self) -> bool:
        async def follow(connection: Connection) -> bool:
            row = await connection.fetchrow(_FOLLOW)
            if row is None or row["followed_id"] >= row["last_id"]:
                return False
            found = await connection.fetch(_DUE, row["followed_id"], row["last_id"])
            await connection.execute(_FOLLOWED, row["last_id"])
            return bool(found)

        return await self._database.write(follow)

    async def conversation(self, room_id: int) -> MailedConversation | None:
        async def read(connection: Connection) -> MailedConversation | None:
            row = await connection.fetchrow(_CONVERSATION, room_id, _new_token())
            if row is None:
                return None
            fields = dict(row)
            after = max(row["mailed_seq"], fields.pop("read_seq"))
            replies = await connection.fetch(_REPLIES, room_id, after, row["person_id"])
            earlier = [each["message_id"] for each in await connection.fetch(_EARLIER, room_id)]
            return MailedConversation(
                **fields, earlier=earlier[::-1], replies=[_reply(each) for each in replies]
            )

        return await self._database.read(read)

    async def send(self, conversation: MailedConversation, up_to: int, mail: Mail) -> bool:
        async def send(connection: Connection) -> bool:
            room_id, person_id = conversation.room_id, conversation.person_id
            await connection.execute(
                _ADD, room_id, person_id, conversation.address, conversation.token, "", False
            )
            if await connection.fetchval(_LOCK, room_id) != conversation.mailed_seq:
                return False
            await connection.execute(_MAILED, room_id, up_to)
            await connection.fetchval(_NOTE_MAIL, room_id, None, mail.message_id, "out", True)
            await add_mail(connection, mail, person_id, None)
            return True

        return await self._database.write(send)


class PostgresMailOrigins:
    """The port `MailOrigins`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def origin(self, room_id: int) -> MailOrigin | None:
        row = await self._database.read(lambda c: c.fetchrow(_ORIGIN, room_id))
        return None if row is None else MailOrigin(**row)


async def _is_too_many(connection: Connection, room_id: int, kind: str) -> bool:
    row = await connection.fetchrow(_COUNT, room_id)
    assert row is not None
    return row["mails"] >= MOST_MAILS or (kind != "person" and row["automatic"] >= MOST_AUTOMATIC)


async def _note_mail(connection: Connection, room_id: int, mail: IncomingMail, *, is_settled: bool) -> bool:
    kind = {"person": "in"}.get(mail.kind, mail.kind)
    noted = await connection.fetchval(_NOTE_MAIL, room_id, mail.digest, mail.message_id, kind, is_settled)
    return noted is not None


async def _leave_note(connection: Connection, room_id: int, mail: IncomingMail, note: str) -> bool:
    if await _is_too_many(connection, room_id, mail.kind):
        return False
    if not await _note_mail(connection, room_id, mail, is_settled=True):
        return False
    await connection.execute(_LEAVE_NOTE, room_id, note)
    return True


def _new_token() -> str:
    """Return a token that can't be guessed, of letters that an address keeps in any case."""
    return secrets.token_hex(10)


def _reply(row: asyncpg.Record) -> Reply:
    files = FILES.decode(row["files"]) if row["files"] else ()
    return Reply(
        seq=row["seq"],
        text=row["text"],
        sender=row["sender"],
        file_ids=tuple(each.id for each in files),
        age=row["age"],
    )
