"""The operations on files."""

from chat.domain.accounts.bots import Scope
from chat.domain.refusals import Code
from chat.features.files import handlers
from chat.features.files.types import CreateFile, FilesOfRoom, WhichFile, WithFiles
from chat.operations.operation import NO_ACCESS, REFUSED_WRITES, Cost, Operation
from chat.operations.room_values import FileInfo

OPERATIONS = (
    Operation(
        name="upload",
        method="POST",
        path="/rooms/{room}/files",
        request=CreateFile,
        takes_bytes=True,
        reply=FileInfo,
        status=201,
        visitors=True,
        cost=Cost.UPLOAD,
        refuses=(*REFUSED_WRITES, Code.TOO_BIG),
        bots=(Scope.SPEAK,),
        handler=handlers.upload,
    ),
    Operation(
        name="files",
        method="GET",
        path="/rooms/{room}/files",
        request=WithFiles,
        reply=FilesOfRoom,
        cost=Cost.PAGE,
        refuses=NO_ACCESS,
        bots=(Scope.READ,),
        handler=handlers.of_room,
    ),
    Operation(
        name="download",
        method="GET",
        path="/files/{id}",
        request=WhichFile,
        gives_bytes=True,
        visitors=True,
        refuses=(Code.NOT_FOUND,),
        bots=(Scope.READ,),
        handler=handlers.download,
    ),
)
