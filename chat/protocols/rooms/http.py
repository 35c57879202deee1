"""Rooms over HTTP: people, rooms, memberships, messages. Keys are matched in any case."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from chat.application import members
from chat.application.rooms import delete_room
from chat.domain.accounts.program_names import is_program
from chat.domain.accounts.sessions import NOT_FOR_TOKENS
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.limits.budgets import reading_size
from chat.domain.messages.live import RoomCreated
from chat.domain.refusals import NO_MEMBER, NO_PERSON, NO_ROOM, NOT_MEMBER, Code, Refusal
from chat.domain.rooms.room_rights import NOT_LEADING, NOT_OWNER
from chat.domain.rooms.rooms import MOST_MESSAGES
from chat.protocols.rooms.codec import RoomsMessage, rfc3339, room_message
from chat.protocols.services import Services
from chat.web_api.answers import ErrorBody, TokenBody, error
from chat.web_api.bodies import read_caseless
from chat.web_api.endpoint import Call, Routes

Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]

NOT_CREATOR = Refusal(Code.FORBIDDEN, "only the creator of the room may do that")

_USERNAME = re.compile(r"[A-Za-z0-9_]{3,20}")


class RoomsRegistration(msgspec.Struct, rename="pascal"):
    """Who registers: a name of 3 to 20 letters A to Z, digits and `_`; with an invite, where it takes one."""

    username: str
    email: str
    password: str
    invite: str | None = None


class RoomsLogin(msgspec.Struct, rename="pascal"):
    """Who logs in."""

    email: str
    password: str


class NewName(msgspec.Struct, rename="pascal"):
    """The name to have from now on."""

    new_name: str


class NewRoom(msgspec.Struct, rename="pascal"):
    """The room to make."""

    name: str
    is_private: bool = False


class WhichRoom(msgspec.Struct):
    """A room."""

    room_id: Id = msgspec.field(name="RoomID")


class WhichMember(msgspec.Struct):
    """A person and a room."""

    room_id: Id = msgspec.field(name="RoomID")
    uid: Id = msgspec.field(name="UID")


class UpTo(msgspec.Struct):
    """Messages with this id or a smaller one; 0 for the newest."""

    last_id: Id = msgspec.field(name="LastID", default=0)


class Registered(msgspec.Struct):
    """The new person's id."""

    uid: int = msgspec.field(name="UID")


class Profile(msgspec.Struct, rename="pascal", omit_defaults=True, kw_only=True):
    """A person; the email address is in one's own profile only. `CreatedAt` is RFC 3339."""

    uid: int = msgspec.field(name="UID")
    username: str
    email: str | None = None
    created_at: str


class RoomMade(msgspec.Struct):
    """The new room's id."""

    room_id: int = msgspec.field(name="RoomID")


class RoomIds(msgspec.Struct):
    """The ids of rooms."""

    ids: list[int] = msgspec.field(name="IDs")


class RoomProfile(msgspec.Struct, rename="pascal"):
    """A room. The lobby has no creator: 0. `CreatedAt` is RFC 3339."""

    room_id: int = msgspec.field(name="RoomID")
    name: str
    creator_uid: int = msgspec.field(name="CreatorUID")
    is_private: bool
    created_at: str


class Status(msgspec.Struct):
    """What was done."""

    status: str


def rooms_routes(services: Services) -> Routes:
    """Return the routes."""
    accounts, budgets, rooms = services.accounts, services.budgets, services.rooms
    presence, notices = services.presence, services.notices

    async def as_here(refusal: Refusal | None, room_id: int) -> Refusal | None:
        """Return a refusal as this protocol has it: a room has a creator and no roles, and is not hidden."""
        if refusal in (NOT_LEADING, NOT_OWNER, NOT_MEMBER):
            return NOT_CREATOR
        return NOT_CREATOR if refusal is NO_ROOM and await rooms.is_room(room_id) else refusal

    routes = Routes("rooms", accounts, budgets, read=read_caseless, caseless=True)

    @routes.route(
        "POST",
        "/register",
        body=RoomsRegistration,
        answers={201: Registered, 400: ErrorBody, 403: ErrorBody, 409: ErrorBody, 429: ErrorBody},
    )
    async def register(call: Call) -> object:
        """Register; name and email address must be free."""
        new: RoomsRegistration = call.body
        if not _USERNAME.fullmatch(new.username):
            return error(400, "a Username has 3 to 20 letters A to Z, digits and '_'")
        granted = await accounts.register(
            new.username, new.password, call.address, new.email, invite=new.invite
        )
        return granted if isinstance(granted, Refusal) else Registered(granted.person.id)

    @routes.route(
        "PUT",
        "/login",
        body=RoomsLogin,
        answers={200: TokenBody, 400: ErrorBody, 401: ErrorBody, 429: ErrorBody},
    )
    async def log_in(call: Call) -> object:
        """Get a token for an email address and a password."""
        granted = await accounts.log_in_by_email(call.body.email, call.body.password, call.address)
        return granted if isinstance(granted, Refusal) else TokenBody(granted.token)

    @routes.route("GET", "/profile", token=True, answers={200: Profile})
    async def own_profile(call: Call) -> object:
        """See one's own profile."""
        person = _caller(call)
        return _profile(person, email=person.email)

    @routes.route("GET", "/profile/<int:uid>", answers={200: Profile, 404: ErrorBody})
    async def profile(call: Call) -> object:
        """See somebody's profile."""
        uid = call.path["uid"]
        person = await accounts.person(uid) if uid < 2**63 else None
        if person is None or (person.is_visitor and not is_program(person)):
            return NO_PERSON
        return _profile(person)

    @routes.route(
        "PUT",
        "/change-name",
        body=NewName,
        token=True,
        answers={200: Status, 400: ErrorBody, 403: ErrorBody, 409: ErrorBody},
    )
    async def change_name(call: Call) -> object:
        """Take another name; it must be free."""
        if await services.sessions.is_of_program(_caller(call)):
            return NOT_FOR_TOKENS
        renamed = await accounts.rename(_caller(call), call.body.new_name)
        if isinstance(renamed, Refusal):
            return renamed
        presence.renamed(renamed)
        return Status("name changed")

    @routes.route(
        "POST",
        "/create-room",
        body=NewRoom,
        token=True,
        answers={201: RoomMade, 400: ErrorBody, 409: ErrorBody},
    )
    async def create_room(call: Call) -> object:
        """Make a room; its name must be free."""
        person = _caller(call)
        made = await rooms.create(person, call.body.name, is_private=call.body.is_private)
        if isinstance(made, Refusal):
            return made
        presence.made_room(person.id, made.id)
        notices.send(RoomCreated(person.id, made.id))
        return RoomMade(made.id)

    @routes.route(
        "PUT",
        "/join",
        body=WhichRoom,
        token=True,
        answers={200: Status, 400: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody},
    )
    async def join(call: Call) -> object:
        """Join a public room."""
        return await members.join(services, _caller(call), call.body.room_id) or Status("joined")

    @routes.route(
        "PUT",
        "/invite",
        body=WhichMember,
        token=True,
        answers={200: Status, 400: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody},
    )
    async def invite(call: Call) -> object:
        """Make somebody a member of a room of one's own."""
        refusal = await members.add(services, _caller(call), call.body.room_id, call.body.uid)
        return await as_here(refusal, call.body.room_id) or Status("invited")

    @routes.route(
        "PUT",
        "/remove",
        body=WhichMember,
        token=True,
        answers={200: Status, 400: ErrorBody, 403: ErrorBody, 404: ErrorBody},
    )
    async def remove(call: Call) -> object:
        """End a membership: one's own, or anybody's in a room of one's own."""
        caller, room_id, uid = _caller(call), call.body.room_id, call.body.uid
        refusal = await members.remove(services, caller, room_id, uid)
        if refusal is NO_MEMBER or (uid == caller.id and refusal is NOT_MEMBER):
            return NOT_MEMBER
        return (refusal if room_id == LOBBY_ID else await as_here(refusal, room_id)) or Status("removed")

    @routes.route(
        "DELETE", "/room/<int:room_id>", token=True, answers={200: Status, 403: ErrorBody, 404: ErrorBody}
    )
    async def delete(call: Call) -> object:
        """Delete a room, as its owner, with all its messages."""
        refusal = await delete_room(services, _caller(call), _id(call))
        return await as_here(refusal, _id(call)) or Status("deleted")

    @routes.route("GET", "/rooms", token=True, answers={200: RoomIds})
    async def own_rooms(call: Call) -> object:
        """List the rooms that one is in; the lobby is one of them for everybody."""
        return RoomIds(await rooms.of(_caller(call), LOBBY_ID))

    @routes.route("GET", "/room/<int:room_id>", answers={200: RoomProfile, 404: ErrorBody})
    async def room(call: Call) -> object:
        """See a room; a private one only as a member."""
        seen = await rooms.see(await routes.caller_or_nobody(), _id(call))
        return seen if isinstance(seen, Refusal) else _room(seen)

    @routes.route(
        "GET",
        "/messages/<int:room_id>",
        body=UpTo,
        token=True,
        reads=MOST_MESSAGES,
        answers={200: list[RoomsMessage], 400: ErrorBody, 403: ErrorBody, 404: ErrorBody},
    )
    async def messages(call: Call) -> object:
        """Read a room one is in: at most 100 messages, newest first, with ids up to `LastID`."""
        found = await rooms.messages(_caller(call), _id(call), call.body.last_id)
        if isinstance(found, Refusal):
            return found
        budgets.was_read(_caller(call).id, call.address, reading_size(found), MOST_MESSAGES)
        return [room_message(message) for message in found]

    return routes


def _caller(call: Call) -> Person:
    assert call.person is not None  # the route asks for a token
    return call.person


def _id(call: Call) -> int:
    """Return the room id of the path; one that no row can have becomes 0, which none has."""
    room_id: int = call.path["room_id"]
    return room_id if room_id < 2**63 else 0


def _profile(person: Person, email: str | None = None) -> Profile:
    return Profile(uid=person.id, username=person.name, email=email, created_at=rfc3339(person.created_at))


def _room(room: Room) -> RoomProfile:
    return RoomProfile(
        room.id, room.name or "", room.creator_id or 0, room.is_private, rfc3339(room.created_at)
    )
