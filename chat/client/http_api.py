"""What is asked over HTTP because the socket has no request for it: rooms to join, who is in them, whom one blocks."""

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
from chat.client.errors import Lost, Refused, refusing_what_cannot_be_sent
from chat.client.http_call import Answer, call
from chat.client.requests import Hits
from chat.client.sessions import error_of, raise_if_for_now
from chat.client.values import File, Invite, Members, Person, PublicRoom, RoomInfo, Value

_JSON = "application/json"

_MOST = 1 << 30
"""Bytes of an answer: no server gives a larger file."""

_V = TypeVar("_V")


class _PublicRooms(Value, kw_only=True, frozen=True):
    rooms: tuple[PublicRoom, ...] = ()


class _Blocked(Value, kw_only=True, frozen=True):
    people: tuple[Person, ...] = ()
    next: str | None = None


class HttpApi:
    """Calls of one person, each on a connection of its own.

    Each raises Refused where the server says no. Those of blocks and searches are repeated until they are answered; the
    others are not, and raise Lost where there is no answer, or none for now.

    Args:
        address: where the server is.
        credentials: of the person.
        came_into: called with each room that one has come into.
        me: returns who one is.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        came_into: Callable[[int], object],
        me: Callable[[], int],
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._came_into = came_into
        self._me = me

    async def public_rooms(self, part: str = "") -> tuple[PublicRoom, ...]:
        """Return a hundred rooms at most that one may join, by name: those with `part` in it.

        Cancelling: nothing happens.
        """
        query = _query({"q": part, "limit": 100})
        return (await self._ask("GET", f"/rooms/public?{query}", _PublicRooms)).rooms

    async def make_room(self, name: str, topic: str = "", *, private: bool = False) -> RoomInfo:
        """Make a room, of which one is the owner; `Chat.rooms` has it a little later.

        Cancelling: it may have been made.
        """
        fields = {"name": name, "topic": topic, "private": private}
        return self._come(await self._ask("POST", "/rooms", RoomInfo, fields))

    async def join(self, room: int, person: int | None = None) -> RoomInfo:
        """Join a room, or add another person to it.

        Args:
            room: its id.
            person: who is added; by default oneself joins.

        Cancelling: it may be done or not.
        """
        path = f"/rooms/{room}/members/{self._someone(person)}"
        return self._come(await self._ask("PUT", path, RoomInfo, {}))

    async def leave(self, room: int, person: int | None = None) -> None:
        """Leave a room, or remove another person from it; arguments and cancelling as `join`."""
        await self._ask("DELETE", f"/rooms/{room}/members/{self._someone(person)}", type(None))

    async def change_room(self, room: int, *, name: str | None = None, topic: str | None = None) -> RoomInfo:
        """Give a room another name or topic; `topic=""` removes it. Cancelling: it may be done or not."""
        fields = {"name": name, "topic": topic}
        wanted = {field: value for field, value in fields.items() if value is not None}
        return await self._ask("PATCH", f"/rooms/{room}", RoomInfo, wanted)

    async def invite(self, room: int, *, uses: int = 1, days: int = 7) -> Invite:
        """Return a new invite to a room, which so many people can use for so many days.

        Its `link` begins with the address that this client uses, where the server does not know its own. Cancelling: it
        may have been made.
        """
        made = await self._ask("POST", "/invites", Invite, {"room": room, "uses": uses, "days": days})
        return replace(made, link=made.link or urljoin(self._address.url, made.url.lstrip("/")))

    async def direct(self, person: int) -> RoomInfo:
        """Return the direct room with a person, which is made by the first call. Cancelling: it may be made or not."""
        return self._come(await self._ask("PUT", f"/direct/{person}", RoomInfo, {}))

    async def members(self, room: int, after: int = 0) -> Members:
        """Return who is in a room, by id: a hundred people at most, those after `after`.

        Cancelling: nothing happens.
        """
        return await self._ask("GET", f"/rooms/{room}/members?after={after}&limit=100", Members)

    async def search(self, query: Mapping[str, str | int]) -> Hits:
        """Return what a search finds, by the fields of the call. Cancelling: nothing happens."""
        return await self._ask_until_answered("GET", f"/search?{_query(query)}", Hits)

    async def upload(self, room: int, data: bytes, name: str, kind: str) -> File:
        """Upload a file for a message of one's own in a room.

        Cancelling: it may have been uploaded; without a message it goes after a day.
        """
        path = f"/rooms/{room}/files?{_query({'name': name[-255:]})}"
        return _decoded(path, await self._answer("POST", path, data, kind), File)

    async def download(self, file: int) -> bytes:
        """Return the bytes of a file. Cancelling: nothing happens."""
        return (await self._answer("GET", f"/files/{file}")).body

    async def blocks(self) -> list[Person]:
        """Return whom one blocks, by name. Cancelling: nothing happens."""
        people: list[Person] = []
        query = "limit=100"
        while True:
            page = await self._ask_until_answered("GET", f"/me/blocks?{query}", _Blocked)
            people += page.people
            if page.next is None:
                return people
            query = f"limit=100&after={quote(page.next)}"

    async def block(self, person: int) -> None:
        """Take no direct messages from a person. Cancelling: it may be done or not."""
        await self._ask_until_answered("PUT", f"/me/blocks/{person}", type(None))

    async def unblock(self, person: int) -> None:
        """Take direct messages from a person again. Cancelling: it may be done or not."""
        await self._ask_until_answered("DELETE", f"/me/blocks/{person}", type(None))

    def _someone(self, person: int | None) -> int:
        return self._me() if person is None else person

    def _come(self, info: RoomInfo) -> RoomInfo:
        self._came_into(info.id)
        return info

    async def _ask(self, method: str, path: str, kind: type[_V], body: object = None) -> _V:
        return _decoded(path, await self._answer(method, path, body), kind)

    async def _answer(self, method: str, path: str, body: object = None, kind: str = _JSON) -> Answer:
        answer = await self._call(method, path, body, kind)
        if answer.status == 401:
            self._credentials.refused(is_over=False)
            answer = await self._call(method, path, body, kind)  # with a new token
        if answer.status >= 400:
            error = error_of(answer)
            raise_if_for_now(answer.status, error)
            raise Refused(error)
        return answer

    async def _ask_until_answered(self, method: str, path: str, kind: type[_V]) -> _V:
        backoff = Backoff(random.random)
        while True:
            try:
                return await self._ask(method, path, kind)
            except Lost as lost:
                wait = lost.after
            await trio.sleep(backoff.next() if wait is None else wait)

    async def _call(self, method: str, path: str, body: object, kind: str) -> Answer:
        token = await self._credentials.access(self._address)
        path = f"/api/v1{path}"
        return await call(self._address, method, path, body, token=token, kind=kind, most=_MOST)


def _query(fields: Mapping[str, str | int]) -> str:
    with refusing_what_cannot_be_sent():
        return urlencode(fields)


def _decoded(path: str, answer: Answer, kind: type[_V]) -> _V:
    try:
        return msgspec.json.decode(answer.body or b"null", type=kind)
    except msgspec.DecodeError as error:
        raise Lost(f"no answer to {path}: {error}") from error
