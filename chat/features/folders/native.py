"""Folders in the native protocol: over HTTP, and the event for one's other sessions."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chat.domain.messages.live import OwnEvent
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.folders import folders
from chat.features.folders.folders import FOLDERS, MOST_FOLDERS, MOST_ROOMS, NAME_LENGTH
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.values import Id, Value

_Name = Annotated[str, Meta(min_length=1, max_length=4 * NAME_LENGTH)]


class RoomFolder(Value, kw_only=True, frozen=True):
    """A folder, and the rooms in it; one may have left some of them."""

    id: Id
    name: str
    rooms: Annotated[tuple[Id, ...], Meta(max_length=MOST_ROOMS)] = ()


class RoomFolders(Value, kw_only=True, frozen=True):
    """All one's folders. `version` grows with each change."""

    version: Annotated[int, Meta(ge=0)] = 0
    folders: Annotated[tuple[RoomFolder, ...], Meta(max_length=MOST_FOLDERS)] = ()


class AddFolder(Value, kw_only=True, frozen=True):
    """A folder to make."""

    name: _Name


class WhichFolder(Value, kw_only=True, frozen=True):
    """A folder."""

    folder: Id


class ChangeFolder(WhichFolder, kw_only=True, frozen=True):
    """The new name of a folder."""

    name: _Name


class PutIntoFolder(Value, kw_only=True, frozen=True):
    """A room to put into a folder; without one it is taken out."""

    room: Id
    folder: Id | UnsetType = UNSET


class FoldersEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="folders"):
    """The person has changed their folders in some session; an event with a lower version may come late."""

    version: Annotated[int, Meta(ge=0)] = 0
    folders: Annotated[tuple[RoomFolder, ...], Meta(max_length=MOST_FOLDERS)] = ()


async def own_folders(services: EngineServices, caller: Caller, _request: None) -> RoomFolders:
    """List one's folders."""
    found = await services.feature_ports[FOLDERS].read(caller.known.id)
    return RoomFolders(version=found.version, folders=_shown(found))


async def add(services: EngineServices, caller: Caller, request: AddFolder) -> RoomFolders | Refusal:
    """Make a folder."""
    name = folders.clean_name(request.name)
    if isinstance(name, Refusal):
        return name
    return await _change(services, caller, partial(folders.with_new, name=name))


async def rename(services: EngineServices, caller: Caller, request: ChangeFolder) -> RoomFolders | Refusal:
    """Rename a folder."""
    name = folders.clean_name(request.name)
    if isinstance(name, Refusal):
        return name
    return await _change(services, caller, partial(folders.renamed, folder_id=request.folder, name=name))


async def remove(services: EngineServices, caller: Caller, request: WhichFolder) -> RoomFolders | Refusal:
    """Delete a folder; its rooms stay."""
    return await _change(services, caller, partial(folders.without, folder_id=request.folder))


async def put(services: EngineServices, caller: Caller, request: PutIntoFolder) -> RoomFolders | Refusal:
    """Put a room into a folder, and out of any other."""
    access = await services.conversations.enter(caller.known, request.room)
    if isinstance(access, Refusal):
        return access
    own = {*await services.catch_up.rooms_of(caller.known.id), request.room}
    folder = None if request.folder is UNSET else request.folder
    change = partial(folders.with_room, room_id=request.room, folder_id=folder, own_rooms=own)
    return await _change(services, caller, change)


async def _change(services: EngineServices, caller: Caller, change: folders.Change) -> RoomFolders | Refusal:
    changed = await services.feature_ports[FOLDERS].change(caller.known.id, change)
    if isinstance(changed, Refusal):
        return changed
    # No await between here and the person's sockets.
    event = FoldersEvent(version=changed.version, folders=_shown(changed))
    services.notices.publish(OwnEvent(caller.known.id, msgspec.json.encode(event).decode()))
    return RoomFolders(version=event.version, folders=event.folders)


def _shown(found: folders.Folders) -> tuple[RoomFolder, ...]:
    return tuple(RoomFolder(id=each.id, name=each.name, rooms=each.rooms) for each in found.folders)


_REFUSED = (Code.INVALID, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(name="own_folders", method="GET", path="/me/folders", reply=RoomFolders, handler=own_folders),
    Operation(
        name="add_folder",
        method="POST",
        path="/me/folders",
        request=AddFolder,
        reply=RoomFolders,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=add,
    ),
    Operation(
        name="rename_folder",
        method="PATCH",
        path="/me/folders/{folder}",
        request=ChangeFolder,
        reply=RoomFolders,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=rename,
    ),
    Operation(
        name="remove_folder",
        method="DELETE",
        path="/me/folders/{folder}",
        request=WhichFolder,
        reply=RoomFolders,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=remove,
    ),
    Operation(
        name="put_into_folder",
        method="PUT",
        path="/rooms/{room}/folder",
        request=PutIntoFolder,
        reply=RoomFolders,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=put,
    ),
)
