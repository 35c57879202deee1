"""The list of visitors in PostgreSQL."""

import asyncpg

from chat.domain.accounts.program_names import NOT_OF_PROGRAM
from chat.domain.entities import Person, Visit
from chat.features.visitor_list.port import ListedVisitor
from chat.storage.postgres.database import Database

_PAGE = f"""
SELECT users.id, users.name, display_name, disabled_at IS NOT NULL AS is_disabled,
    extract(epoch FROM users.created_at)::float8 AS created_at,
    extract(epoch FROM coalesce(users.changed_at, users.created_at))::float8 AS changed_at,
    visits.email AS visit_email, visits.page, visits.site_id IS NOT NULL AS is_verified,
    (SELECT id FROM rooms WHERE kind = 'support' AND creator_id = users.id AND rooms.deleted_at IS NULL
        AND spoken_after_id IS NOT NULL) AS room_id
FROM users LEFT JOIN visits ON visits.user_id = users.id
WHERE is_visitor AND {NOT_OF_PROGRAM.format(name="users.name")} AND users.deleted_at IS NULL
    AND users.id < $2 AND ($1 = '' OR position($1 IN lower(concat_ws(' ', users.name, display_name, visits.email))) > 0)
ORDER BY users.id DESC LIMIT $3"""


class PostgresVisitorList:
    """The port `VisitorList`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, part: str, before_id: int, limit: int) -> list[ListedVisitor]:
        rows = await self._database.read(lambda c: c.fetch(_PAGE, part, before_id, limit))
        return [_visitor(row) for row in rows]


def _visitor(row: asyncpg.Record) -> ListedVisitor:
    person = Person(
        id=row["id"],
        name=row["name"],
        display_name=row["display_name"],
        is_disabled=row["is_disabled"],
        is_visitor=True,
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
    visit = Visit(email=row["visit_email"], page=row["page"], is_verified=row["is_verified"])
    return ListedVisitor(person, visit, row["room_id"])
