"""Exports and imports that admins start in the page, and the port that keeps the latest of each kind."""

from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from chat.domain.administration.audit import Act, What
from chat.domain.features import Port
from chat.features.transfers.found import Cause, Found

KEPT = 86_400.0
"""Seconds for which a made export, the note of a failure, or an import that waits for an admin is kept."""

AGAIN = 75
"""The status of a process that has to be started again: the database did not answer."""

Kind = Literal["export", "import"]


class Failure(StrEnum):
    """Why a transfer was given up."""

    NO_SPACE = "no_space"
    """The disk would become full."""
    DISK = "disk"
    """The disk failed."""
    BAD = "bad"
    """The archive can't be made or read; the problem says why."""
    STOPPED = "stopped"
    """Its process stopped by itself, several times."""
    CANCELLED = "cancelled"
    """An admin stopped it."""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer; times in Unix seconds.

    Its files have the `name`. `size` is the bytes of the file to download, or of the upload. Of the `stage`, `done` of
    about `whole` are done; without a stage nobody has begun. It has succeeded if it has ended without a `failure`.
    """

    kind: str
    name: str
    by_id: int
    asked_at: float
    is_due: bool = True
    stage: str | None = None
    done: int = 0
    whole: int = 0
    ended_at: float | None = None
    failure: str | None = None
    problem: str | None = None
    cause: Cause | None = None
    room_id: int | None = None
    person_id: int | None = None
    of: str | None = None
    """The name of the room or person that an export is of."""
    has_files: bool = True
    size: int | None = None
    step: str | None = None
    """Of an import: upload, check, ready or import."""
    source: str | None = None
    file_name: str | None = None
    received: int | None = None
    found: Found | None = None
    touched_at: float = 0.0


def stop_act(transfer: Transfer, by_id: int) -> Act:
    """Return the act of stopping a transfer that was due. Sync and pure."""
    if transfer.kind == "export":
        return Act(
            by_id=by_id, what=What.ARCHIVE_STOPPED, person_id=transfer.person_id, room_id=transfer.room_id
        )
    return Act(by_id=by_id, what=What.IMPORT_STOPPED, detail=_origin(transfer))


def removal_act(transfer: Transfer, by_id: int) -> Act | None:
    """Return the act of removing a transfer, as it was. None: an import that is complete has no file any more.

    One that was due is stopped. Sync and pure.
    """
    if transfer.is_due:
        return stop_act(transfer, by_id)
    if transfer.kind == "export":
        return Act(
            by_id=by_id, what=What.ARCHIVE_REMOVED, person_id=transfer.person_id, room_id=transfer.room_id
        )
    if transfer.ended_at is not None and transfer.failure is None:
        return None
    return Act(by_id=by_id, what=What.IMPORT_REMOVED, detail=_origin(transfer))


def _origin(transfer: Transfer) -> str:
    """Return what people know an import by: the server or workspace of its file, or the name of the file."""
    return transfer.found.source if transfer.found is not None else transfer.file_name or ""


class Transfers(Protocol):
    """The transfers, by the storage's own clock. Every method may raise StorageDown, those that change OutcomeUnknown.

    Cancelling: it was done completely, or not at all.
    """

    async def has_room(self, room_id: int) -> bool:
        """Return whether there is such a room."""
        ...

    async def has_person(self, person_id: int) -> bool:
        """Return whether there is such a person."""
        ...

    async def begin_export(
        self,
        name: str,
        by_id: int,
        room_id: int | None,
        has_files: bool,
        person_id: int | None = None,
    ) -> Transfer | None:
        """Replace the export by a new one. None: one is under way, or there is no such room or person."""
        ...

    async def begin_import(
        self, name: str, by_id: int, source: str, file_name: str, size: int
    ) -> Transfer | None:
        """Begin an import with its upload. None: one is there that has not ended."""
        ...

    async def receive(self, name: str, at: int, count: int) -> Transfer | None:
        """Note that so many bytes of an import's file came. With the last one its check is due.

        None: it is not uploaded any more, or goes on at another byte.
        """
        ...

    async def start_import(self) -> Transfer | None:
        """Make the checked import due, or one that was stopped or failed. None: it can't be."""
        ...

    async def stop_import(self, by_id: int) -> Transfer | None:
        """Stop the check or the import, and note it in the audit. None: neither is due."""
        ...

    async def find(self, kind: Kind) -> Transfer | None:
        """Return a transfer. None: there is none, or its time is over."""
        ...

    async def remove(self, kind: Kind, by_id: int) -> bool:
        """Remove a transfer, also one that is under way, and note it in the audit. False: there is none."""
        ...

    async def make_link(
        self, by_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Transfer | None:
        """Replace the link of the finished export, and note it in the audit. None: there is no finished export."""
        ...

    async def by_link(self, digest: bytes) -> Transfer | None:
        """Return the finished export of a link.

        None: the link was replaced, its time is over, its session has ended, or its maker is no admin any more.
        """
        ...

    async def claim(self, by: int, seconds: float) -> Transfer | None:
        """Let a server work on the transfer that waits longest. None: none waits, or another server works on one.

        The claim lasts for `seconds` from now and from each renewal.
        """
        ...

    async def renew(self, by: int, name: str, seconds: float) -> bool:
        """Extend a claim. False: the claim or the transfer has ended."""
        ...

    async def note(self, by: int, name: str, stage: str, done: int, whole: int) -> bool:
        """Note how far a transfer is. False: the claim or the transfer has ended."""
        ...

    async def finish_export(self, by: int, name: str, size: int) -> bool:
        """Note that the file of an export is whole, of so many bytes. False: the claim or the export has ended."""
        ...

    async def checked(self, by: int, name: str, found: Found) -> bool:
        """Note the counts of a checked import. False: the claim or the import has ended."""
        ...

    async def finish_import(self, by: int, name: str, found: Found) -> bool:
        """Note that all is imported. False: the claim or the import has ended."""
        ...

    async def fail(
        self, by: int, name: str, failure: Failure, problem: str, cause: Cause | None = None
    ) -> None:
        """Note that a transfer was given up, if the claim lasts."""
        ...

    async def claimed(self, by: int, name: str) -> Transfer | None:
        """Return a transfer that a server has claimed. None: the claim or the transfer has ended."""
        ...

    async def expire(self) -> frozenset[str]:
        """Remove transfers whose time is over, and return the names of the others."""
        ...


TRANSFERS: Port[Transfers] = Port("transfers")
