"""HTTP calls of the client: beginning a session, listing rooms, and sessions shared by several programs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from chat.client import (
    Chat,
    Connected,
    ConnectionFailed,
    Disconnected,
    LoggedOut,
    Refused,
    RoomSnapshot,
    log_in,
    register,
)
from chat.client.credentials import Credentials
from chat.client.wire import Members, Membership, Person, PublicRoom, RoomInfo, Session
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer, in_memory
from tests.client.people import Reach, next_event, texts

ROOM: Json = {"id": 7, "kind": "room", "name": "roses", "pos": 1, "at": 1, "seq": 0, "read": 0}


class Kept:
    """A session that is shared in memory."""

    def __init__(self, refresh: str | None) -> None:
        self.refresh = refresh
        self.held = 0
        self._lock = trio.Lock()

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
        async with self._lock:
            self.held += 1
            yield

    def load(self) -> str | None:
        return self.refresh

    def save(self, session: Session) -> None:
        self.refresh = session.refresh


async def test_each_call_returns_its_answer(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    ben: Json = {"person": {"id": 2, "name": "ben"}, "role": "owner", "joined": 5}
    answers: dict[str, tuple[int, Json | None]] = {
        "/api/v1/rooms/public?q=ro+%26&limit=100": (200, {"rooms": [{"id": 7, "name": "roses"}]}),
        "/api/v1/rooms": (201, ROOM),
        "/api/v1/rooms/7/members/1": (200, ROOM),
        "/api/v1/rooms/7/members/2": (200, ROOM),
        "/api/v1/rooms/7": (200, ROOM),
        "/api/v1/invites": (201, {"code": "Q7", "url": "/i/Q7", "room": 7, "uses": 2, "expires": 9}),
        "/api/v1/direct/2": (200, ROOM),
        "/api/v1/rooms/7/members?after=0&limit=100": (200, {"members": [ben], "next": 2}),
    }
    model.sessions.answers = answers.get
    info = RoomInfo(id=7, kind="room", name="roses", pos=1, at=1, seq=0, read=0)
    member = Membership(person=Person(id=2, name="ben"), role="owner", joined=5)
    async with reach() as chat:
        assert await chat.http.public_rooms("ro &") == (PublicRoom(id=7, name="roses"),)
        assert await chat.http.create_room("roses") == info
        assert await chat.http.join(7) == await chat.http.add_member(7, 2) == info
        assert await chat.http.direct_room(2) == info
        assert await chat.http.members(7) == Members(members=(member,), next=2)
        assert await chat.http.change_room(7, topic="") == info
        made = await chat.http.create_invite(7, uses=2)
        assert (made.code, made.uses) == ("Q7", 2)
        assert made.link is not None
        assert made.link.startswith("http://")
        assert made.link.endswith("/i/Q7")
        answers["/api/v1/rooms/7/members/1"] = (200, {})
        with pytest.raises(ConnectionFailed, match="missing required field"):
            await chat.http.join(7)
        answers["/api/v1/rooms/7/members/1"] = (403, {"error": "you are banned", "code": "forbidden"})
        with pytest.raises(Refused, match=r"you are banned \(forbidden\)"):
            await chat.http.join(7)
        answers["/api/v1/rooms/7/members/1"] = answers["/api/v1/rooms/7/members/2"] = (200, None)
        await chat.http.remove_member(7, 2)
        await chat.http.leave(7)


async def test_a_room_joined_over_http_is_loaded_without_a_frame_on_the_socket(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach() as chat:
        await next_event(chat, Connected)
        made = model.world.add_room(1, 2)
        model.sessions.answers = {"/api/v1/rooms": (201, made.snapshot(1))}.get
        await chat.http.create_room("roses")
        event = await next_event(chat, RoomSnapshot)
        assert isinstance(event, RoomSnapshot)
        assert event.id == made.id
        assert made.id in chat.rooms
        model.publish(made, made.say(2, "hello", "key"))
        assert await texts(chat, 1) == ["hello"]


async def test_reconnect_now_ends_the_wait(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach() as chat:
        await next_event(chat, Connected)
        model.sockets[0].close(4010)  # a minute
        await next_event(chat, Disconnected)
        before = trio.current_time()
        chat.reconnect_now()
        await next_event(chat, Connected)
        assert trio.current_time() - before < 1


async def test_a_new_person_registers_and_logs_in(model: ModelServer, autojump_clock: MockClock) -> None:
    async with in_memory(model) as address:
        assert (await register(address, "dora", "secret")).refresh == "refresh 1"
        assert (await log_in(address, "dora", "secret")).refresh == "refresh 2"
        with pytest.raises(Refused, match="taken") as refused:
            await register(address, "dora", "secret", invite="x")
        assert (refused.value.code, refused.value.field) == ("taken", "name")
        with pytest.raises(LoggedOut, match="invalid credentials"):
            await log_in(address, "dora", "wrong")
        model.sessions.answers = lambda _path: (429, {"error": "too many", "retry_ms": 5000})
        with pytest.raises(ConnectionFailed, match="too many") as later:
            await register(address, "eve", "secret")
        assert later.value.retry_after == 5.0


async def test_programs_that_share_a_session_refresh_it_with_the_newest_token(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    kept = Kept(model.sessions.open(1)["refresh"])
    chats: list[Chat] = []
    async with reach(credentials=Credentials(session_store=kept)) as first:
        async with reach(credentials=Credentials(session_store=kept)) as second:
            chats += [first, second]
            await trio.sleep(2000)
            assert len(model.sockets) == 2
        newest = kept.refresh
    # One after the other, each with what the one before had got.
    assert (kept.held, newest) == (
        6,
        "refresh 7",
    )
    refreshes = [call for call in model.sessions.calls if call.endswith("refresh")]
    assert len(refreshes) == kept.held


async def test_a_shared_session_that_is_over_ends_the_block(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    for refresh in (None, "of a session that has ended"):
        with pytest.raises(LoggedOut):
            async with reach(credentials=Credentials(session_store=Kept(refresh))):
                pytest.fail("there is no session")
