"""The client and the example bot against the real server, which is killed and restarted under them."""

import os
import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
from msgspec import to_builtins

from chat.client import (
    Chat,
    Connected,
    LoggedOut,
    NewMessage,
    Position,
    Refused,
    RoomSnapshot,
    log_in,
    open_chat,
    parse_url,
)
from tests.client.comparing import info_of, plain
from tests.client.people import EventChecker, next_event, texts
from tests.support.people import PASSWORD, post, request
from tests.support.pictures import png
from tests.support.processes import child
from tests.support.saved import write_beside
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.relay import relay_to

LOBBY = 1
BOT = Path(__file__).parents[2] / "examples" / "bot.py"


def register(server: ServerProcess, name: str) -> str:
    """Register somebody; return their access token."""
    answer = post(f"{server.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["access"]
    return token


async def test_a_file_is_uploaded_sent_received_and_downloaded(server: ServerProcess) -> None:
    accesses = register(server, "filing ada"), register(server, "filing ben")
    data = os.urandom(300_000)
    with trio.fail_after(60):
        async with (
            open_chat(server.url, token=accesses[0]) as ada,
            open_chat(server.url, token=accesses[1]) as ben,
        ):
            room = (await ada.http.direct_room(ben.person_id)).id
            file = await ada.upload(room, data, "../päonie.bin")
            assert (file.name, file.size) == ("päonie.bin", len(data))
            await ada.send(room, files=[file])
            while room not in ben.rooms:
                await next_event(ben, RoomSnapshot)
            last = ben.rooms[room].info.last
            assert last is not None
            assert last.files == (file,)
            assert await ben.download(file) == data
            with pytest.raises(Refused) as refused:
                await ada.send(room, files=[file.id])
            assert refused.value.field == "files"
            with pytest.raises(Refused):
                await ben.download(2**40)


async def test_a_picture_is_set_seen_and_removed(server: ServerProcess) -> None:
    accesses = register(server, "pictured ada"), register(server, "pictured ben")
    with trio.fail_after(60):
        async with (
            open_chat(server.url, token=accesses[0]) as ada,
            open_chat(server.url, token=accesses[1]) as ben,
        ):
            picture = await ada.set_picture(png(64))
            room = await ben.http.direct_room(ada.person_id)
            assert room.peer is not None
            assert room.peer.picture == picture
            assert await ben.picture(picture) == png(64)
            with pytest.raises(Refused) as refused:
                await ben.set_picture(b"no picture")
            assert refused.value.reason == "picture_type"
            await ada.remove_picture()
            with pytest.raises(Refused):
                await ben.picture(picture)


@pytest.mark.parametrize("name", ["n" * 20_000, "n" * 2_000_000, "half \ud800"])
async def test_a_login_that_nobody_can_have_is_refused(server: ServerProcess, name: str) -> None:
    with trio.fail_after(60):
        with pytest.raises(Refused):
            await log_in(parse_url(server.url), name, PASSWORD)
        with pytest.raises(Refused):
            async with open_chat(server.url, login=(name, PASSWORD)):
                pytest.fail("it is no login")


async def test_messages_are_received_and_an_ended_session_stays_ended(server: ServerProcess) -> None:
    access = register(server, "client ada")
    register(server, "client ben")
    sessions: list[str | None] = []

    async def live() -> None:
        ben = ("client ben", PASSWORD)
        async with (
            open_chat(server.url, token=access) as ada,
            open_chat(
                server.url, login=ben, on_session=lambda session: sessions.append(session.refresh)
            ) as ben_s,
        ):
            assert ada.rooms[LOBBY].info.kind == "lobby"
            sent = await ada.send(LOBBY, "hi ben", key="the-first")
            assert (await ada.send(LOBBY, "hi ben", key="the-first")).seq == sent.seq
            event = await next_event(ben_s, NewMessage)
            assert isinstance(event, NewMessage)
            assert (event.text, event.sender.id, event.seq) == ("hi ben", ada.person_id, sent.seq)
            assert ben_s.rooms[LOBBY].info.unread >= 1
            assert await ben_s.ping() > event.at - 1000
            request("DELETE", f"{server.url}/api/v1/me/sessions", headers=bearer(access))
            answer = post(f"{server.url}/api/v1/auth/logout", {}, headers=bearer(access))
            assert answer.status_code == 204
            await trio.sleep_forever()  # ada's session has ended, and with it her block

    with trio.fail_after(60), pytest.raises(LoggedOut):
        await live()
    assert len(sessions) == 1
    async with open_chat(server.url, refresh_token=sessions[0]) as again:
        assert LOBBY in again.rooms


async def test_changed_messages_agree_with_the_server(server: ServerProcess) -> None:
    access = [register(server, name) for name in ("client eve", "client fay")]
    with trio.fail_after(60):
        async with (
            open_chat(server.url, token=access[0]) as eve,
            open_chat(server.url, token=access[1]) as fay,
        ):
            seqs = [(await eve.send(LOBBY, text)).seq for text in ("one", "two", "three", "four")]
            await eve.edit(LOBBY, seqs[0], "eins")
            await eve.add_reaction(LOBBY, seqs[0], "👍")
            await fay.add_reaction(LOBBY, seqs[0], "👍")
            await eve.remove_reaction(LOBBY, seqs[0], "👍")
            assert await fay.mark_read(LOBBY, seqs[0]) == 3
            last = await eve.delete(LOBBY, seqs[2])
            with pytest.raises(Refused) as refused:
                await fay.edit(LOBBY, seqs[1], "zwei")
            assert refused.value.code == "forbidden"
            with pytest.raises(Refused):
                await fay.delete(LOBBY, 10**9)
            for chat, token in zip((eve, fay), access, strict=True):
                while chat.rooms[LOBBY].info.pos < last:
                    await next_event(chat)
                own = chat.rooms[LOBBY].info.read
                while room_of(server, token)["read"] < own:  # noqa: ASYNC110 - what one says is noted a little later
                    await trio.sleep(0.01)
                await chat.mark_unread(LOBBY, seqs[1] + 1)
                held = [chat.rooms[LOBBY].messages[seq] for seq in seqs]
                page = await chat.history(LOBBY, after=seqs[0] - 1, limit=4)
                assert [plain(to_builtins(each)) for each in held] == [
                    plain(to_builtins(each)) for each in page.messages
                ]
                async with open_chat(server.url, token=token) as reloaded:
                    assert sorted(info_of(chat.rooms[LOBBY]).items()) == sorted(
                        info_of(reloaded.rooms[LOBBY]).items()
                    )


async def test_a_room_that_changes_is_as_the_server_has_it(server: ServerProcess) -> None:
    access = [register(server, name) for name in ("client gil", "client hal", "client ida")]

    def call(method: str, path: str, body: object = None, *, by: int = 0) -> Any:
        answer = request(method, f"{server.url}/api/v1{path}", body, headers=bearer(access[by]))
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    with trio.fail_after(60):
        async with (
            open_chat(server.url, token=access[0]) as gil,
            open_chat(server.url, token=access[1]) as hal,
        ):
            room = call("POST", "/rooms", {"name": "changing garden", "private": True})["id"]
            while room not in gil.rooms:
                await next_event(gil)
            code = call("POST", "/invites", {"room": room, "uses": 2})["code"]
            for by in (1, 2):
                call("POST", f"/invites/{code}", by=by)
            call("PATCH", f"/rooms/{room}", {"name": "changed garden", "topic": "roses", "private": False})
            call("PUT", f"/rooms/{room}/members/{hal.person_id}", {"role": "owner"})
            call("PUT", f"/rooms/{room}/members/{gil.person_id}", {"role": "moderator"})
            ida = call("GET", "/me", by=2)["id"]
            call("PUT", f"/rooms/{room}/members/{ida}", {"role": "banned"})
            call("PATCH", f"/rooms/{room}", {"archived": True}, by=1)
            for chat, token, role in ((gil, access[0], "moderator"), (hal, access[1], "owner")):
                while room not in chat.rooms or not chat.rooms[room].info.archived:
                    await next_event(chat)
                info = chat.rooms[room].info
                assert (info.name, info.topic, info.role, info.members) == (
                    "changed garden",
                    "roses",
                    role,
                    2,
                )
                with pytest.raises(Refused) as refused:
                    await chat.send(room, "too late")
                assert refused.value.code == "forbidden"
                async with open_chat(server.url, token=token) as reloaded:
                    assert info_of(reloaded.rooms[room]) == info_of(chat.rooms[room])


async def test_messages_are_sent_once_and_in_order_while_the_server_is_killed() -> None:
    checker = EventChecker()
    received: list[str] = []

    async def listen(chat: Chat) -> None:
        async for event in chat.events():
            checker.check(event)
            if isinstance(event, NewMessage) and event.kind == "text":
                received.append(event.text)

    wanted = [str(n) for n in range(60)]
    with trio.fail_after(150), used_data_path() as data, running_server(data) as first:
        token = register(first, "ada")
        with relay_to(first.url) as relay:
            async with open_chat(relay.url, token=token) as chat, trio.open_nursery() as nursery:
                nursery.start_soon(listen, chat)
                async with trio.open_nursery() as sending:

                    async def say() -> None:
                        for text in wanted:
                            await chat.send(LOBBY, text)

                    sending.start_soon(say)
                    while len(received) < 20:  # noqa: ASYNC110 - it is the listener's to count
                        await trio.sleep(0.01)
                    with relay.cut():
                        await trio.to_thread.run_sync(first.kill)
                        again = running_server(data)
                        second = await trio.to_thread.run_sync(again.__enter__)
                        parts: Any = urlsplit(second.url)
                        relay._target = (parts.hostname, parts.port)
                    try:
                        while len(received) < len(wanted):  # noqa: ASYNC110
                            await trio.sleep(0.01)
                    finally:
                        await trio.to_thread.run_sync(again.__exit__, None, None, None)
                nursery.cancel_scope.cancel()
    assert received == wanted
    assert checker.ups >= 2
    assert checker.resets == []


async def test_four_hundred_sends_at_once_are_saved_in_their_order(server: ServerProcess) -> None:
    wanted = [str(n) for n in range(400)]  # twice as many as one may send at once
    with trio.fail_after(120):
        async with open_chat(server.url, token=register(server, "client order")) as chat:
            async with trio.open_nursery() as nursery:
                for text in wanted:
                    nursery.start_soon(chat.send, LOBBY, text)
                    await trio.lowlevel.checkpoint()  # Trio starts tasks in no order
            saved = [event.text for event in await _own(chat, len(wanted))]
    assert saved == wanted


async def _own(chat: Chat, count: int) -> list[NewMessage]:
    """Take events until this many own messages have arrived."""
    own: list[NewMessage] = []
    while len(own) < count:
        event = await next_event(chat, NewMessage)
        assert isinstance(event, NewMessage)
        if event.sender.id == chat.person_id and event.kind == "text":
            own.append(event)
    return own


async def test_a_returning_client_receives_every_change_of_a_real_server(server: ServerProcess) -> None:
    """More than a thousand changes, which no default limit lets one person send in a test's time."""
    ada, ben = register(server, "client ada3"), register(server, "client ben3")
    with trio.fail_after(120):
        async with open_chat(server.url, token=ada) as chat:
            positions = {LOBBY: Position(chat.rooms[LOBBY].info.pos, chat.rooms[LOBBY].info.at)}
            seq = chat.rooms[LOBBY].info.seq
        beside = partial(write_beside, server.address, 2500, sender="client ben3")
        await trio.to_thread.run_sync(beside)
        async with open_chat(server.url, token=ben) as other:
            await other.edit(LOBBY, seq + 2000, "edited")
            checker = EventChecker(positions)
            async with open_chat(server.url, token=ada, positions=positions) as chat:
                while checker.at[LOBBY] < positions[LOBBY].pos + 2501:
                    checker.check(await next_event(chat))
                assert checker.resets == []
                await other.send(LOBBY, "live")
                checker.check(await next_event(chat, NewMessage))
                assert chat.rooms[LOBBY].messages[seq + 2501].text == "live"


async def test_the_bot_answers_once_however_often_it_is_stopped(
    server: ServerProcess, tmp_path: Path
) -> None:
    access = register(server, "client bot")
    made = post(
        f"{server.url}/api/v1/me/sessions",
        {"name": "echo", "days": 1, "password": PASSWORD},
        headers=bearer(access),
    )
    assert made.status_code == 201, made.text
    kept = tmp_path / "positions.json"

    def bot() -> AbstractContextManager["Popen[bytes]"]:
        environment = {**os.environ, "CHAT_TOKEN": made.json()["token"]}
        return child(sys.executable, BOT, server.url, kept, env=environment)

    with trio.fail_after(60):
        async with open_chat(server.url, token=register(server, "client cleo")) as cleo:
            await next_event(cleo, Connected)
            with bot():
                while not kept.exists():  # noqa: ASYNC110 - it is another process's
                    await trio.sleep(0.01)
                await cleo.send(LOBBY, "!echo one")
                assert await texts(cleo, 2) == ["!echo one", "one"]
            await cleo.send(LOBBY, "!echo two")
            with bot():
                await cleo.send(LOBBY, "!echo three")
                said = await texts(cleo, 4)
    assert sorted(said) == ["!echo three", "!echo two", "three", "two"]
    assert said.index("two") < said.index("three")


def room_of(server: ServerProcess, token: str) -> Any:
    """The lobby as somebody sees it who comes now."""
    return request("GET", f"{server.url}/api/v1/rooms/{LOBBY}", headers=bearer(token)).json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_messages_are_found_soon_and_mentions_are_counted(server: ServerProcess) -> None:
    ada, ben = register(server, "client ada2"), register(server, "client ben2")
    with trio.fail_after(60):
        async with open_chat(server.url, token=ada) as one, open_chat(server.url, token=ben) as other:
            first = await one.send(LOBBY, "an unheard-of gryphon")
            reply = await other.send(LOBBY, "@client ada2: a Grÿphon?", reply=first.seq)
            while one.rooms[LOBBY].info.seq < reply.seq:
                await next_event(one)
            assert one.rooms[LOBBY].info.mentions == 1
            assert one.rooms[LOBBY].messages[reply.seq].reply == first.seq
            while len(found := (await one.search('gryphon -"no gryphon"')).hits) < 2:  # noqa: ASYNC110 - it is in the server
                await trio.sleep(0.6)  # as often as one may ask
            assert [hit.message.seq for hit in found] == [reply.seq, first.seq]
            assert found[1].pieces == ("an unheard-of ", "gryphon")
            await other.delete(LOBBY, reply.seq)
            assert [hit.message.seq for hit in (await one.search("gryphon")).hits] == [first.seq]
