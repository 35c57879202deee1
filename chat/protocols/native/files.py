"""Files that people attach: taken before their message, and given to whoever may see it."""

from chat.domain.ports import KeptFile
from chat.domain.refusals import Refusal
from chat.protocols.native import room_types
from chat.protocols.native.conversions import as_file
from chat.protocols.native.message_types import NewFile, WhichFile
from chat.protocols.native.operation import Caller
from chat.protocols.services import Services
from chat.web_api.bodies import Uploaded


async def upload(
    services: Services, caller: Caller, request: NewFile, body: Uploaded
) -> room_types.File | Refusal:
    """Upload a file, which a message of one's own in that room may have within a day."""
    file = await services.uploads.upload(
        caller.known, request.room, request.name, body.type, body.size, body.pieces
    )
    return file if isinstance(file, Refusal) else as_file(file)


async def download(services: Services, caller: Caller, request: WhichFile) -> KeptFile | Refusal:
    """Download a file of a message that one may see, or of one's own."""
    return await services.uploads.find(caller.known, request.id)
