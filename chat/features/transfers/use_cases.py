"""An admin asks for an export, follows its progress, and gets a link that works while it is kept."""

import secrets
import time
from pathlib import Path

from chat.domain.entities import Person
from chat.domain.features import Port, Ports
from chat.domain.refusals import NO_PERSON, NO_ROOM, Code, Refusal
from chat.features.transfers.transfers import KEPT, TRANSFERS, Kind, Transfer
from chat.signals import Signal
from chat.storage.archives import ArchiveFile, Link, link_digest, new_link_code

NO_PLACE = Refusal(
    Code.FORBIDDEN,
    "this server has no directory of files, where exports and imports are (--files)",
    reason="no_place_for_transfers",
)
NO_ARCHIVE = Refusal(Code.NOT_FOUND, "there is no export, or its time is over", reason="no_export")
NOT_MADE = Refusal(Code.CONFLICT, "the export is not made yet", reason="export_not_made")
ROOM_OR_PERSON = Refusal(
    Code.INVALID,
    "an export is of the server, of a room or of a person: name one",
    field="person",
    reason="room_or_person",
)
UNDER_WAY = Refusal(Code.CONFLICT, "an export is under way", reason="transfer_under_way")


class TransferService:
    """The transfers of one server. Every method may raise StorageDown, those that change OutcomeUnknown.

    Cancelling one: it was done completely, or not at all. `asked` is notified when there is something to do.
    """

    def __init__(self, ports: Ports) -> None:
        self._transfers = ports[TRANSFERS]
        self.asked = Signal()

    async def has_room(self, room_id: int) -> bool:
        """Return whether there is such a room."""
        return await self._transfers.has_room(room_id)

    async def has_person(self, person_id: int) -> bool:
        """Return whether there is such a person."""
        return await self._transfers.has_person(person_id)

    async def begin_export(
        self, by: Person, room_id: int | None, person_id: int | None, has_files: bool
    ) -> Transfer | Refusal:
        """Ask for an export of the server, a room, or what a person wrote; the caller has proved who they are."""
        name = secrets.token_hex(16)
        begun = await self._transfers.begin_export(name, by.id, room_id, has_files, person_id)
        if begun is not None:
            self.asked.notify()
            return begun
        known = await self._transfers.find("export")
        if known is not None and known.is_due:
            return UNDER_WAY
        return NO_ROOM if room_id is not None else NO_PERSON

    async def find(self, kind: Kind) -> Transfer | None:
        """Return a transfer."""
        return await self._transfers.find(kind)

    async def remove(self, by: Person, kind: Kind) -> bool:
        """Remove a transfer with its files; one that is under way is stopped."""
        is_there = await self._transfers.remove(kind, by.id)
        self.asked.notify()
        return is_there

    async def make_link(self, by: Person) -> Link | Refusal:
        """Return a new link to the export; the link before it ends."""
        found = await self._transfers.find("export")
        if found is None:
            return NO_ARCHIVE
        if found.ended_at is None or found.failure is not None:
            return NOT_MADE
        code = new_link_code()
        made = await self._transfers.make_link(by.id, by.session_id, by.token_generation, link_digest(code))
        if made is None or made.ended_at is None:
            return NO_ARCHIVE
        return Link(code, made.ended_at + KEPT)

    async def open_link(self, code: str, directory: Path) -> ArchiveFile | Refusal:
        """Return the file of a link."""
        export = await self._transfers.by_link(link_digest(code))
        if export is None or not (path := directory / f"{export.name}.zip").exists():
            return NO_ARCHIVE
        day = time.strftime("%Y-%m-%d", time.gmtime(export.ended_at))
        of = ""
        if export.room_id is not None:
            of = f"-room-{export.room_id}"
        elif export.person_id is not None:
            of = f"-person-{export.person_id}"
        return ArchiveFile(path, f"archive{of}-{day}.zip")


TRANSFER_SERVICE: Port[TransferService] = Port("transfers of a server")
