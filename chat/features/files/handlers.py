"""Files: uploaded before their message, and downloaded by people who may read it."""

from chat.domain.entities import Person, RoomKind
from chat.domain.messages.newcomers import NEWCOMERS
from chat.domain.ports import KeptFile
from chat.domain.refusals import Refusal
from chat.engine.services import EngineServices
from chat.features.files.types import CreateFile, FilesOfRoom, WhichFile, WithFiles
from chat.operations import room_values
from chat.operations.conversions import as_file, as_message
from chat.operations.operation import Caller, Uploaded
from chat.operations.read_cost import charge_read


async def upload(
    services: EngineServices, caller: Caller, request: CreateFile, body: Uploaded
) -> room_values.FileInfo | Refusal:
    """Upload a file; within a day a message of one's own in that room can attach it."""
    if refusal := await _newcomer_refusal(services, caller.known, request.room):
        return refusal
    file = await services.uploads.upload(
        caller.known, request.room, request.name, body.type, body.size, body.pieces
    )
    return file if isinstance(file, Refusal) else as_file(file)


async def _newcomer_refusal(services: EngineServices, person: Person, room_id: int) -> Refusal | None:
    """Return why a newcomer uploads nothing, before the bytes are read; a message with it would be refused."""
    if not services.settings.newcomer_hours:
        return None
    newcomer = await services.feature_ports[NEWCOMERS].find(person.id)
    if newcomer is None:
        return None
    record = await services.conversations.access(person, room_id)
    is_support = record is not None and record.room.kind is RoomKind.SUPPORT
    return None if is_support else newcomer.refusal


async def of_room(services: EngineServices, caller: Caller, request: WithFiles) -> FilesOfRoom | Refusal:
    """List the messages of a room with files, newest first."""
    person = caller.known
    access = await services.conversations.enter(person, request.room)
    if isinstance(access, Refusal):
        return access
    found = await services.room_history.with_files(
        person.id, request.room, request.after, request.limit, request.kind
    )
    charge_read(services.budgets, caller, found.messages, request.limit)
    return FilesOfRoom(
        messages=[as_message(message) for message in found.messages],
        next=found.messages[-1].seq if found.may_have_more else None,
    )


async def download(services: EngineServices, caller: Caller, request: WhichFile) -> KeptFile | Refusal:
    """Download a file of a readable message, or one's own."""
    return await services.uploads.find(caller.known, request.id)
