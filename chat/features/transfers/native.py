"""Exports of the server in the native protocol, over HTTP, for admins in person."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import NO_PERSON, NO_ROOM, Code, Refusal
from chat.engine.services import EngineServices
from chat.features.transfers.transfers import KEPT, Transfer
from chat.features.transfers.use_cases import NO_ARCHIVE, NO_PLACE, ROOM_OR_PERSON, TRANSFER_SERVICE
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Id, Password, Value
from chat.storage.archives import ArchiveFile


class MakeArchive(Value, kw_only=True, frozen=True):
    """A request for an export of the server, of a room, or of what a person wrote; `password` is one's own."""

    password: Password | None = None
    room: Id | None = None
    person: Id | None = None
    files: Annotated[bool, Meta(description="Whether it has the bytes of files")] = True


class ArchiveState(Value, kw_only=True, frozen=True):
    """The latest export, and how far it is: `done` of about `whole` of its stage. Times in Unix milliseconds."""

    state: Literal["waiting", "making", "made", "failed"]
    asked: int
    room: int | None = None
    person: int | None = None
    name: Annotated[str, Meta(description="Of the room or person")] | None = None
    files: bool = True
    stage: Annotated[str, Meta(description="log: entries of the log; files; packing: bytes")] | None = None
    done: int = 0
    whole: int = 0
    size: Annotated[int, Meta(description="Bytes, once it is made")] | None = None
    until: Annotated[int, Meta(description="When it is removed")] | None = None
    failure: (
        Annotated[str, Meta(description="no_space, disk, bad, or stopped: its process stopped by itself")]
        | None
    ) = None
    problem: Annotated[str, Meta(description="Why it failed, in English")] | None = None


class ArchiveLink(Value, kw_only=True, frozen=True):
    """A link to the export: its path on this server, and when it ends, in Unix milliseconds."""

    path: str
    until: int


class WhichArchive(Value, kw_only=True, frozen=True):
    """The last part of a link."""

    link: Annotated[str, Meta(min_length=1, max_length=100)]


async def make_archive(
    services: EngineServices, caller: Caller, request: MakeArchive
) -> ArchiveState | Refusal:
    """Begin an export of the server, a room, or what a person wrote; it is made in the background, one at a time."""
    if services.archives is None:
        return NO_PLACE
    transfers = services.feature_ports[TRANSFER_SERVICE]
    if request.room is not None and request.person is not None:
        return ROOM_OR_PERSON
    if request.person is not None and not await transfers.has_person(request.person):
        return NO_PERSON
    if request.room is not None and not await transfers.has_room(request.room):
        return NO_ROOM
    if refusal := await services.accounts.prove(caller.known, request.password, caller.device.address):
        return refusal
    begun = await transfers.begin_export(caller.known, request.room, request.person, request.files)
    return begun if isinstance(begun, Refusal) else _state(begun)


async def archive(services: EngineServices, _caller: Caller, _request: None) -> ArchiveState | Refusal:
    """Get the latest export of the server, and how far it is."""
    if services.archives is None:
        return NO_PLACE
    found = await services.feature_ports[TRANSFER_SERVICE].find("export")
    return NO_ARCHIVE if found is None else _state(found)


async def remove_archive(services: EngineServices, caller: Caller, _request: None) -> Refusal | None:
    """Remove the export with its file; one that is under way is stopped."""
    is_removed = await services.feature_ports[TRANSFER_SERVICE].remove(caller.known, "export")
    return None if is_removed else NO_ARCHIVE


async def archive_link(services: EngineServices, caller: Caller, _request: None) -> ArchiveLink | Refusal:
    """Make a link to download the export; the link before it ends."""
    link = await services.feature_ports[TRANSFER_SERVICE].make_link(caller.known)
    if isinstance(link, Refusal):
        return link
    return ArchiveLink(path=f"/api/v1/archives/{link.code}", until=milliseconds(link.expires))


async def download_archive(
    services: EngineServices, _caller: Caller, request: WhichArchive
) -> ArchiveFile | Refusal:
    """Download the export by its link; no token is needed."""
    if services.archives is None:
        return NO_PLACE
    return await services.feature_ports[TRANSFER_SERVICE].open_link(request.link, services.archives.transfers)


def _state(transfer: Transfer) -> ArchiveState:
    state: Literal["waiting", "making", "made", "failed"] = "made"
    if transfer.ended_at is None:
        state = "waiting" if transfer.stage is None else "making"
    elif transfer.failure is not None:
        state = "failed"
    return ArchiveState(
        state=state,
        asked=milliseconds(transfer.asked_at),
        room=transfer.room_id,
        person=transfer.person_id,
        name=transfer.of,
        files=transfer.has_files,
        stage=transfer.stage if state == "making" else None,
        done=transfer.done,
        whole=transfer.whole,
        size=transfer.size,
        until=None if transfer.ended_at is None else milliseconds(transfer.ended_at + KEPT),
        failure=transfer.failure,
        problem=transfer.problem or None,
    )


OPERATIONS = (
    Operation(
        name="make_archive",
        method="POST",
        path="/admin/archive",
        request=MakeArchive,
        reply=ArchiveState,
        status=202,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=make_archive,
    ),
    Operation(
        name="archive",
        method="GET",
        path="/admin/archive",
        reply=ArchiveState,
        access=Access.ADMIN,
        tokens=False,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=archive,
    ),
    Operation(
        name="remove_archive",
        method="DELETE",
        path="/admin/archive",
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_archive,
    ),
    Operation(
        name="archive_link",
        method="POST",
        path="/admin/archive/link",
        reply=ArchiveLink,
        status=201,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=archive_link,
    ),
    Operation(
        name="download_archive",
        method="GET",
        path="/archives/{link}",
        request=WhichArchive,
        gives_bytes=True,
        access=Access.PERHAPS_PERSON,
        visitors=True,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=download_archive,
    ),
)
