"""Pictures in the native protocol: over HTTP, on the socket, and the event of a room's picture."""

from typing import Annotated

import trio
from msgspec import Meta

from chat.domain.accounts.bots import Scope
from chat.domain.messages.outcomes import Unchanged
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.pictures import use_cases
from chat.features.pictures.changes import NewPicture, PictureSet, hash_of
from chat.features.pictures.use_cases import PICTURES
from chat.operations.conversions import as_person
from chat.operations.operation import NO_ACCESS, Access, Caller, Cost, Lasting, Operation, Uploaded
from chat.operations.room_values import Logged
from chat.operations.values import Id, Person, Picture, Value, WhichPerson

MOST_PEOPLE = 100
"""People of one request."""


class PictureOfRoom(Value, kw_only=True, frozen=True):
    """A room whose picture is to change."""

    room: Id


class WhichPicture(Value, kw_only=True, frozen=True):
    """A picture by its SHA-256."""

    picture: Annotated[str, pattern(r"^[0-9a-f]{64}$(?!\n)", "64 of 0 to 9 and a to f")]


class PictureNow(Value, kw_only=True, frozen=True):
    """The picture as it is now."""

    picture: Picture | None = None


class WhichProfiles(Value, kw_only=True, frozen=True):
    """People whose profiles are requested."""

    people: Annotated[list[Id], Meta(min_length=1, max_length=MOST_PEOPLE)]


class Profiles(Value, kw_only=True, frozen=True):
    """The profiles of those who are there; visitors of the support widget get operators only."""

    people: list[Person]


class PictureChangedEvent(Logged, kw_only=True, frozen=True, tag_field="type", tag="picture"):
    """The room has another picture now, or none."""

    picture: Picture | None = None
    by: Id


def picture_event(change: PictureSet) -> PictureChangedEvent:
    """Return the event of the change. Sync and pure."""
    return PictureChangedEvent(
        room=change.room_id,
        pos=change.pos,
        at=milliseconds(change.created_at),
        picture=change.picture,
        by=change.actor_id,
    )


async def set_my_picture(
    services: EngineServices, caller: Caller, _request: None, body: Uploaded
) -> PictureNow | Refusal:
    """Upload one's own picture: a square PNG, JPEG or WebP without metadata."""
    picture = await use_cases.keep(services, body.pieces)
    if isinstance(picture, Refusal):
        return picture
    me = caller.known.id
    return await use_cases.set_of_person(services, me, picture, me) or PictureNow(picture=picture.hash)


async def remove_my_picture(services: EngineServices, caller: Caller, _request: None) -> Refusal | None:
    """Remove one's own picture."""
    me = caller.known.id
    return await use_cases.set_of_person(services, me, None, me)


async def remove_picture_of(services: EngineServices, caller: Caller, request: WhichPerson) -> Refusal | None:
    """Remove somebody's picture."""
    return await use_cases.set_of_person(services, request.person, None, caller.known.id)


async def set_picture_of_room(
    services: EngineServices, caller: Caller, request: PictureOfRoom, body: Uploaded
) -> PictureNow | Refusal:
    """Upload a picture of a room: its owners; that of the lobby, admins."""
    if refusal := await use_cases.may_set_of_room(services, caller.known, request.room):
        return refusal
    picture = await use_cases.keep(services, body.pieces)
    return (
        picture if isinstance(picture, Refusal) else await _of_room(services, caller, request.room, picture)
    )


async def remove_picture_of_room(
    services: EngineServices, caller: Caller, request: PictureOfRoom
) -> PictureNow | Refusal:
    """Remove the picture of a room."""
    return await _of_room(services, caller, request.room, None)


async def _of_room(
    services: EngineServices, caller: Caller, room_id: int, picture: NewPicture | None
) -> PictureNow | Refusal:
    outcome = await use_cases.set_of_room(services, caller.known, room_id, picture)
    if isinstance(outcome, Refusal):
        return outcome
    assert isinstance(outcome, PictureSet | Unchanged)
    return PictureNow(picture=hash_of(picture))


async def set_picture_of_server(
    services: EngineServices, caller: Caller, _request: None, body: Uploaded
) -> PictureNow | Refusal:
    """Upload the server's picture, which the log-in page shows."""
    picture = await use_cases.keep(services, body.pieces)
    if isinstance(picture, Refusal):
        return picture
    await use_cases.set_of_server(services, caller.known, picture)
    return PictureNow(picture=picture.hash)


async def remove_picture_of_server(services: EngineServices, caller: Caller, _request: None) -> None:
    """Remove the server's picture."""
    await use_cases.set_of_server(services, caller.known, None)


async def picture(services: EngineServices, caller: Caller, request: WhichPicture) -> Lasting | Refusal:
    """Download a picture that a person, a room or the server has; its address never means another one."""
    found = await use_cases.find(services, bytes.fromhex(request.picture))
    if isinstance(found, Refusal):
        # Guesses count as calls, pictures do not: a page shows a hundred.
        await trio.sleep(services.budgets.call(caller.device.address))
        return found
    return Lasting(found)


async def profiles(services: EngineServices, caller: Caller, request: WhichProfiles) -> Profiles:
    """Get the public profiles of several people."""
    found = await services.feature_ports[PICTURES].people(
        request.people, operators_only=caller.known.is_visitor
    )
    return Profiles(people=[as_person(each, caller.known) for each in found])


_REFUSED = (Code.INVALID, Code.TOO_BIG, Code.FORBIDDEN, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="set_my_picture",
        method="PUT",
        path="/me/picture",
        takes_bytes=True,
        reply=PictureNow,
        cost=Cost.UPLOAD,
        refuses=(*_REFUSED, Code.NOT_FOUND),
        handler=set_my_picture,
    ),
    Operation(
        name="remove_my_picture",
        method="DELETE",
        path="/me/picture",
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_my_picture,
    ),
    Operation(
        name="remove_picture_of",
        method="DELETE",
        path="/admin/people/{person}/picture",
        request=WhichPerson,
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_picture_of,
    ),
    Operation(
        name="set_picture_of_room",
        method="PUT",
        path="/rooms/{room}/picture",
        request=PictureOfRoom,
        takes_bytes=True,
        reply=PictureNow,
        cost=Cost.UPLOAD,
        refuses=(*_REFUSED, Code.NOT_FOUND),
        handler=set_picture_of_room,
    ),
    Operation(
        name="remove_picture_of_room",
        method="DELETE",
        path="/rooms/{room}/picture",
        request=PictureOfRoom,
        reply=PictureNow,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=remove_picture_of_room,
    ),
    Operation(
        name="set_picture_of_server",
        method="PUT",
        path="/admin/picture",
        takes_bytes=True,
        reply=PictureNow,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.UPLOAD,
        refuses=_REFUSED,
        handler=set_picture_of_server,
    ),
    Operation(
        name="remove_picture_of_server",
        method="DELETE",
        path="/admin/picture",
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=remove_picture_of_server,
    ),
    Operation(
        name="picture",
        method="GET",
        path="/pictures/{picture}",
        request=WhichPicture,
        gives_bytes=True,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.NOT_FOUND),
        handler=picture,
    ),
    Operation(
        name="profiles",
        method="POST",
        path="/profiles",
        on_socket="profiles",
        request=WhichProfiles,
        reply=Profiles,
        is_read=True,
        visitors=True,
        bots=(Scope.READ,),
        handler=profiles,
    ),
)
