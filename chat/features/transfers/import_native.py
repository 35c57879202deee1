"""Imports in the native protocol, over HTTP, for admins in person."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.failures import StorageDown
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.transfers import imports
from chat.features.transfers.found import Cause, Counts, Found
from chat.features.transfers.transfers import KEPT, TRANSFERS, Transfer, Transfers
from chat.features.transfers.use_cases import NO_PLACE, TRANSFER_SERVICE
from chat.operations.operation import Access, Caller, Cost, Operation, Uploaded
from chat.operations.values import Password, Value

Source = Literal["archive", "discord", "mattermost", "rocketchat", "slack", "zulip"]
Size = Annotated[int, Meta(ge=1, le=2**44)]

State = Literal["uploading", "waiting", "checking", "ready", "importing", "done", "failed"]


class BeginImport(Value, kw_only=True, frozen=True):
    """A file that is going to be uploaded; `password` is one's own, if there is one."""

    password: Password | None = None
    source: Annotated[Source, Meta(description="archive: of this software")]
    name: Annotated[str, Meta(min_length=1, max_length=255, description="Of the file")]
    size: Annotated[Size, Meta(description="Bytes")]


class Piece(Value, kw_only=True, frozen=True):
    """Where the bytes begin in the file: they are `received`."""

    at: Annotated[int, Meta(ge=0, le=2**44)]


class ImportedCounts(Value, kw_only=True, frozen=True):
    """Numbers of things."""

    people: int = 0
    rooms: int = 0
    messages: int = 0
    files: int = 0


class LeftOut(Value, kw_only=True, frozen=True):
    """A reason for which things are left out or change, in English, and how many they are."""

    what: str
    count: int


class ImportFound(Value, kw_only=True, frozen=True):
    """Counts of the file, of the part of it that was here already, and, after the import, of the part that is here."""

    source: Annotated[str, Meta(description="The server or workspace of the file")]
    inside: ImportedCounts
    before: ImportedCounts
    here: ImportedCounts | None = None
    lost: list[LeftOut]


class CauseValue(Value, kw_only=True, frozen=True):
    """A value in the text of a cause: the name of a file, a number, or an error in English."""

    name: str
    value: str


class ImportCause(Value, kw_only=True, frozen=True):
    """Why an import failed, for texts in other languages: a key, and the values in its text."""

    key: Annotated[str, Meta(description="no_zip, damaged, bad_line, …: more may be added")]
    values: list[CauseValue]


class ImportState(Value, kw_only=True, frozen=True):
    """The import, and how far it is: `done` of about `whole` of its stage. Times in Unix milliseconds."""

    state: State
    begun: int
    source: str
    name: str
    size: int
    received: Annotated[int, Meta(description="Bytes that are here")]
    stage: (
        Annotated[str, Meta(description="converting and reading the file; people, log, rooms: writing")]
        | None
    ) = None
    done: int = 0
    whole: int = 0
    until: Annotated[int, Meta(description="When it is removed, if nobody goes on")] | None = None
    found: ImportFound | None = None
    failure: (
        Annotated[
            str,
            Meta(description="no_space, disk, bad, cancelled, or stopped: its process stopped by itself"),
        ]
        | None
    ) = None
    problem: Annotated[str, Meta(description="Why it failed, in English")] | None = None
    cause: Annotated[ImportCause, Meta(description="The problem, if it has a key")] | None = None


async def begin_import(
    services: EngineServices, caller: Caller, request: BeginImport
) -> ImportState | Refusal:
    """Begin to upload an archive, or an export of another chat; its bytes follow in pieces."""
    transfers, place = _here(services)
    if place is None:
        return NO_PLACE
    if refusal := await services.accounts.prove(caller.known, request.password, caller.device.address):
        return refusal
    try:
        return _reply(
            await imports.begin(transfers, caller.known, request.source, request.name, request.size, place)
        )
    except OSError as error:
        raise StorageDown(f"cannot write the upload: {error}") from error


async def add_to_import(
    services: EngineServices, _caller: Caller, request: Piece, body: Uploaded
) -> ImportState | Refusal:
    """Add a piece of at most 4 MiB to the file; after the last one it is checked."""
    transfers, place = _here(services)
    if place is None:
        return NO_PLACE
    try:
        received = await imports.receive(transfers, request.at, body.pieces, place)
    except OSError as error:
        raise StorageDown(f"cannot write the upload: {error}") from error
    services.feature_ports[TRANSFER_SERVICE].asked.notify()
    return _reply(received)


async def import_state(services: EngineServices, _caller: Caller, _request: None) -> ImportState | Refusal:
    """Get the import, and how far it is."""
    transfers, place = _here(services)
    if place is None:
        return NO_PLACE
    return _reply(await transfers.find("import") or imports.NO_IMPORT)


async def start_import(services: EngineServices, _caller: Caller, _request: None) -> ImportState | Refusal:
    """Start the import after its check; or go on with an import that was stopped or failed."""
    transfers, place = _here(services)
    if place is None:
        return NO_PLACE
    started = await transfers.start_import()
    services.feature_ports[TRANSFER_SERVICE].asked.notify()
    return _reply(started or imports.NOT_READY)


async def stop_import(services: EngineServices, caller: Caller, _request: None) -> ImportState | Refusal:
    """Stop the check or the import. Messages that it wrote stay, and it can go on."""
    transfers, place = _here(services)
    if place is None:
        return NO_PLACE
    return _reply(await transfers.stop_import(caller.known.id) or imports.NOT_RUNNING)


async def remove_import(services: EngineServices, caller: Caller, _request: None) -> Refusal | None:
    """Remove the import with its file; one that is under way is stopped. Imported messages stay."""
    is_removed = await services.feature_ports[TRANSFER_SERVICE].remove(caller.known, "import")
    return None if is_removed else imports.NO_IMPORT


def _here(services: EngineServices) -> tuple[Transfers, Path | None]:
    place = None if services.archives is None else services.archives.transfers
    return services.feature_ports[TRANSFERS], place


def _reply(transfer: Transfer | Refusal) -> ImportState | Refusal:
    if isinstance(transfer, Refusal):
        return transfer
    last = transfer.ended_at or transfer.touched_at
    return ImportState(
        state=_state(transfer),
        begun=milliseconds(transfer.asked_at),
        source=transfer.source or "",
        name=transfer.file_name or "",
        size=transfer.size or 0,
        received=transfer.received or 0,
        stage=transfer.stage if transfer.is_due else None,
        done=transfer.done,
        whole=transfer.whole,
        until=None if transfer.is_due else milliseconds(last + KEPT),
        found=None if transfer.found is None else _found(transfer.found),
        failure=transfer.failure,
        problem=transfer.problem or None,
        cause=None if transfer.cause is None else _cause(transfer.cause),
    )


def _state(transfer: Transfer) -> State:
    if transfer.failure is not None:
        return "failed"
    if transfer.ended_at is not None:
        return "done"
    if not transfer.is_due:
        return "ready" if transfer.step == "ready" else "uploading"
    if transfer.stage is None:
        return "waiting"
    return "importing" if transfer.step == "import" else "checking"


def _found(found: Found) -> ImportFound:
    return ImportFound(
        source=found.source,
        inside=_counts(found.inside),
        before=_counts(found.before),
        here=None if found.here is None else _counts(found.here),
        lost=[LeftOut(what=what, count=count) for what, count in sorted(found.lost.items())],
    )


def _cause(cause: Cause) -> ImportCause:
    values = [CauseValue(name=name, value=value) for name, value in cause.values.items()]
    return ImportCause(key=cause.key, values=values)


def _counts(counts: Counts) -> ImportedCounts:
    return ImportedCounts(
        people=counts.people, rooms=counts.rooms, messages=counts.messages, files=counts.files
    )


_READS = (Code.FORBIDDEN, Code.NOT_FOUND)
_WRITES = (*_READS, Code.CONFLICT, Code.OUTCOME_UNKNOWN)

IMPORT_OPERATIONS = (
    Operation(
        name="begin_import",
        method="POST",
        path="/admin/import",
        request=BeginImport,
        reply=ImportState,
        status=201,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.TOO_BIG, *_WRITES),
        handler=begin_import,
    ),
    Operation(
        name="add_to_import",
        method="PUT",
        path="/admin/import/bytes",
        request=Piece,
        takes_bytes=True,
        reply=ImportState,
        access=Access.ADMIN,
        tokens=False,
        refuses=(Code.INVALID, Code.TOO_BIG, *_WRITES),
        handler=add_to_import,
    ),
    Operation(
        name="import_state",
        method="GET",
        path="/admin/import",
        reply=ImportState,
        access=Access.ADMIN,
        tokens=False,
        refuses=_READS,
        handler=import_state,
    ),
    Operation(
        name="start_import",
        method="POST",
        path="/admin/import/start",
        reply=ImportState,
        status=202,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_WRITES,
        handler=start_import,
    ),
    Operation(
        name="stop_import",
        method="POST",
        path="/admin/import/stop",
        reply=ImportState,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_WRITES,
        handler=stop_import,
    ),
    Operation(
        name="remove_import",
        method="DELETE",
        path="/admin/import",
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_WRITES,
        handler=remove_import,
    ),
)
