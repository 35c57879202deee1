"""A native client, cancelled at every await: its events have no gap, and it can resume."""

from contextlib import suppress
from functools import partial
from typing import Any
from unittest.mock import patch

import trio
from trio_cancel_sweep import Run

from chat.application import members
from chat.domain.entities import LOBBY_ID, Draft, Peer, Person, SupportOf
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.messages.changes import SupportChange
from chat.domain.ports import ProfileChange
from chat.engine import pending_drafts
from chat.protocols.native.connection import request_queue
from chat.protocols.native.sync import room_sync
from chat.protocols.native.wire.codec import NATIVE
from tests.cancellation.swept_world import (
    assert_alive,
    assert_lobby_told,
    assert_nothing_left,
    converse,
    ear_in_lobby,
    fill,
    new_client,
    settle,
    swept_world,
    texts_saved,
)
from tests.protocols.native.replica import Replica
from tests.support.account_changes import set_roles
from tests.support.chat_world import World
from tests.support.replays import snapshots


async def native(run: Run) -> None:
    """Authenticate, resume, send to subscribed and other rooms, and get rooms that are new meanwhile."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        garden, cellar = await world.make_room(ada), await world.make_room(ben, "cellar")
        room = await world.storage.rooms.direct_room(ada.id, ben.id)
        assert room is not None
        pair = room.id
        desk = await world.storage.rooms.support_room(ada.id)
        assert desk is not None
        ear = await ear_in_lobby(world, "cem")
        await fill(world, [Draft(LOBBY_ID, ben.id, "ben", f"missed {n}", float(n)) for n in range(3)])
        replica = Replica(world, ada)
        replica._client = client = new_client(run, world, NATIVE, None)
        replica.rooms[LOBBY_ID] = {"pos": 1, "at": 0, "messages": {}}
        replica.rooms[desk.id] = {"pos": 0, "at": 0, "messages": {}}
        known = [{"room": number, "pos": each["pos"], "at": 0} for number, each in replica.rooms.items()]
        known.append({"room": 999, "pos": 1, "at": 1})
        frames = [
            {"type": "ping", "id": 1},
            {"type": "hello", "id": 2, "token": world.token(ada)},
            _say(3, garden.id),
            {"type": "sync", "id": 4, "known": known, "since": 1},
            _say(5, LOBBY_ID),
            {"type": "hello", "id": 6, "token": world.token(ada)},
            {"type": "sync", "id": 7, "rest": False},
            {"type": "history", "id": 8, "room": LOBBY_ID},
            {"type": "edit", "id": 9, "room": garden.id, "seq": 1, "text": "another"},
            {"type": "react", "id": 10, "room": garden.id, "seq": 1, "emoji": "👍"},
            {"type": "pin", "id": 19, "room": garden.id, "seq": 1},
            {"type": "delete", "id": 11, "room": garden.id, "seq": 1},
            {"type": "read", "id": 12, "room": LOBBY_ID, "seq": 2},
            {"type": "watch", "id": 13, "people": [ben.id]},
            {"type": "status", "id": 14, "state": "away"},
            {"type": "activity", "id": 15, "room": LOBBY_ID, "what": "typing"},
            {"type": "activity", "id": 16, "room": pair, "what": "typing"},
            {"type": "activity", "id": 17, "room": desk.id, "what": "typing"},
            _say(18, cellar.id),  # it is looked up whether that was said before
        ]

        async def meanwhile() -> None:
            with suppress(StorageDown, OutcomeUnknown):
                await members.add(world.services, ben, cellar.id, ada.id)
            operator = await set_roles(world.storage.users, ada.id, operator=True, admin=False)
            world.presence.changed({ada.id: operator})
            await world.rest()
            world.presence.changed({ada.id: ada})

        await converse(run, world, NATIVE, None, frames, client=client, meanwhile=meanwhile)
        received = client.received_now()
        replica.hear(received)  # which looks for holes
        saved = [answer for answer in received if answer["type"] == "send_ok"]
        assert len(saved) <= len(witness.acknowledged)
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)
        await _goes_on(world, replica)


async def native_pages(run: Run) -> None:
    """Come back far behind, ask for page after page while others write, and go on live."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        ear = await ear_in_lobby(world, "cem")
        missed = [f"missed {n}" for n in range(5)] + ["x" * 3900]
        await fill(world, [Draft(LOBBY_ID, ben.id, "ben", each, float(n)) for n, each in enumerate(missed)])
        replica = Replica(world, ada)
        replica._client = client = new_client(run, world, NATIVE, None, limit=7000)
        replica.rooms[LOBBY_ID] = {"pos": 1, "at": 0, "messages": {}}
        pages = [
            {"type": "sync", "id": 2 + n, "rest": False, "far": "page", "limit": 2, "known": _lobby_at(pos)}
            for n, pos in enumerate((1, 3, 5))
        ]
        frames = [{"type": "hello", "id": 1, "token": world.token(ada)}, *pages[:2]]

        async def meanwhile() -> None:
            client.stop_reading()
            client.send(pages[2])
            await world.rest()  # what stands beside the log waits for room
            client.go_on_reading()
            await world.rest()
            client.send(_say(9, LOBBY_ID))
            await world.rest()
            await world.journal.submit(Draft(LOBBY_ID, ben.id, "ben", "meanwhile", 6.0), _Whatever())
            await world.rest()

        await converse(run, world, NATIVE, None, frames, client=client, meanwhile=meanwhile)
        received = client.received_now()
        for frame in received:
            if frame["type"] == "error" and frame["id"] in (2, 3, 4):
                break  # no client asks for a page before it has the one before
            if frame["type"] == "sync_ok":
                replica.far.clear()  # the request for the next page was sent before
            replica.hear([frame])
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)
        replica.far.clear()
        await _goes_on(world, replica)


class _Whatever:
    """The submitter of what may be saved or not."""

    def on_outcome(self, _write: object, _outcome: object) -> None:
        """Nobody asks."""


def _lobby_at(pos: int) -> list[dict[str, int]]:
    """The lobby as somebody knows it who is at this change, where `fill` says one message a second."""
    return [{"room": LOBBY_ID, "pos": pos, "at": 1000 * (pos - 1)}]


async def native_operator(run: Run) -> None:
    """Resume as an operator who knows a conversation that was closed; it is opened and closed again meanwhile."""
    async with swept_world(run) as (world, witness):
        ada, olga = await world.add("ada"), await world.add("olga", operator=True)
        ear = await ear_in_lobby(world, "cem")
        room = await world.storage.rooms.support_room(ada.id)
        assert room is not None
        people = SupportOf(Peer(ada.id, "ada"))
        help_ = Draft(room.id, ada.id, "ada", "help", 1.0, people=people)
        closing = SupportChange(room.id, olga.id, 2.0, people, is_closed=True)
        for write in (help_, closing):
            await world.services.writes.write(write)
        zoe = await world.add("zoe")
        other = await world.storage.rooms.support_room(zoe.id)
        assert other is not None
        await fill(
            world, [Draft(other.id, zoe.id, "zoe", "help", 1.0, people=SupportOf(Peer(zoe.id, "zoe")))]
        )
        replica = Replica(world, olga)
        replica._client = client = new_client(run, world, NATIVE, None)
        replica.rooms[room.id] = {"pos": 1, "at": 1000, "messages": {}, "support": {}}
        frames = [
            {"type": "hello", "id": 1, "token": world.token(olga)},
            {"type": "sync", "id": 2, "known": [{"room": room.id, "pos": 1, "at": 1000}], "conversations": 1},
        ]

        async def meanwhile() -> None:
            for write in (help_, closing):
                with suppress(StorageDown, OutcomeUnknown):
                    await world.services.writes.write(write)
                await world.rest()

        await converse(run, world, NATIVE, None, frames, client=client, meanwhile=meanwhile)
        replica.hear(client.received_now())  # which looks for holes
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)
        await settle(world)
        with suppress(StorageDown):
            await replica.connect()
            is_closed = world.storage.rooms.support_kept(room.id).is_closed
            assert (room.id in replica.rooms) != is_closed, "an operator has what is open"


async def native_unread(run: Run) -> None:
    """Resume and do not read: the telling waits for room, and the client is cut in the end."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        await fill(world, [Draft(LOBBY_ID, ada.id, "ada", "x" * 3000, float(n)) for n in range(60)])
        ear = await ear_in_lobby(world, "ben")
        frames: list[Any] = [
            {"type": "hello", "id": 1, "token": world.token(ada)},
            {"type": "sync", "id": 2, "known": [{"room": LOBBY_ID, "pos": 1, "at": 0}]},
        ]
        client = await converse(
            run,
            world,
            NATIVE,
            ada,
            frames,
            before=lambda client: client.stop_reading(),
            then=lambda client: None,
        )
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def native_answers_unread(run: Run) -> None:
    """Ask and do not read: answers and rooms wait for a place in the send queue."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        await fill(world, [Draft(LOBBY_ID, ada.id, "ada", "x" * 3000, float(n)) for n in range(2)])
        ear = await ear_in_lobby(world, "ben")
        hello = {"type": "hello", "id": 1, "token": world.token(ada)}
        history = {"type": "history", "id": 2, "room": LOBBY_ID, "limit": 1}
        client = new_client(run, world, NATIVE, None, limit=2000)
        await converse(
            run,
            world,
            NATIVE,
            None,
            [hello, history, history, {"type": "sync", "id": 3}],
            client=client,
            before=lambda client: client.stop_reading(),
            then=lambda client: None,
        )
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def native_in_line(run: Run) -> None:
    """Say more behind a sync than may wait: what was cut off is not said, and what was answered is saved."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")
        hello = {"type": "hello", "id": 1, "token": world.token(ada)}
        client = new_client(run, world, NATIVE, None)
        syncs = ({"type": "sync", "id": n} for n in range(10, 20))
        one_too_many = (
            _say(3, LOBBY_ID),
            next(syncs),
            {"type": "delete", "id": 4, "room": LOBBY_ID, "seq": 99},  # which there is not
        )

        async def meanwhile() -> None:
            for request in one_too_many:
                with world.obstacles.held("rooms_of"):
                    client.send(next(syncs))
                    client.send(request)
                    await world.rest()
                await world.rest()

        # Its syncs tell rooms as they are, each by itself.
        with patch.object(request_queue, "_MOST", 1), patch.object(room_sync, "FEW_ROOMS", 0):
            await converse(run, world, NATIVE, None, [hello], client=client, meanwhile=meanwhile)
        got = [frame["type"] for frame in client.received_now()]
        assert got.count("send_ok") <= len(witness.acknowledged)
        assert run.fired or (got.count("sync_ok"), got.count("send_ok")) == (4, 1)
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)


async def native_profiles_unread(run: Run) -> None:
    """Resume and do not read: profiles that changed wait for a place in the send queue."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        await world.storage.users.change_profile(ada.id, ProfileChange(display_name="Ada"))
        ear = await ear_in_lobby(world, "ben")
        hello = {"type": "hello", "id": 1, "token": world.token(ada)}
        pings = [{"type": "ping", "id": n} for n in range(2, 22)]
        known = [{"room": LOBBY_ID, "pos": 0, "at": 0}]
        client = new_client(run, world, NATIVE, None, limit=3000)
        await converse(
            run,
            world,
            NATIVE,
            None,
            [hello, *pings, {"type": "sync", "id": 30, "known": known, "since": 1}],
            client=client,
            before=lambda client: client.stop_reading(),
            then=lambda client: None,
        )
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def native_waits(run: Run) -> None:
    """Say more than may be at the journal at once: the next message waits for those before it."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")

        async def free() -> None:
            await trio.sleep(1)
            world.obstacles._closed_before["save"].set()

        frames = [
            {"type": "hello", "id": 1, "token": world.token(ada), "protocol": 99},  # which nobody speaks
            {"type": "hello", "id": 1, "token": world.token(ada)},
            {"type": "sync", "id": 2},
            _say(3, LOBBY_ID),
            _say(4, LOBBY_ID),
        ]
        with world.obstacles.held("save"), patch.object(pending_drafts, "_AT_ONCE", 50):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(free)
                client = await converse(run, world, NATIVE, None, frames)
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)


async def native_set_back(run: Run) -> None:
    """Set the own mark back while what one has said is saved and noted as read: it is there where that is answered."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")
        await fill(world, [Draft(LOBBY_ID, ada.id, "ada", f"before {n}", float(n)) for n in range(3)])
        answers = await _answered_late(
            run,
            world,
            ada,
            _say(3, LOBBY_ID),
            {"type": "read", "id": 4, "room": LOBBY_ID, "seq": 1, "back": True},
        )
        if answers.get(4, {}).get("type") == "read_ok":
            (lobby,) = await snapshots(world.storage, ada.id, 99, [LOBBY_ID])
            assert lobby.read == 1
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, world.clients[-1])


async def native_refused_late(run: Run) -> None:
    """Speak where one may not while one's last message is saved: whether that was it is known then."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")
        answers = await _answered_late(run, world, ada, _say(3, LOBBY_ID), _say(4, 99))
        assert answers.get(4, {}).get("type") != "send_ok"
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, world.clients[-1])


async def _answered_late(
    run: Run, world: World, person: Person, *requests: dict[str, Any]
) -> dict[int, dict[str, Any]]:
    """Make requests while neither messages nor marks are saved for a while, and return the answers by their ids."""

    async def free() -> None:
        for call in ("save", "mark_read"):
            await trio.sleep(1)
            world.obstacles._closed_before[call].set()

    hello = {"type": "hello", "id": 1, "token": world.token(person)}
    frames = [hello, {"type": "sync", "id": 2}, *requests]
    with world.obstacles.held("mark_read"), world.obstacles.held("save"):
        client = await converse(run, world, NATIVE, None, frames, meanwhile=free)
    return {frame["id"]: frame for frame in client.received_now() if "id" in frame}


async def native_over_budget(run: Run) -> None:
    """Request more than allowed: it is refused, and a delayed client can leave all the same."""
    budgets = Budgets(messages=0.5, text=1000, pages=0.25)
    async with swept_world(run, budgets=budgets) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")
        hello = {"type": "hello", "id": 1, "token": world.token(ada)}
        syncs = [{"type": "sync", "id": n} for n in range(2, 5)]
        said = [_say(n, LOBBY_ID) for n in range(5, 9)]
        one = {"room": LOBBY_ID, "seq": 99}  # which there is not
        one_more = [{"type": "watch", "id": 30 + n, "people": list(range(1, 500))} for n in range(2)]
        in_lobby = {"type": "activity", "room": LOBBY_ID}
        typed = [{**in_lobby, "id": 40 + n, "what": what} for n, what in enumerate(("typing", "none") * 2)]
        asked = [
            *({"type": "edit", "id": 10 + n, "text": "x" * 4000, **one} for n in range(3)),
            *({"type": "delete", "id": 15 + n, **one} for n in range(3)),
            *({"type": "history", "id": 20 + n, "room": LOBBY_ID, "limit": 100} for n in range(2)),
        ]
        client = await converse(
            run,
            world,
            NATIVE,
            None,
            [hello, *syncs, *said, *typed, *asked, *one_more],
            meanwhile=partial(trio.sleep, 30),  # in which whoever is held back is answered
        )
        assert len(witness.taken) < len(said)
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)


async def _goes_on(world: Any, replica: Replica) -> None:
    """Wherever it was cancelled: the next connection gets the rest, once."""
    await settle(world)
    try:
        await replica.connect()
    except StorageDown:
        return
    assert replica.rooms[LOBBY_ID]["pos"] == len(texts_saved(world))


def _say(number: int, room_id: int) -> dict[str, Any]:
    return {"type": "send", "id": number, "room": room_id, "key": f"k{number}", "text": f"text {number}"}


ALL = (
    native,
    native_operator,
    native_unread,
    native_answers_unread,
    native_profiles_unread,
    native_in_line,
    native_waits,
    native_pages,
    native_set_back,
    native_refused_late,
    native_over_budget,
)
