"""Transfers in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import trio
from msgspec import structs

from chat.domain.administration.audit import Act, What
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.transfers.found import Cause, Found
from chat.features.transfers.transfers import (
    KEPT,
    TRANSFERS,
    Failure,
    Kind,
    Transfer,
    removal_act,
    stop_act,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Link(msgspec.Struct, frozen=True):
    by_id: int
    session_id: int | None
    generation: int
    digest: bytes


class TransfersModel:
    """The port `Transfers`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._sessions, self._audit = storage.users, storage.sessions, storage.audit
        self._rooms = storage.rooms
        self._now = storage.now
        self._transfers: dict[str, Transfer] = {}
        self._link: _Link | None = None
        self._claims: dict[str, tuple[int, float]] = {}  # by name: by whom and until when
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {TRANSFERS: self}

    async def has_room(self, room_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        return self._rooms.is_there(room_id)

    async def has_person(self, person_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        return self._users.is_there(person_id)

    async def begin_export(
        self,
        name: str,
        by_id: int,
        room_id: int | None,
        has_files: bool,
        person_id: int | None = None,
    ) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        before = self._transfers.get("export")
        if before is not None and before.is_due:
            return None
        if room_id is not None and not self._rooms.is_there(room_id):
            return None
        if person_id is not None and not self._users.is_there(person_id):
            return None
        self._link = None
        return self._keep(
            Transfer(
                kind="export",
                name=name,
                by_id=by_id,
                asked_at=self._now(),
                room_id=room_id,
                person_id=person_id,
                of=self._name_of(room_id, person_id),
                has_files=has_files,
                touched_at=self._now(),
            )
        )

    async def begin_import(
        self, name: str, by_id: int, source: str, file_name: str, size: int
    ) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        before = self._living("import")
        if before is not None and (before.ended_at is None or before.failure is not None):
            return None
        return self._keep(
            Transfer(
                kind="import",
                name=name,
                by_id=by_id,
                asked_at=self._now(),
                is_due=False,
                step="upload",
                source=source,
                file_name=file_name,
                size=size,
                received=0,
                touched_at=self._now(),
            )
        )

    async def receive(self, name: str, at: int, count: int) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        found = self._transfers.get("import")
        if found is None or found.name != name or found.step != "upload" or found.received != at:
            return None
        is_whole = at + count == found.size
        step = "check" if is_whole else "upload"
        return self._keep(
            structs.replace(found, received=at + count, step=step, is_due=is_whole, touched_at=self._now())
        )

    async def start_import(self) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        found = self._living("import")
        if found is None or found.is_due or (found.step != "ready" and found.failure is None):
            return None
        step = "import" if found.step == "ready" else found.step
        begun = structs.replace(
            found, is_due=True, step=step, ended_at=None, failure=None, problem=None, cause=None
        )
        return self._keep(structs.replace(begun, stage=None, done=0, whole=0, touched_at=self._now()))

    async def stop_import(self, by_id: int) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        found = self._transfers.get("import")
        if found is None or not found.is_due:
            return None
        self._audit.note([stop_act(found, by_id)])
        ended = structs.replace(found, is_due=False, ended_at=self._now(), problem=None)
        return self._keep(structs.replace(ended, failure=Failure.CANCELLED.value))

    async def find(self, kind: Kind) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        return self._living(kind)

    async def remove(self, kind: Kind, by_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        removed = self._transfers.pop(kind, None)
        if removed is not None and (act := removal_act(removed, by_id)):
            self._audit.note([act])
        return removed is not None

    async def make_link(
        self, by_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        export = self._made()
        if export is None:
            return None
        self._link = _Link(by_id, session_id, generation, digest)
        act = Act(
            by_id=by_id, what=What.ARCHIVE_LINK_MADE, person_id=export.person_id, room_id=export.room_id
        )
        self._audit.note([act])
        return export

    async def by_link(self, digest: bytes) -> Transfer | None:
        link = self._link
        if link is None or link.digest != digest or link.session_id is None:
            await trio.lowlevel.checkpoint()
        if link is None or link.digest != digest:
            return None
        living = {} if link.session_id is None else await self._sessions.living([link.session_id])
        person = self._users.look_up(link.by_id)
        if person is None or not self._users.is_there(link.by_id) or person.is_disabled:
            return None
        is_good = person.is_admin and person.token_generation == link.generation
        is_there = link.session_id is None or living.get(link.session_id) == link.by_id
        return self._made() if is_good and is_there else None

    async def claim(self, by: int, seconds: float) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        due = sorted(
            (each for each in self._transfers.values() if each.is_due), key=lambda each: each.asked_at
        )
        if any(self._is_claimed(each.name) and self._claims[each.name][0] != by for each in due):
            return None
        if not due:
            return None
        self._claims[due[0].name] = (by, self._now() + seconds)
        return due[0]

    async def renew(self, by: int, name: str, seconds: float) -> bool:
        await trio.lowlevel.checkpoint()
        if self._ours(by, name) is None:
            return False
        self._claims[name] = (by, self._now() + seconds)
        return True

    async def note(self, by: int, name: str, stage: str, done: int, whole: int) -> bool:
        await trio.lowlevel.checkpoint()
        transfer = self._ours(by, name)
        if transfer is None:
            return False
        self._keep(structs.replace(transfer, stage=stage, done=done, whole=whole))
        return True

    async def finish_export(self, by: int, name: str, size: int) -> bool:
        await trio.lowlevel.checkpoint()
        transfer = self._ours(by, name)
        if transfer is None:
            return False
        self._keep(structs.replace(transfer, is_due=False, ended_at=self._now(), size=size))
        return True

    async def checked(self, by: int, name: str, found: Found) -> bool:
        await trio.lowlevel.checkpoint()
        transfer = self._ours(by, name)
        if transfer is None:
            return False
        ready = structs.replace(transfer, is_due=False, step="ready", found=found, stage=None)
        self._keep(structs.replace(ready, touched_at=self._now()))
        return True

    async def finish_import(self, by: int, name: str, found: Found) -> bool:
        await trio.lowlevel.checkpoint()
        transfer = self._ours(by, name)
        if transfer is None:
            return False
        self._keep(structs.replace(transfer, is_due=False, ended_at=self._now(), found=found))
        return True

    async def fail(
        self, by: int, name: str, failure: Failure, problem: str, cause: Cause | None = None
    ) -> None:
        await trio.lowlevel.checkpoint()
        transfer = self._ours(by, name)
        if transfer is not None:
            ended = structs.replace(transfer, is_due=False, ended_at=self._now())
            self._keep(structs.replace(ended, failure=failure.value, problem=problem, cause=cause))

    async def claimed(self, by: int, name: str) -> Transfer | None:
        await trio.lowlevel.checkpoint()
        return self._ours(by, name)

    async def expire(self) -> frozenset[str]:
        await trio.lowlevel.checkpoint()
        self._transfers = {kind: each for kind, each in self._transfers.items() if self._living(each.kind)}
        return frozenset(each.name for each in self._transfers.values())

    def _name_of(self, room_id: int | None, person_id: int | None) -> str | None:
        room = None if room_id is None else self._rooms.look_up(room_id)
        person = None if person_id is None else self._users.look_up(person_id)
        return room.name if room is not None else None if person is None else person.name

    def _keep(self, transfer: Transfer) -> Transfer:
        self._transfers[transfer.kind] = transfer
        return transfer

    def _living(self, kind: str) -> Transfer | None:
        found = self._transfers.get(kind)
        if found is None or found.is_due or (found.ended_at or found.touched_at) > self._now() - KEPT:
            return found
        return None

    def _made(self) -> Transfer | None:
        found = self._living("export")
        return found if found and found.ended_at is not None and found.failure is None else None

    def _is_claimed(self, name: str) -> bool:
        return name in self._claims and self._claims[name][1] > self._now()

    def _ours(self, by: int, name: str) -> Transfer | None:
        for each in self._transfers.values():
            if each.name == name and each.is_due and self._claims.get(name, (None, 0))[0] == by:
                return each
        return None
