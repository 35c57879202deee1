"""Transient events, and blocks."""

import pytest
import trio

from chat.client import (
    Activity,
    Connected,
    Disconnected,
    LoggedOut,
    PresenceChanged,
    ProfileChanged,
    ReadMark,
    Refused,
    open_chat,
)
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer, RefusedByModel
from tests.client.people import Reach, next_event
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess


async def test_typing_reaches_the_others_only_while_connected(
    model: ModelServer, reach: Reach, garden: ModelRoom
) -> None:
    async with reach() as ada, reach("ben") as ben:
        await next_event(ada, Connected)
        await next_event(ben, Connected)
        await ada.start_typing(garden.id)
        await ada.stop_typing(garden.id)
        got = [await next_event(ben, Activity) for _ in range(2)]
        assert [(each.what, each.person.name) for each in got if isinstance(each, Activity)] == [
            ("typing", "ada"),
            ("none", "ada"),
        ]
        model.is_reachable = False
        for socket in tuple(model.sockets):
            socket.drop()
        await next_event(ada, Disconnected)
        await ada.start_typing(garden.id)
        model.is_reachable = True
        await next_event(ada, Connected)
        assert [asked["what"] for _, asked in model.requests if asked["type"] == "activity"] == [
            "typing",
            "none",
        ]


async def test_watched_people_are_watched_on_every_connection(
    model: ModelServer, reach: Reach, garden: ModelRoom
) -> None:
    async with reach() as ada:
        assert await ada.watch([2, 3]) == {2: "offline", 3: "offline"}
        async with reach("ben"):
            for socket in tuple(model.sockets):
                if socket.person == 1:
                    socket.drop()
            got = await next_event(ada, PresenceChanged)
            assert isinstance(got, PresenceChanged)
            assert {each.id: each.state for each in got.people} == {2: "online", 3: "offline"}

        def on_request(asked: Json) -> None:
            if asked["type"] == "watch":
                raise RefusedByModel("invalid", field="people")

        model.on_request = on_request
        with pytest.raises(Refused):
            await ada.watch(range(1, 600))
        for socket in tuple(model.sockets):
            socket.drop()
        await next_event(ada, Connected)


async def test_the_away_status_is_set_on_every_connection(
    model: ModelServer, reach: Reach, garden: ModelRoom
) -> None:
    def asked() -> list[str]:
        return [request["state"] for _, request in model.requests if request["type"] == "status"]

    async with reach() as ada:
        await ada.set_status("away")
        model.sockets[0].drop()
        await next_event(ada, Disconnected)
        await next_event(ada, Connected)
        assert asked() == ["away", "away"]
        await ada.set_status("online")
        model.sockets[-1].drop()
        await next_event(ada, Disconnected)
        await next_event(ada, Connected)
        assert asked() == ["away", "away", "online"]


async def test_a_new_profile_is_that_of_the_room_with_them(
    model: ModelServer, reach: Reach, garden: ModelRoom
) -> None:
    async with reach() as ada:
        snapshot = garden.snapshot(1)
        peer = {"id": 2, "name": "ben", "changed": 1}
        (socket,) = model.sockets
        socket.send_frame({"type": "room", **snapshot, "id": 77, "kind": "direct", "peer": peer})
        for name, changed in (("Benno", 5), ("older", 3)):
            socket.send_frame({"type": "person", "id": 2, "name": name, "changed": changed})
        got = await next_event(ada, ProfileChanged)
        assert isinstance(got, ProfileChanged)
        assert got.name == "Benno"
        await next_event(ada, ProfileChanged)
        known = ada.rooms[77].info.peer
        assert known is not None
        assert (known.name, known.changed) == ("Benno", 5)


async def test_a_call_is_repeated_until_it_is_answered_and_refused_for_good_once(
    model: ModelServer, reach: Reach, garden: ModelRoom
) -> None:
    answers: list[tuple[int, Json] | Exception] = [
        OSError("not yet"),
        (503, {"error": "away", "code": "unavailable"}),
        (429, {"error": "slowly", "code": "too_many", "retry_ms": 1500}),
        (200, {"people": [{"id": 2, "name": "b&n", "changed": 1}], "next": "b&n"}),
        (200, {"people": [{"id": 3, "name": "cleo", "changed": 1}]}),
        (404, {"error": "nobody", "code": "not_found"}),
        (401, {"error": "who?", "code": "unauthenticated"}),
    ]

    def answer(_path: str) -> tuple[int, Json]:
        next_one = answers.pop(0)
        if isinstance(next_one, Exception):
            raise next_one
        return next_one

    async with reach() as ada:
        model.sessions.answers = answer
        assert [each.name for each in await ada.http.blocked_people()] == ["b&n", "cleo"]
        assert model.sessions.calls[-1] == "/api/v1/me/blocks?limit=100&after=b%26n"
        with pytest.raises(Refused) as refused:
            await ada.http.block(99)
        assert refused.value.code == "not_found"
        with pytest.raises(LoggedOut):
            await ada.http.unblock(2)


async def test_live_with_the_real_server(server: ServerProcess) -> None:
    access = []
    for name in ("live ada", "live ben"):
        answer = post(f"{server.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
        access.append(answer.json()["access"])
    with trio.fail_after(60):
        async with (
            open_chat(server.url, token=access[0]) as ada,
            open_chat(server.url, token=access[1]) as ben,
        ):
            made = request(
                "PUT",
                f"{server.url}/api/v1/direct/{ben.person_id}",
                headers={"Authorization": f"Bearer {access[0]}"},
            ).json()
            room = made["id"]
            assert await ada.watch([ben.person_id, 10**9]) == {ben.person_id: "online", 10**9: "offline"}
            await ada.send(room, "hi")
            while room not in ben.rooms:
                await next_event(ben)
            await ada.start_typing(room)
            typing = await next_event(ben, Activity)
            assert isinstance(typing, Activity)
            assert (typing.room, typing.person.id) == (room, ada.person_id)
            await ben.mark_read(room, 1)
            while not (isinstance(mark := await next_event(ada, ReadMark), ReadMark) and mark.room == room):
                pass
            assert (mark.person, mark.seq) == (ben.person_id, 1)
            renamed = request(
                "PATCH",
                f"{server.url}/api/v1/me",
                {"display": "Ben L."},
                headers={"Authorization": f"Bearer {access[1]}"},
            )
            assert renamed.status_code == 200
            for chat in (ada, ben):  # who watches, and oneself
                profile = await next_event(chat, ProfileChanged)
                assert isinstance(profile, ProfileChanged)
                assert (profile.id, profile.display) == (ben.person_id, "Ben L.")
            await ada.http.block(ben.person_id)
            assert [each.id for each in await ada.http.blocked_people()] == [ben.person_id]
            with pytest.raises(Refused) as refused:
                await ben.send(room, "hello")
            assert refused.value.code == "forbidden"
            await ada.http.unblock(ben.person_id)
            await ben.send(room, "hello again")
