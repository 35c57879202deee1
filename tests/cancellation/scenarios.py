"""The swept conversations, each with the conditions that must hold wherever it was cancelled."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
import trio
from trio_cancel_sweep import Run

from chat.application import members
from chat.domain.closing import GOING_AWAY
from chat.domain.entities import LOBBY_ID, Draft, MessageKind, Pair, Person
from chat.domain.failures import OutcomeUnknown, StorageDown, WriteRejected
from chat.domain.limits.budgets import Budgets
from chat.domain.refusals import ALREADY_IN
from chat.domain.rooms.direct import FIRST_GUEST
from chat.engine import pending_drafts
from chat.engine.dialect import Dialect
from chat.engine.heartbeat import beat
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.registry import DIALECTS
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from chat.shutdown import CLOSE_ANSWER
from tests.cancellation.swept_world import (
    Witness,
    assert_alive,
    assert_lobby_told,
    assert_nothing_left,
    converse,
    ear_in_lobby,
    fill,
    new_client,
    serve_as_door,
    settle,
    swept_world,
    texts_saved,
)
from tests.support.chat_world import Client, World


async def talker(run: Run) -> None:
    await _in_the_lobby(run, TALKER, "name")


async def messenger(run: Run) -> None:
    await _in_the_lobby(run, MESSENGER, "username")


async def _in_the_lobby(run: Run, dialect: Dialect, name: str) -> None:
    """Log in on the socket, say something, ask what was said, short and long, and leave."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear, other = await ear_in_lobby(world, "ben"), await ear_in_lobby(world, "cem")
        texts = (
            "anonymous",
            f"auth {world.token(ada)}",
            "hi",
            "history 10",
            "bye",
            "history 1000",
            "x" * 9000,
        )
        frames = [{name: "ada", "message": text} for text in texts]
        client = await converse(run, world, TALKER, None, frames, DIALECTS)
        await assert_lobby_told(world, ear)
        await assert_lobby_told(world, other)
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def over_budget(run: Run) -> None:
    texts = ("one", "two", TOO_MANY, "history 10", "history 10", "three")
    lines = [{"name": "ada", "message": text} for text in texts]
    await _over_budget(run, TALKER, lambda _world, _ada: [*["nonsense"] * 5, *lines])


async def over_budget_in_a_room(run: Run) -> None:
    def frames(_world: World, _ada: Person) -> list[object]:
        said = [{"Type": "message", "Text": text} for text in ("one", "two", TOO_MANY)]
        return [{"Type": "enter", "RoomID": LOBBY_ID}, *said]

    await _over_budget(run, ROOMS, frames)


async def over_budget_to_one(run: Run) -> None:
    await _over_budget(
        run, DIRECT, lambda _world, ada: [_direct(ada, ada.id, text) for text in ("one", "two", TOO_MANY)]
    )


async def over_budget_at_the_desk(run: Run) -> None:
    def frames(world: World, ada: Person) -> list[object]:
        said = [_request("send", text) for text in ("one", "two", TOO_MANY)]
        asked = (_request("conversations"), _request("history", "ada"), _request("auth", world.token(ada)))
        return [*["nonsense"] * 5, *said, *asked]

    await _over_budget(run, SUPPORT, frames)


TOO_MANY = "this is too many"


async def _over_budget(run: Run, dialect: Dialect, frames: Callable[[World, Person], list[Any]]) -> None:
    """Send and request more than allowed: refused messages are not saved, and a delayed client can leave."""
    budgets = Budgets(messages=0.5, text=1000, pages=0.25)
    async with swept_world(run, budgets=budgets) as (world, witness):
        ada = await world.add("ada", operator=True)
        ear = await ear_in_lobby(world, "ben")
        with pytest.MonkeyPatch.context() as fewer:
            fewer.setattr("chat.domain.limits.budgets._FRAMES_BURST", 3)
            fewer.setattr("chat.domain.limits.budgets._FRAMES", 30)  # slower than malformed ones are read
            fewer.setattr(budgets._malformed, "_burst", 3)
            fewer.setattr("chat.engine.session._LOOK", 1)
            fewer.setattr("chat.engine.session._TURN_SECONDS", -1.0)  # each frame ends a turn
            client = await converse(run, world, dialect, ada, frames(world, ada))
        assert TOO_MANY not in [draft.text for draft in witness.taken]
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)


async def history_unread(run: Run) -> None:
    await _unread(run, 90, 120, 90, 120)


async def short_history_unread(run: Run) -> None:
    await _unread(run, 10, 10, 10, 10)


async def _unread(run: Run, *counts: int) -> None:
    """Ask for more than the send queue holds, and do not read: the queries wait for room, and are cut in the end."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        await fill(world, [Draft(LOBBY_ID, ada.id, "ada", "x" * 3000, float(n)) for n in range(120)])
        ear = await ear_in_lobby(world, "ben")
        frames = [{"name": "ada", "message": f"history {count}"} for count in counts]
        client = await converse(
            run, world, TALKER, ada, frames, before=lambda client: client.stop_reading(), then=_stays
        )
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)
        limiter = world.history._limiter
        assert not limiter.borrowed_tokens, "history holds a place of its limiter"


def _stays(_client: Client) -> None:
    """Do not leave."""


async def server_goes(run: Run) -> None:
    """The server stops while a line is being saved: it is saved and published, and every client gets a close frame."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")

        async def stop() -> None:
            with world.obstacles.held("save", after=True):
                client.send({"name": "ada", "message": "last words"})
                await world.rest()
                world.presence.close_all(GOING_AWAY)
                await trio.sleep(1)

        client = new_client(run, world, TALKER, ada)
        await converse(run, world, TALKER, ada, [], client=client, meanwhile=stop)
        await ear.ends()
        assert ear.closed_with == GOING_AWAY
        if run.point.flavour == "write unheard":  # it may turn out to be saved when everybody is gone
            assert await ear.receives() in ([], [{"name": "ada", "message": "last words"}])
        else:
            await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)
        assert run.fired or client.closed_with == GOING_AWAY


async def deaf_goodbye(run: Run) -> None:
    """A client that never answers the close frame is gone in bounded time all the same."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear = await ear_in_lobby(world, "ben")
        client = await converse(
            run,
            world,
            SUPPORT,
            ada,
            [{"method": "message.send", "params": ["hi"], "id": 1}],
            before=_never_closes,
            then=lambda client: client.session.close(GOING_AWAY),
        )
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


def _never_closes(client: Client) -> None:
    async def aclose(*_closing: object) -> None:
        await trio.sleep_forever()

    connection: Any = client.connection
    connection.aclose = aclose


async def silent_peer(run: Run) -> None:
    """A client that says nothing and answers no ping: the heartbeat cuts it, and nobody else."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        client = new_client(run, world, TALKER, ada)

        async def serve() -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda: beat(world.presence, interval=2, patience=2))
                await serve_as_door(world, client)
                nursery.cancel_scope.cancel()

        began = trio.current_time()
        await run.target(serve)
        assert trio.current_time() - began < 10
        await settle(world)
        ear = await ear_in_lobby(world, "ben")
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def rooms(run: Run) -> None:
    """Enter a room, speak, leave it, try another, come back."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        garden = await world.make_room(ada)
        assert await members.join(world.services, ben, garden.id) is None
        ear = await world.connect(ROOMS, ada)
        ear.send({"Type": "enter", "RoomID": garden.id})
        await ear.receives()
        moves = [garden.id, "hi", garden.id, 0, 77, garden.id, "bye", " "]
        frames = [
            {"Type": "message", "Text": move} if isinstance(move, str) else {"Type": "enter", "RoomID": move}
            for move in moves
        ]
        client = await converse(run, world, ROOMS, ben, frames)
        received = [frame["Text"] for frame in await ear.receives()]
        assert received == [each.text for each in world.said(garden.id) if each.kind is MessageKind.TEXT]
        assert [m.seq for m in world.said(garden.id)] == list(range(1, len(world.said(garden.id)) + 1))
        await assert_nothing_left(world, witness, client)
        ear.send({"Type": "message", "Text": "still here"})
        assert [frame["Type"] for frame in await ear.receives()] in (["sent", "message"], ["message", "sent"])


def _request(method: str, *params: object) -> dict[str, object]:
    return {"method": f"message.{method}", "params": list(params), "id": method}


async def support_person(run: Run) -> None:
    """Authenticate, ask for help twice, send a malformed frame, authenticate again."""
    async with swept_world(run) as (world, witness):
        ada, olga = await world.add("ada"), await world.add("olga", operator=True)
        desk = await world.connect(SUPPORT, olga)
        desk.received_now()
        auth = _request("auth", world.token(ada))
        frames = [auth, _request("send", "help"), _request("none"), _request("send", "me"), auth]
        client = await converse(run, world, SUPPORT, None, frames)
        await _assert_desk_told(world, desk, ada)
        await assert_nothing_left(world, witness, client)
        again = await world.connect(SUPPORT, ada)
        (whole,) = again.received_now()
        got = [message["message_text"] for message in whole["result"]["messages"] or []]
        assert got == await _conversation(world, ada)


async def support_operator(run: Run) -> None:
    """An operator looks at the conversations, reads one, answers by name and without one."""
    async with swept_world(run) as (world, witness):
        ada, olga = await world.add("ada"), await world.add("olga", operator=True)
        person, desk = await world.connect(SUPPORT, ada), await world.connect(SUPPORT, olga)
        person.send(_request("send", "help"))
        await person.receives()
        await desk.receives()
        frames = [
            _request("auth", world.token(olga)),
            _request("conversations"),
            _request("history", "ada"),
            _request("history", 77),
            _request("operatorSend", "hello", ada.id),
            _request("operatorSend", "how are you?"),
            _request("operatorSend", "who?", "nobody"),
            _request("operatorSend", " ", ada.id),
            _request("operatorSend", "you never asked", olga.id),
        ]
        client = await converse(run, world, SUPPORT, None, frames)
        received = [frame["result"]["message"]["message_text"] for frame in await person.receives()]
        assert ["help", *received] == await _conversation(world, ada)
        await assert_nothing_left(world, witness, client)


async def _conversation(world: World, person: Person) -> list[str]:
    room = await world.storage.rooms.support_room(person.id)
    assert room is not None
    return texts_saved(world, room.id)


async def _assert_desk_told(world: World, desk: Client, person: Person) -> None:
    received = [frame["result"]["message"]["message_text"] for frame in await desk.receives()]
    assert received == await _conversation(world, person)


LIVE = {"5", "6"}
"""What is sent in `direct` while ben may listen; the others are sent while he is away."""


def _direct(sender: Person, to: int, content: str) -> dict[str, object]:
    return {"from": sender.id, "to": to, "content": content}


async def direct(run: Run) -> None:
    """Come back to what was missed while new messages come; answer, talk to a guest, to nobody, to oneself."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        sender = await world.connect(DIRECT, ada)
        for n in range(4):
            sender.send(_direct(ada, ben.id, f"{n}" + " x" * 1000))
        await sender.receives()
        guest = await world.connect(DIRECT)
        guest.received_now()
        sender.send(_direct(ada, ben.id, "5 meanwhile"))
        frames = [
            "ping",
            _direct(ben, ada.id, "thanks"),
            _direct(ben, FIRST_GUEST, "hello guest"),
            _direct(ben, 77, "nobody"),
            _direct(ben, ben.id, "6 note to self"),
            _direct(ada, ben.id, "as another"),
        ]
        client = await converse(run, world, DIRECT, ben, frames)
        await _assert_direct_told(world, client, sender, ada, ben)
        await assert_nothing_left(world, witness, client)


async def direct_trusted(run: Run) -> None:
    """In a lab a guest says that it is ben, and so it is: what ben missed comes first."""
    async with swept_world(run, trust_from=True) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        sender = await world.connect(DIRECT, ada)
        sender.send(_direct(ada, ben.id, "0 missed"))
        await sender.receives()
        client = await converse(run, world, DIRECT, None, [_direct(ben, ada.id, "thanks")])
        await _assert_direct_told(world, client, sender, ada, ben)
        await assert_nothing_left(world, witness, client)


async def _assert_direct_told(world: World, client: Client, sender: Client, ada: Person, ben: Person) -> None:
    """Ben received the messages to him, or gets them when he returns; in order, and the live ones once."""
    saved_to_ben, saved_to_ada = set[str](), list[str]()
    for pair in ((ada.id, ben.id), (ben.id, ben.id)):
        room = await world.storage.rooms.direct_room(*pair)
        assert room is not None
        for message in world.said(room.id):
            if message.sender_id == ben.id and pair[0] != ben.id:
                saved_to_ada.append(message.text)
            else:
                saved_to_ben.add(message.text)
    saved_to_ben = {text.split()[0] for text in saved_to_ben}
    received = _words(client.received_now())
    assert len(received) == len(set(received)), f"told twice: {received}"
    again = await world.connect(DIRECT, ben)
    missed = _words(again.received_now())
    assert missed == sorted(missed), "told in another order"
    # What the hub tells while somebody listens counts as told when their send queue has it.
    untold = saved_to_ben - {*received, *missed} - LIVE
    assert not untold, f"heard {received}, missed {missed}, never told {untold}"
    assert {*received, *missed} <= saved_to_ben
    if not sender.gone.is_set():  # a sender whose write's outcome is unknown was cut
        got = [
            each["content"]
            for each in await sender.receives()
            if isinstance(each, dict) and "content" in each
        ]
        assert got == saved_to_ada


def _words(frames: list[Any]) -> list[str]:
    """The first word of each message; other frames are left out."""
    return [each["content"].split()[0] for each in frames if isinstance(each, dict) and "content" in each]


async def sender_waits(run: Run) -> None:
    """A full journal: senders wait for a place, and one that is cut off while it waits was not taken."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear, other = await ear_in_lobby(world, "ben"), await ear_in_lobby(world, "cem")
        _narrow(world)
        with world.obstacles.held("save"):
            for text in ("first", "second"):  # one is being saved, and one waits in the queue
                other.send({"name": "cem", "message": text})
                await world.rest()

            async def free() -> None:
                """Save the first, and a second later the next."""
                for _ in range(2):
                    await trio.sleep(1)
                    gate = world.obstacles._closed_before["save"]
                    world.obstacles._closed_before["save"] = trio.Event()
                    gate.set()

            frames = [{"name": "ada", "message": "third"}, {"name": "ada", "message": "fourth"}]
            # With a bound of one text, the last waits for the one before it and not for a place.
            with patch.object(pending_drafts, "_AT_ONCE", 50):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(free)
                    client = await converse(run, world, TALKER, ada, frames)
        await settle(world)
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


def _narrow(world: World) -> None:
    """Let a journal hold one draft that waits, in place of thousands."""
    journal: Any = world.journal
    journal._feed._state.max_buffer_size = 1


async def _serve_all(
    run: Run, world: World, clients: list[Client], *others: Callable[[], Awaitable[object]]
) -> None:
    """Serve clients side by side, as one target; they leave after two seconds."""

    async def serve() -> None:
        async with trio.open_nursery() as nursery:
            for client in clients:
                nursery.start_soon(serve_as_door, world, client)
            for other in others:
                nursery.start_soon(other)
            await trio.sleep(2)
            for client in clients:
                client.leave()

    await run.target(serve)
    await settle(world)


async def everybody_waits(run: Run) -> None:
    """A full journal, and senders of every dialect, and one who joins, wait for a place in it."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        olga = await world.add("olga", operator=True)
        garden = await world.make_room(ada)
        ear = await ear_in_lobby(world, "cem")
        _narrow(world)
        room = new_client(run, world, ROOMS, ada)
        mail = new_client(run, world, DIRECT, ben)
        person = new_client(run, world, SUPPORT, ben)
        desk = new_client(run, world, SUPPORT, olga)
        line = new_client(run, world, TALKER, ada)
        room.send({"Type": "enter", "RoomID": garden.id})
        for n in range(2):
            room.send({"Type": "message", "Text": f"{n}"})
            mail.send(_direct(ben, ada.id, f"{n}"))
            person.send(_request("send", f"{n}"))
            desk.send(_request("operatorSend", f"{n}", "ada"))
            line.send({"name": "ada", "message": f"{n}"})

        async def join() -> None:
            await trio.sleep(0.5)  # until the journal is full
            with suppress(StorageDown, OutcomeUnknown):
                await members.join(world.services, ben, garden.id)

        async def free() -> None:
            await trio.sleep(1)
            world.obstacles._closed_before["save"].set()

        with world.obstacles.held("save"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(free)
                await _serve_all(run, world, [room, mail, person, desk, line], join)
        await settle(world)
        with trio.fail_after(5):
            assert await members.join(world.services, ben, garden.id) in (None, ALREADY_IN)
        await settle(world)
        assert world.joined(garden.id) == [ben.id]
        await assert_lobby_told(world, ear)
        for client in (room, mail, person, desk, line):
            await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def everybody_reads_slowly(run: Run) -> None:
    """Long answers to clients that stop reading for a second: they wait for room, in every dialect."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        olga = await world.add("olga", operator=True)
        ear = await ear_in_lobby(world, "cem")
        pair = await world.storage.rooms.direct_room(ada.id, ben.id)
        room = await world.storage.rooms.support_room(ben.id)
        assert pair is not None
        assert room is not None
        drafts = [
            Draft(id_, ada.id, "ada", f"{n}" + "x" * 1000, 1.0)
            for n in range(14)
            for id_ in (pair.id, room.id)
        ]
        await fill(world, drafts)
        mail = new_client(run, world, DIRECT, ben, limit=40)  # what was missed waits behind the greeting
        person = new_client(run, world, SUPPORT, ben, limit=20_000)
        desk = new_client(run, world, SUPPORT, olga, limit=20_000)
        person.send(_request("auth", world.token(ben)))
        desks = [desk, new_client(run, world, SUPPORT, olga, limit=20_000)]
        for each, then in zip(desks, (_request("history", ben.id), _request("conversations")), strict=True):
            each.send(_request("history", ben.id))
            each.send(then)
        clients: list[Client] = [mail, person, *desks]
        for client in clients:
            client.stop_reading()

        async def read_on() -> None:
            await trio.sleep(1)
            for client in clients:
                client.go_on_reading()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_on)
            await _serve_all(run, world, clients)
        for client in clients:
            await assert_nothing_left(world, witness, client)
        await assert_alive(world, ear)


async def direct_returns(run: Run) -> None:
    """A client that returns at once waits until the earlier connection's deliveries are recorded."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        sender = await world.connect(DIRECT, ada)
        sender.send(_direct(ada, ben.id, "0"))
        await sender.receives()

        async def note_late() -> None:
            with world.obstacles.held("mark_delivered"):
                first = await world.connect(DIRECT, ben)
                assert _words(first.received_now()) == ["0"]
                _never_closes(first)  # so it may confirm more until that is given up
                first.session.close(GOING_AWAY)
                noting.set()
                await trio.sleep(2 * CLOSE_ANSWER)

        noting = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(note_late)
            await noting.wait()
            client = await converse(run, world, DIRECT, ben, [])
        assert _words(client.received_now()) == [], "told twice"
        await assert_nothing_left(world, witness, client)


async def direct_returns_slowly(run: Run) -> None:
    """A slow reader of a long inbox: the next piece waits, and is sent later if the client leaves first."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        pair = await world.storage.rooms.direct_room(ada.id, ben.id)
        assert pair is not None
        texts = [f"{n}" for n in range(230)]
        people = Pair(ada.id, ben.id)
        await fill(world, [Draft(pair.id, ada.id, "ada", text, 1.0, people=people) for text in texts])
        client = new_client(run, world, DIRECT, ben, limit=8000)
        client.stop_reading()

        async def read_on() -> None:
            await trio.sleep(1)
            client.go_on_reading()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_on)
            await _serve_all(run, world, [client])
        received = _words(client.received_now())
        await assert_nothing_left(world, witness, client)
        missed = _words((await world.connect(DIRECT, ben)).received_now())
        assert sorted({*received, *missed}, key=int) == texts, f"heard {received}, missed {missed}"
        assert received == texts[: len(received)], "told in another order"
        assert missed == texts[len(texts) - len(missed) :], "told in another order"


async def unknown_outcomes(run: Run) -> None:
    """Batches of unknown outcome, and with a message that can't be stored; and the end of everything meanwhile."""
    seen: list[tuple[World, Witness]] = []

    async def chat() -> None:
        async with swept_world(run) as (world, witness):
            seen.append((world, witness))
            _ear, *others = [await ear_in_lobby(world, name) for name in ("ada", "ben", "cem", "dan")]
            with world.obstacles.held("save"):
                for name, client in zip(("ben", "cem", "dan"), others, strict=True):
                    client.send({"name": name, "message": f"of {name}"})
                    await world.rest()
                world.obstacles.fail("save", OutcomeUnknown("swept"), after=True)
                world.obstacles.fail("read_log", StorageDown("swept"))
            await settle(world)
            again = [await ear_in_lobby(world, name) for name in ("eve", "fay", "gus")]
            with world.obstacles.held("save"):
                for name, client in zip(("eve", "fay", "gus"), again, strict=True):
                    client.send({"name": name, "message": f"of {name}"})
                    await world.rest()
                world.obstacles.fail("save", WriteRejected("swept"), WriteRejected("swept"))
            await settle(world)

    await run.target(chat)
    if seen:
        world, witness = seen[0]
        saved = set(texts_saved(world))
        assert {message.text for message in witness.acknowledged} <= saved
        frames = world.clients[0].received_now() if world.clients else []
        got = [frame["message"] for frame in frames if frame["name"] != "server"]
        assert set(got) <= saved
        assert len(got) == len(set(got)), "told twice"


ALL = (
    talker,
    messenger,
    over_budget,
    over_budget_in_a_room,
    over_budget_to_one,
    over_budget_at_the_desk,
    history_unread,
    short_history_unread,
    server_goes,
    deaf_goodbye,
    silent_peer,
    rooms,
    support_person,
    support_operator,
    direct,
    direct_trusted,
    sender_waits,
    everybody_waits,
    everybody_reads_slowly,
    direct_returns,
    direct_returns_slowly,
    unknown_outcomes,
)
