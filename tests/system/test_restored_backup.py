"""A backup is restored while clients are connected: each notices, and converges to what a reload shows."""

import random
import socket
import subprocess
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.client import Chat, LoggedOut, open_chat
from chat.client.structs import Position
from tests.client.comparing import info_of, messages_of
from tests.client.people import EventChecker
from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess, used_data_path

LOBBY = 1
LOST = 3
"""Messages in each room that are in no backup."""

Json = dict[str, Any]


def call(server: ServerProcess, method: str, path: str, token: str, body: object = None) -> Json:
    answer = request(method, f"{server.url}/api/v1{path}", body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 201), answer.text
    made: Json = answer.json()
    return made


def register(server: ServerProcess, name: str) -> tuple[int, str]:
    """Register somebody; return their id and an access token."""
    answer = post(f"{server.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return answer.json()["me"]["id"], answer.json()["access"]


async def say_in(rooms: list[int], what: str, server: ServerProcess, token: str) -> None:
    """Say a few things in each room, read one and change one."""
    async with open_chat(server.url, token=token) as chat:
        for room in rooms:
            seqs = [(await chat.send(room, f"{what} {n}")).seq for n in range(LOST)]
            await chat.edit(room, seqs[0], f"{what} 0, but better")


async def all_told(chat: Chat) -> None:
    """Wait until the program has received everything."""
    while chat.positions != {  # noqa: ASYNC110 - rooms tell nobody
        room: Position(each.info.pos, each.info.at) for room, each in chat.rooms.items()
    }:
        await trio.sleep(0.01)


async def positions_of(server: ServerProcess, token: str) -> dict[int, Position]:
    """How far somebody is who has heard all."""
    async with open_chat(server.url, token=token) as chat, trio.open_nursery() as nursery:
        nursery.start_soon(EventChecker().take, chat)
        await all_told(chat)
        nursery.cancel_scope.cancel()
    return chat.positions


def known(chat: Chat) -> dict[int, Json]:
    """A client's state of its rooms, without the lobby's member count, which changes without an event."""
    rooms = {number: info_of(room) for number, room in chat.rooms.items()}
    rooms[LOBBY].pop("members")
    return rooms


async def restored(chat: Chat, url: str, token: str) -> None:
    """Wait until a client has, of every room, what one has who comes without any position."""
    async with open_chat(url, token=token) as fresh:

        def is_like_a_reload() -> bool:
            return known(chat) == known(fresh)

        while not is_like_a_reload():  # noqa: ASYNC110 - rooms tell nobody
            await trio.sleep(0.01)
        for room in chat.rooms:
            history = await fresh.history(room, limit=100)
            fresh.rooms[room].messages.clear()
            by_seq = {each["seq"]: each for each in messages_of(chat.rooms[room])}
            loaded = {each.seq for each in history.messages}
            assert by_seq.keys() <= loaded, "it holds nothing that is in no history"
            texts = {each.seq: each.text for each in history.messages}
            assert {seq: each.get("text", "") for seq, each in by_seq.items()} == {
                seq: texts[seq] for seq in by_seq
            }


async def come_back(
    url: str, token: str, positions: Mapping[int, Position], resets: set[str], *, of: int
) -> None:
    """Resume with positions; get resets of this many rooms, and end with the state of a reload."""
    checker = EventChecker(positions)
    async with open_chat(url, token=token, positions=positions) as chat, trio.open_nursery() as nursery:
        nursery.start_soon(checker.take, chat)
        await restored(chat, url, token)
        await all_told(chat)
        nursery.cancel_scope.cancel()
    assert (set(checker.resets), len(checker.resets)) == (resets, of)


def free_port() -> int:
    """A port below those that the system gives to connections, which nobody else takes while a server is down."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def start(data: Path, port: int) -> ServerProcess:
    """Start a server that listens on this port too."""
    return ServerProcess(data, "--listen", f"127.0.0.1:{port}")


def back_up(server: ServerProcess, backup: Path, port: int) -> ServerProcess:
    """Stop the server and copy its directory whole, as docs/deploying.md says; start it again."""
    server.stop()
    subprocess.run(["cp", "-a", server.data, backup], check=True)
    return start(server.data, port)


def restore(server: ServerProcess, backup: Path, port: int) -> ServerProcess:
    """Stop the server, and start it with the backup in place of its data."""
    server.stop()
    subprocess.run(["rm", "-r", server.data], check=True)
    subprocess.run(["cp", "-a", backup, server.data], check=True)
    return start(server.data, port)


@in_campaign
async def test_every_client_detects_a_restored_backup_and_converges_to_it(server: ServerProcess) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(trio.fail_after(120))
        data = stack.enter_context(used_data_path())
        backup = data.parent / "backup"
        own = free_port()  # that of the client who stays
        first = start(data, own)
        stack.callback(first.end)
        (_, ada), (ben_id, ben), (cem_id, cem) = [register(first, name) for name in ("ada", "ben", "cem")]
        garden, quiet = [
            call(first, "POST", "/rooms", ada, {"name": name})["id"] for name in ("garden", "quiet")
        ]
        direct = call(first, "PUT", f"/direct/{ben_id}", ada)["id"]
        for room in (garden, quiet):
            for person, token in ((ben_id, ben), (cem_id, cem)):
                call(first, "PUT", f"/rooms/{room}/members/{person}", token, {})
        await say_in([LOBBY, garden, quiet, direct], "before", first, ada)
        of_the_backup = await positions_of(first, cem)
        checker = EventChecker()
        live = await stack.enter_async_context(open_chat(f"http://127.0.0.1:{own}", token=ada))
        nursery = await stack.enter_async_context(trio.open_nursery())
        nursery.start_soon(checker.take, live)

        second = await trio.to_thread.run_sync(back_up, first, backup, own)
        stack.callback(second.end)
        await restored(live, second.url, ada)
        assert checker.resets == [], "nothing was lost yet"
        lost_id, lost = register(second, "eve")
        attic = call(second, "POST", "/rooms", ada, {"name": "attic"})["id"]
        call(second, "PUT", f"/rooms/{attic}/members/{ben_id}", ben, {})
        await say_in([LOBBY, garden, direct, attic], "lost", second, ada)
        async with open_chat(second.url, token=ben) as chat:
            await chat.mark_read(LOBBY, chat.rooms[LOBBY].info.seq)
        of_what_is_lost = await positions_of(second, ben)
        await restored(live, second.url, ada)
        await all_told(live)
        assert live.rooms.keys() == {LOBBY, garden, quiet, direct, attic}

        third = await trio.to_thread.run_sync(restore, second, backup, own)
        stack.callback(third.end)
        await restored(live, third.url, ada)
        assert live.rooms.keys() == {LOBBY, garden, quiet, direct}, "and the room of what is lost is gone"
        await all_told(live)
        assert checker.resets == ["other_history"] * 3, "where something was lost"
        await come_back(third.url, cem, of_the_backup, set(), of=0)

        # The same numbers are given to another person and another room, and all places to other messages.
        nora_id, nora = register(third, "nora")
        assert nora_id == lost_id
        assert call(third, "POST", "/rooms", ada, {"name": "cellar"})["id"] == attic
        call(third, "PUT", f"/rooms/{attic}/members/{ben_id}", ben, {})
        await say_in([LOBBY, garden, direct, attic], "new", third, ada)
        now = await positions_of(third, ben)
        assert [now[room].pos for room in of_what_is_lost] == [each.pos for each in of_what_is_lost.values()]
        await come_back(third.url, ben, of_what_is_lost, {"other_history"}, of=4)
        await come_back(third.url, cem, of_the_backup, set(), of=0)
        with pytest.raises(LoggedOut):  # or a token of one who is lost would let them in as nora
            async with open_chat(third.url, token=lost):
                pass
        async with open_chat(third.url, token=nora) as chat:
            assert chat.person_id == nora_id

        _, gus = await trio.to_thread.run_sync(register, server, "of another database")
        await say_in([LOBBY], "elsewhere", server, gus)
        elsewhere = await positions_of(server, gus)
        await come_back(third.url, ben, elsewhere, {"other_history"}, of=1)
        nursery.cancel_scope.cancel()
