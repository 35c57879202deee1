"""A person asks for an export, follows its progress, and gets a link that is valid while it is kept."""

import math
import secrets
import time

from chat.domain.entities import Person
from chat.domain.features import Port, Ports
from chat.domain.refusals import Code, Refusal
from chat.features.exports.requests import KEPT, REQUESTS, Export
from chat.signals import Signal
from chat.storage.archives import ArchiveFile, Archives, Link, link_digest, new_link_code

NO_EXPORTS = Refusal(Code.FORBIDDEN, "this server makes no exports", reason="exports_disabled")
NO_EXPORT = Refusal(Code.NOT_FOUND, "there is no export, or its time is over", reason="no_export")
NOT_MADE = Refusal(Code.CONFLICT, "the export is not made yet", reason="export_not_made")


class Exports:
    """The exports of one server. Every method may raise StorageDown, those that change OutcomeUnknown.

    Cancelling one: it was done completely, or not at all. `asked` is notified when somebody asked for an export.
    """

    def __init__(self, ports: Ports) -> None:
        self._requests = ports[REQUESTS]
        self.asked = Signal()

    async def ask(self, person: Person) -> Export | Refusal:
        """Ask for an export of what the person has; the caller has proved the password."""
        asked = await self._requests.ask(person.id, secrets.token_hex(16))
        if asked.is_new:
            self.asked.notify()
        elif not asked.export.is_under_way:
            return Refusal(
                Code.TOO_MANY,
                "an export was made within the last hour",
                retry_after=math.ceil(asked.wait),
                reason="export_too_soon",
            )
        return asked.export

    async def of_person(self, person: Person) -> Export | Refusal:
        """Return the person's export."""
        return await self._requests.of_person(person.id) or NO_EXPORT

    async def make_link(self, person: Person) -> Link | Refusal:
        """Return a new link to the person's export; the link before it ends."""
        export = await self._requests.of_person(person.id)
        if export is None:
            return NO_EXPORT
        if export.made_at is None:
            return NOT_MADE
        code = new_link_code()
        made = await self._requests.make_link(
            person.id, person.session_id, person.token_generation, link_digest(code)
        )
        if made is None or made.made_at is None:
            return NO_EXPORT
        return Link(code, made.made_at + KEPT)

    async def find(self, code: str, caller: Person | None, archives: Archives) -> ArchiveFile | Refusal:
        """Return the archive of a link; a caller who is somebody else is refused like a wrong code."""
        export = await self._requests.by_link(link_digest(code))
        if export is None or (caller is not None and caller.id != export.person_id):
            return NO_EXPORT
        path = archives.path(export.name)
        if not path.exists():
            return NO_EXPORT
        day = time.strftime("%Y-%m-%d", time.gmtime(export.made_at))
        return ArchiveFile(path, f"export-{day}.zip")


EXPORTS: Port[Exports] = Port("exports of a server")
