"""Calls over HTTP, for which the socket has no requests: joining rooms, members, invites, blocks, search and files."""

import random
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode, urljoin

import msgspec
import trio
from msgspec.structs import replace

from chat.client.address import Address
from chat.client.credentials import Credentials
from chat.client.endings import Backoff
from chat.client.errors import ConnectionFailed, Refused, refuse_unencodable
from chat.client.http_call import HttpResponse, call
from chat.client.running import Run, directly
from chat.client.sessions import error_of, raise_if_temporary
from chat.client.structs import Value
from chat.client.wire import File, Hits, Invite, Members, Person, PublicRoom, RoomInfo

_JSON = "application/json"

_MAX_BODY = 1 << 30
"""Bytes of an answer: no server has larger files."""

_V = TypeVar("_V")


class _PublicRooms(Value, kw_only=True, frozen=True):
    rooms: tuple[PublicRoom, ...] = ()


class _Picture(Value, kw_only=True, frozen=True):
    picture: str = ""


class _Blocked(Value, kw_only=True, frozen=True):
    people: tuple[Person, ...] = ()
    next: str | None = None


class HttpApi:
    """HTTP calls of one person, each on a connection of its own.

    A call raises Refused if the server refuses it. Without an answer, or after a temporary refusal, it raises
    ConnectionFailed; only searches and calls about blocks are repeated until they are answered.

    Args:
        address: the server.
        credentials: of the person.
        on_joined: called with the id of each room that the person came into.
        person_id: returns the id of the person.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        on_joined: Callable[[int], object],
        person_id: Callable[[], int],
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._on_joined = on_joined
        self._person_id = person_id
        self._run: Run = directly

    def run_by(self, run: Run) -> "HttpApi":
        """Return these calls for a program on another loop, whose `run` runs in Trio all that waits. Sync."""
        api = HttpApi(self._address, self._credentials, self._on_joined, self._person_id)
        api._run = run
        return api

    async def public_rooms(self, name_part: str = "") -> tuple[PublicRoom, ...]:
        """Return rooms that the person may join, sorted by name, 100 at most.

        Args:
            name_part: only rooms whose name contains this.

        Cancelling: nothing happens.
        """
        query = _query({"q": name_part, "limit": 100})
        return (await self._call("GET", f"/rooms/public?{query}", _PublicRooms)).rooms

    async def create_room(self, name: str, topic: str = "", *, private: bool = False) -> RoomInfo:
        """Create a room and own it; `Chat.rooms` has it a little later. Cancelling: it may be created or not."""
        fields = {"name": name, "topic": topic, "private": private}
        return self._joined(await self._call("POST", "/rooms", RoomInfo, fields))

    async def join(self, room: int) -> RoomInfo:
        """Join a public room; `Chat.rooms` has it a little later. Cancelling: it may be done or not."""
        return self._joined(await self.add_member(room, self._person_id()))

    async def leave(self, room: int) -> None:
        """Leave a room. Cancelling: it may be done or not."""
        await self.remove_member(room, self._person_id())

    async def add_member(self, room: int, person: int) -> RoomInfo:
        """Add a person to a room. Cancelling: it may be done or not."""
        return await self._call("PUT", f"/rooms/{room}/members/{person}", RoomInfo, {})

    async def remove_member(self, room: int, person: int) -> None:
        """Remove a person from a room. Cancelling: it may be done or not."""
        await self._call("DELETE", f"/rooms/{room}/members/{person}", type(None))

    async def change_room(self, room: int, *, name: str | None = None, topic: str | None = None) -> RoomInfo:
        """Change the name or the topic of a room; `topic=""` removes it. Cancelling: it may be done or not."""
        fields = {"name": name, "topic": topic}
        changed = {field: value for field, value in fields.items() if value is not None}
        return await self._call("PATCH", f"/rooms/{room}", RoomInfo, changed)

    async def create_invite(self, room: int, *, uses: int = 1, days: int = 7) -> Invite:
        """Create an invite to a room.

        Args:
            room: the id of the room.
            uses: how many people can use it.
            days: how long it is valid.

        Returns:
            The invite. Its `link` begins with the address of this client, if the server does not know its own.

        Cancelling: it may be created or not.
        """
        invite = await self._call("POST", "/invites", Invite, {"room": room, "uses": uses, "days": days})
        return replace(invite, link=invite.link or urljoin(self._address.url, invite.url.lstrip("/")))

    async def direct_room(self, person: int) -> RoomInfo:
        """Return the direct room with a person; the first call creates it. Cancelling: it may be created or not."""
        return self._joined(await self._call("PUT", f"/direct/{person}", RoomInfo, {}))

    async def members(self, room: int, after: int = 0) -> Members:
        """Return members of a room, sorted by id, 100 at most.

        Args:
            room: the id of the room.
            after: `Members.next` of the page before.

        Cancelling: nothing happens.
        """
        return await self._call("GET", f"/rooms/{room}/members?after={after}&limit=100", Members)

    async def search(self, fields: Mapping[str, str | int]) -> Hits:
        """Search messages by the fields of the HTTP call. Cancelling: nothing happens."""
        return await self.call_until_answered("GET", f"/search?{_query(fields)}", Hits)

    async def upload(self, room: int, data: bytes, name: str, media_type: str) -> File:
        """Upload a file for a message in a room.

        Cancelling: it may be uploaded; without a message the server deletes it after a day.
        """
        path = f"/rooms/{room}/files?{_query({'name': name[-255:]})}"
        return _decode(path, await self._respond("POST", path, data, media_type), File)

    async def download(self, file: int) -> bytes:
        """Return the content of a file. Cancelling: nothing happens."""
        return (await self._respond("GET", f"/files/{file}")).body

    async def set_picture(self, data: bytes, media_type: str) -> str:
        """Set the person's picture; return its SHA-256. Cancelling: it may be set."""
        return _decode(
            "/me/picture", await self._respond("PUT", "/me/picture", data, media_type), _Picture
        ).picture

    async def remove_picture(self) -> None:
        """Remove the person's picture. Cancelling: it may be removed."""
        await self._respond("DELETE", "/me/picture")

    async def picture(self, picture: str) -> bytes:
        """Return the content of a picture. Cancelling: nothing happens."""
        return (await self._respond("GET", f"/pictures/{picture}")).body

    async def blocked_people(self) -> list[Person]:
        """Return the people whom the person blocks, sorted by name. Cancelling: nothing happens."""
        people: list[Person] = []
        query = "limit=100"
        while True:
            page = await self.call_until_answered("GET", f"/me/blocks?{query}", _Blocked)
            people += page.people
            if page.next is None:
                return people
            query = f"limit=100&after={quote(page.next)}"

    async def block(self, person: int) -> None:
        """Refuse direct messages of a person. Cancelling: it may be done or not."""
        await self.call_until_answered("PUT", f"/me/blocks/{person}", type(None))

    async def unblock(self, person: int) -> None:
        """Accept direct messages of a person again. Cancelling: it may be done or not."""
        await self.call_until_answered("DELETE", f"/me/blocks/{person}", type(None))

    def _joined(self, info: RoomInfo) -> RoomInfo:
        self._on_joined(info.id)
        return info

    async def _call(self, method: str, path: str, kind: type[_V], body: object = None) -> _V:
        return _decode(path, await self._respond(method, path, body), kind)

    async def call_until_answered(self, method: str, path: str, kind: type[_V]) -> _V:
        """Make a call that may be repeated, until it is answered or refused for good.

        Cancelling: it may be done or not.
        """
        return await self._run(self._repeat, method, path, kind)

    async def _repeat(self, method: str, path: str, kind: type[_V]) -> _V:
        backoff = Backoff(random.random)
        while True:
            try:
                return _decode(path, await self._exchange(method, path, None, _JSON), kind)
            except ConnectionFailed as failed:
                wait = failed.retry_after
            await trio.sleep(backoff.next() if wait is None else wait)

    async def _respond(
        self, method: str, path: str, body: object = None, media_type: str = _JSON
    ) -> HttpResponse:
        """Return the response to a call; raise Refused or ConnectionFailed for an error."""
        return await self._run(self._exchange, method, path, body, media_type)

    async def _exchange(self, method: str, path: str, body: object, media_type: str) -> HttpResponse:
        response = await self._try(method, path, body, media_type)
        if response.status == 401:
            self._credentials.discard(with_session=False)
            response = await self._try(method, path, body, media_type)  # with a new token
        if response.status >= 400:
            error = error_of(response)
            raise_if_temporary(response.status, error)
            raise Refused(error)
        return response

    async def _try(self, method: str, path: str, body: object, media_type: str) -> HttpResponse:
        token = await self._credentials.access(self._address)
        path = f"/api/v1{path}"
        return await call(
            self._address, method, path, body, token=token, media_type=media_type, max_body=_MAX_BODY
        )


def _query(fields: Mapping[str, str | int]) -> str:
    with refuse_unencodable():
        return urlencode(fields)


def _decode(path: str, response: HttpResponse, kind: type[_V]) -> _V:
    try:
        return msgspec.json.decode(response.body or b"null", type=kind)
    except msgspec.DecodeError as error:
        raise ConnectionFailed(f"no answer to {path}: {error}") from error
