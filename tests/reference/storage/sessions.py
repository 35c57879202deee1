"""Sessions in memory. A method's work is done in one go after its checkpoint: no await in between."""

import time
from collections.abc import Callable, Iterable, Sequence

import msgspec
import trio
from msgspec import structs

from chat.domain.entities import LoginSession
from chat.domain.ports import MOST_SESSIONS, OVERLAP, NewSession, Refreshing, SessionRefreshed, TokenReused
from chat.domain.ports.sessions import RESTORE_WINDOW, Restore
from tests.reference.storage.users import MemoryUsers


class _Row(msgspec.Struct, frozen=True):
    """A session, its person's generation then, and what its refresh tokens are recognised by; times are `now`'s."""

    session: LoginSession
    generation: int
    ends: float
    newest: Refreshing | None
    previous: bytes | None = None
    refreshed: float = 0.0


class MemorySessions:
    """The port `Sessions`; `now` is the clock of all that ends, in seconds."""

    def __init__(self, users: MemoryUsers, now: Callable[[], float] = trio.current_time) -> None:
        self._users = users
        self._now = now
        self._rows: dict[int, _Row] = {}
        self._restored: float | None = None  # when the last restore was noted
        self._last_restore: Restore | None = None
        self._last_id = 0

    async def begin(self, new: NewSession) -> LoginSession | None:
        await trio.lowlevel.checkpoint()
        person = self._users.look_up(new.person_id)
        if person is None or not self._users.is_there(person.id):
            return None
        if person.is_disabled or person.token_generation != new.generation:
            return None
        self._forget_ended()
        self._last_id += 1
        at = round(time.time(), 6)
        session = LoginSession(
            id=self._last_id,
            person_id=new.person_id,
            kind="token" if new.refreshing is None else "login",
            name=new.name,
            address=new.address,
            agent=new.agent,
            created_at=at,
            used_at=at,
        )
        now = self._now()
        self._rows[session.id] = _Row(session, new.generation, now + new.lasts, new.refreshing, None, now)
        alike = [row for row in self._of(new.person_id) if row.session.kind == session.kind]
        alike.sort(key=lambda row: (row.session.used_at, row.session.id), reverse=True)
        self._end(row.session.id for row in alike[MOST_SESSIONS:])
        return session

    async def refresh(
        self, used: Refreshing, *, lasts: float, address: str, agent: str
    ) -> SessionRefreshed | TokenReused | None:
        await trio.lowlevel.checkpoint()
        row = self._by_family(used.family)
        if row is None or row.newest is None:
            return None
        person = self._users.look_up(row.session.person_id)
        if row.newest.own == used.own and person is not None and person.is_disabled:
            return SessionRefreshed(row.session, used.own)
        is_behind = (
            self._restored is not None
            and row.refreshed < self._restored
            and self._now() < self._restored + RESTORE_WINDOW
            and (person is None or not person.is_disabled)
            and not (row.previous == used.own or used.precedes(row.newest.own))
        )
        if row.newest.own == used.own or is_behind:
            session = structs.replace(
                row.session, used_at=round(time.time(), 6), address=address, agent=agent
            )
            newest = structs.replace(used, own=used.successor)
            now = self._now()
            self._rows[session.id] = _Row(session, row.generation, now + lasts, newest, used.own, now)
            return SessionRefreshed(session, used.successor)
        if row.previous == used.own and self._now() < row.refreshed + OVERLAP:
            return SessionRefreshed(row.session, row.newest.own)
        self._end([row.session.id])
        return TokenReused(row.session)

    async def mark_restored(self, until: float | None = None) -> None:
        await trio.lowlevel.checkpoint()
        self._restored = self._now()
        self._last_restore = Restore(time.time(), until)

    async def last_restore(self) -> Restore | None:
        await trio.lowlevel.checkpoint()
        return self._last_restore

    async def end(self, person_id: int, session_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        row = self._rows.get(session_id)
        if row is None or row.session.person_id != person_id or not self._lives(row):
            return False
        self._end([session_id])
        return True

    async def end_others(self, person_id: int, session_id: int | None) -> None:
        await trio.lowlevel.checkpoint()
        self._end(row.session.id for row in self._of(person_id) if row.session.id != session_id)

    async def end_family(self, family: bytes) -> None:
        await trio.lowlevel.checkpoint()
        row = self._by_family(family)
        if row is not None:
            self._end([row.session.id])

    async def of_person(self, person_id: int) -> list[LoginSession]:
        await trio.lowlevel.checkpoint()
        return [row.session for row in reversed(self._of(person_id))]

    async def counts(self, person_ids: Sequence[int]) -> dict[int, int]:
        await trio.lowlevel.checkpoint()
        numbers = {person_id: len(self._of(person_id)) for person_id in person_ids}
        return {person_id: number for person_id, number in numbers.items() if number}

    def note_use(self, session_id: int) -> None:
        """Note that a session is used, as part of a write; within a minute of the last use it stays. Sync."""
        row, at = self._rows.get(session_id), round(time.time(), 6)
        if row is None:
            return
        if row.session.used_at == row.session.created_at or row.session.used_at < at - 60:
            self._rows[session_id] = structs.replace(row, session=structs.replace(row.session, used_at=at))

    def last_use(self, person_id: int) -> float | None:
        """Return when a session of somebody was used last; None: none was. Sync."""
        of_them = [row.session for row in self._rows.values() if row.session.person_id == person_id]
        return max((each.used_at for each in of_them if each.used_at > each.created_at), default=None)

    def end_now(self, session_ids: Iterable[int]) -> None:
        """End sessions, as part of a write. Sync."""
        self._end(session_ids)

    async def living(self, session_ids: Sequence[int]) -> dict[int, int]:
        await trio.lowlevel.checkpoint()
        return self.living_now(session_ids)

    def living_now(self, session_ids: Iterable[int]) -> dict[int, int]:
        """Return what `living` does. Sync."""
        rows = (self._rows.get(session_id) for session_id in session_ids)
        return {row.session.id: row.session.person_id for row in rows if row is not None and self._lives(row)}

    def _by_family(self, family: bytes) -> _Row | None:
        for row in self._rows.values():
            if row.newest is not None and row.newest.family == family and self._lives(row):
                return row
        return None

    def _of(self, person_id: int) -> list[_Row]:
        rows = self._rows.values()
        return [row for row in rows if row.session.person_id == person_id and self._lives(row)]

    def _lives(self, row: _Row) -> bool:
        person = self._users.look_up(row.session.person_id)
        return (
            person is not None
            and self._users.is_there(person.id)
            and person.token_generation == row.generation
            and self._now() < row.ends
        )

    def _end(self, session_ids: Iterable[int]) -> None:
        for session_id in tuple(session_ids):
            row = self._rows.pop(session_id)
            self._users.watchers.notify(row.session.person_id)

    def _forget_ended(self) -> None:
        self._rows = {session_id: row for session_id, row in self._rows.items() if self._lives(row)}
