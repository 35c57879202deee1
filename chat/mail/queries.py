"""The queue of mails in PostgreSQL."""

from collections.abc import Sequence

import msgspec

from chat.due.queries import add_due
from chat.mail.letter import Mail
from chat.mail.queue import BULK, KEPT, MAIL, MailEntry, State
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_ADD = """
INSERT INTO mails (user_id, address, message_id, subject, text, html, expires_at, headers, file_ids, is_automatic)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7), $8::text::jsonb, $9, $10)
RETURNING id"""
_WAITING = """
SELECT user_id, address AS to, message_id, subject, text, html, headers::text, file_ids, is_automatic FROM mails
WHERE id = $1 AND state = 'waiting' AND (expires_at IS NULL OR expires_at > clock_timestamp())"""
_NOTE = """
UPDATE mails SET state = $2, tries = $3, error = $4,
    text = CASE WHEN $2 = 'waiting' THEN text END, html = CASE WHEN $2 = 'waiting' THEN html END,
    ended_at = CASE WHEN $2 <> 'waiting' THEN clock_timestamp() END
WHERE id = $1 AND state = 'waiting'"""
_CLEAN = f"DELETE FROM mails WHERE ended_at < clock_timestamp() - interval '{KEPT} days'"
_LISTED = """
SELECT mails.id, address AS to, subject, state, mails.tries, error,
    extract(epoch FROM created_at)::float8 AS created_at, extract(epoch FROM due.at)::float8 AS next_at
FROM mails LEFT JOIN due ON due.kind IN ('mail', 'bulk_mail') AND due.key = mails.id::text
WHERE state <> 'sent' ORDER BY mails.id DESC LIMIT $1"""
_COUNTS = "SELECT state, count(*) AS n FROM mails GROUP BY state"


_headers = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


async def add_mail(
    connection: Connection, mail: Mail, person_id: int | None, lasts: float | None, *, is_bulk: bool = False
) -> int:
    """As `Mails.add`, in the caller's transaction; asyncio-flavoured."""
    mail_id: int = await connection.fetchval(
        _ADD,
        person_id,
        mail.to,
        mail.message_id,
        mail.subject,
        mail.text,
        mail.html,
        lasts,
        msgspec.json.encode(mail.headers).decode() if mail.headers else None,
        list(mail.file_ids) or None,
        mail.is_automatic,
    )
    await add_due(connection, BULK if is_bulk else MAIL, str(mail_id), 0.0)
    return mail_id


async def read_counts(connection: Connection) -> list[tuple[str, str, float]]:
    """Return the metrics of the queue; asyncio-flavoured."""
    found = {row["state"]: row["n"] for row in await connection.fetch(_COUNTS)}
    return [
        ("chat_mails_waiting", "Mails that wait for the mail server", float(found.get("waiting", 0))),
        (
            "chat_mails_given_up",
            "Mails of the last 14 days that were given up",
            float(found.get("given_up", 0)),
        ),
    ]


class PostgresMails:
    """The port `Mails`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, mail: Mail, person_id: int | None, lasts: float | None, *, is_bulk: bool = False
    ) -> int:
        return await self._database.write(lambda c: add_mail(c, mail, person_id, lasts, is_bulk=is_bulk))

    async def waiting(self, mail_id: int) -> Mail | None:
        async def read(connection: Connection) -> Mail | None:
            found = await connection.fetchrow(_WAITING, mail_id)
            if found is None:
                return None
            fields = dict(found)
            headers, files = fields.pop("headers"), fields.pop("file_ids")
            owner = fields.pop("user_id")
            return Mail(
                **fields,
                headers=_headers(headers) if headers else (),
                file_ids=tuple(files or ()),
                files_of=owner if files else None,
            )

        return await self._database.read(read)

    async def note(self, mail_id: int, state: State, tries: int, error: str | None) -> None:
        async def note(connection: Connection) -> None:
            await connection.execute(_NOTE, mail_id, state, tries, error)
            await connection.execute(_CLEAN)

        await self._database.write(note)

    async def listed(self, most: int) -> Sequence[MailEntry]:
        async def read(connection: Connection) -> list[MailEntry]:
            return [MailEntry(**row) for row in await connection.fetch(_LISTED, most)]

        return await self._database.read(read)
