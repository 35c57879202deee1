"""Rooms: one at a time for a connection, and memberships that open sockets feel at once."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from chat.application import members
from chat.application import rooms as use_cases
from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.outcomes import Outcome
from chat.domain.refusals import (
    ALREADY_IN,
    NO_MEMBER,
    NO_PERSON,
    NO_ROOM,
    NOT_MEMBER,
    OUTCOME_UNKNOWN,
    PRIVATE,
    ROOM_GONE,
    Refusal,
)
from chat.domain.rooms.room_rights import NOT_LEADING, NOT_OWNER
from chat.engine.people import PeopleReconciler
from chat.engine.reconciler import watch_changes
from chat.engine.settings_follower import SettingsFollower
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world
from tests.support.endings import delete_room

ENTERED = {"Type": "enter"}


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


def enter(room_id: int) -> dict[str, object]:
    return {"Type": "enter", "RoomID": room_id}


def message(text: str) -> dict[str, object]:
    return {"Type": "message", "Text": text}


def error(text: str) -> dict[str, object]:
    return {"Type": "error", "Error": text}


async def here(world: World, person: Person, room_id: int = 0) -> Client:
    """A socket of a person, in a room unless it is 0."""
    client = await world.connect(ROOMS, person)
    assert client.received_now() == [ENTERED]
    if room_id:
        assert await client.asks(enter(room_id)) == ENTERED
    return client


def texts(frames: list[Any]) -> list[str]:
    """What was said; other frames are left out."""
    return [frame["Text"] for frame in frames if frame["Type"] == "message"]


async def join(world: World, room_id: int, *people: Person) -> None:
    with trio.fail_after(20):
        for person in people:
            assert await members.join(world.services, person, room_id) is None
        await world.rest()  # until the room was told


# --- entering and speaking ---


async def test_a_message_reaches_exactly_the_clients_in_the_room(
    world: World,
) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    garden, cellar = await world.make_room(ada), await world.make_room(cem, "cellar")
    await join(world, garden.id, ben)
    one, two = await here(world, ada, garden.id), await here(world, ben, garden.id)
    outside, elsewhere = await here(world, ada), await here(world, cem, cellar.id)
    one.send(message("hello"))
    received = await one.receives()
    (said,) = await two.receives()
    assert (said["Type"], said["Text"], said["UID"], said["RoomID"]) == (
        "message",
        "hello",
        ada.id,
        garden.id,
    )
    sent = {"Type": "sent", "MessageID": said["ID"], "Timestamp": said["Timestamp"]}
    assert sorted(received, key=str) == sorted([said, sent], key=str)
    assert await outside.receives() == await elsewhere.receives() == []


async def test_a_connection_is_in_one_room_at_a_time(world: World) -> None:
    (ada,) = await world.add_all("ada")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    client, speaker = await here(world, ada, garden.id), await here(world, ada, garden.id)
    assert await client.asks(enter(garden.id)) == error("already in room")
    assert await client.asks(enter(cellar.id)) == ENTERED
    speaker.send(message("in the garden"))
    assert await client.receives() == []
    client.send(message("in the cellar"))
    assert texts(await client.receives()) == ["in the cellar"]
    assert texts(await speaker.receives()) == ["in the garden"]
    assert [each.text for each in world.said(cellar.id)] == ["in the cellar"]
    assert await client.asks(enter(0)) == ENTERED
    assert await client.asks(enter(0)) == error("not in room")
    assert await client.asks(message("nowhere")) == error("not in room")


async def test_a_refused_entering_keeps_the_current_room(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden, private = await world.make_room(ada), await world.make_room(ben, "private", is_private=True)
    direct = await world.storage.rooms.direct_room(ada.id, ben.id)
    support = await world.storage.rooms.support_room(ada.id)
    assert direct is not None
    assert support is not None
    client = await here(world, ada, garden.id)
    assert await client.asks(enter(private.id)) == error("not room member")
    for nowhere in (99, 2**63 - 1, direct.id, support.id):
        assert await client.asks(enter(nowhere)) == error("invalid room id")
    client.send(message("still here"))
    assert texts(await client.receives()) == ["still here"]


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\0b"])
async def test_a_text_that_can_not_be_a_message_is_refused(world: World, text: str) -> None:
    (ada,) = await world.add_all("ada")
    client = await here(world, ada, LOBBY_ID)
    assert (await client.asks(message(text)))["Type"] == "error"
    assert world.said(LOBBY_ID) == []


async def test_the_lobby_is_a_room_that_everybody_may_enter(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client, talker = await here(world, ada, LOBBY_ID), await world.connect(TALKER, ben)
    talker.received_now()
    client.send(message("from the rooms"))
    assert await talker.receives() == [{"name": "ada", "message": "from the rooms"}]
    talker.send({"name": "ben", "message": "from the talkers"})
    await talker.receives()
    assert texts(await client.receives()) == ["from the rooms", "from the talkers"]
    assert await members.join(world.services, ada, LOBBY_ID) == ALREADY_IN
    assert await members.remove(world.services, ada, LOBBY_ID, ada.id) == NO_ROOM
    assert isinstance(await use_cases.delete_room(world.services, ada, LOBBY_ID), Refusal)


async def test_a_room_that_can_not_be_looked_up_is_an_internal_error_and_one_stays_outside(
    world: World,
) -> None:
    (ada,) = await world.add_all("ada")
    garden = await world.make_room(ada)
    client = await here(world, ada)
    for call in ("by_id", "is_member"):
        world.obstacles.fail(call, StorageDown("down"))
        assert await client.asks(enter(garden.id)) == error("internal error")
        assert await client.asks(message("hi")) == error("not in room")
    assert await client.asks(enter(garden.id)) == ENTERED


async def test_a_client_without_a_token_that_chooses_rooms_neither_enters_nor_speaks(world: World) -> None:
    client = await world.connect_at_root(TALKER)
    client.received_now()
    client.send(enter(LOBBY_ID))
    # The greeting, and a refusal.
    assert [frame["Type"] for frame in await client.receives()] == [
        "enter",
        "error",
    ]
    assert (await client.asks(message("hello")))["Type"] == "error"
    assert world.said(LOBBY_ID) == []


# --- joining and inviting ---


async def test_a_join_is_published_and_makes_a_member(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    creator, client = await here(world, ada, garden.id), await here(world, ben)
    assert await client.asks(enter(garden.id)) == error("not room member")
    await join(world, garden.id, ben)
    (got,) = await creator.receives()
    assert (got["Type"], got["UID"], got["Text"]) == ("join", ben.id, "")
    assert await client.asks(enter(garden.id)) == ENTERED
    assert await members.join(world.services, ben, garden.id) == ALREADY_IN
    assert await members.join(world.services, ada, garden.id) == ALREADY_IN
    assert await creator.receives() == []


async def test_a_private_room_is_entered_by_invitation_alone(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    secret = await world.make_room(ada, "secret", is_private=True)
    creator, client = await here(world, ada, secret.id), await here(world, ben)
    assert await members.join(world.services, ben, secret.id) == PRIVATE
    assert await members.add(world.services, ben, secret.id, cem.id) == NO_ROOM
    assert await members.add(world.services, ada, secret.id, 99) == NO_PERSON
    assert await members.add(world.services, ada, secret.id, ada.id) == ALREADY_IN
    assert await members.add(world.services, ada, 99, ben.id) == NO_ROOM
    assert await members.add(world.services, ada, secret.id, ben.id) is None
    (got,) = await creator.receives()
    assert (got["Type"], got["UID"]) == ("join", ben.id)
    assert await members.add(world.services, ada, secret.id, ben.id) == ALREADY_IN
    assert await client.asks(enter(secret.id)) == ENTERED
    assert world.joined(secret.id) == [ben.id]


async def at_once(*calls: Callable[[], Awaitable[object]]) -> list[object]:
    """What each returned."""
    results: list[object] = []

    async def run(call: Callable[[], Awaitable[object]]) -> None:
        results.append(await call())

    async with trio.open_nursery() as nursery:
        for call in calls:
            nursery.start_soon(run, call)
    return results


@pytest.mark.parametrize("ways", [("join", "join"), ("join", "invite"), ("invite", "invite"), ("join",) * 5])
@pytest.mark.parametrize("slow", ["nothing", "is_member", "by_id", "save"])
async def test_concurrent_joins_of_one_person_are_published_once(
    world: World, ways: tuple[str, ...], slow: str
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    creator = await here(world, ada, garden.id)
    call = {
        "join": lambda: members.join(world.services, ben, garden.id),
        "invite": lambda: members.add(world.services, ada, garden.id, ben.id),
    }
    results: list[object] = []

    async def run() -> None:
        results.extend(await at_once(*(call[way] for way in ways)))

    async with trio.open_nursery() as nursery:
        with world.obstacles.held(slow, after=True):
            nursery.start_soon(run)
            await world.rest()
    assert sorted(results, key=str) == sorted([None] + [ALREADY_IN] * (len(ways) - 1), key=str)
    assert world.joined(garden.id) == [ben.id]
    assert [frame["Type"] for frame in await creator.receives()] == ["join"]


async def test_joining_again_after_hanging_up_joins_once(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    results: list[object] = []

    async def join_again() -> None:
        results.append(await members.join(world.services, ben, garden.id))

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            async with trio.open_nursery() as hung_up:
                hung_up.start_soon(members.join, world.services, ben, garden.id)
                await world.rest()
                hung_up.cancel_scope.cancel()
            nursery.start_soon(join_again)  # the first is still at the journal
            await world.rest()
            assert results == []
    assert results == [ALREADY_IN]
    assert world.joined(garden.id) == [ben.id]


async def test_an_unsaved_join_makes_no_member_and_may_be_retried(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    world.obstacles.fail("save", StorageDown("down"))
    assert isinstance(await members.join(world.services, ben, garden.id), Refusal)
    assert await world.members(garden.id) == {ada.id}
    await join(world, garden.id, ben)
    assert world.joined(garden.id) == [ben.id]


async def test_a_committed_join_of_unknown_outcome_is_published_and_applied(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    creator, client = await here(world, ada, garden.id), await here(world, ben)
    world.obstacles.fail("save", OutcomeUnknown("silence"), after=True)
    assert isinstance(await members.join(world.services, ben, garden.id), Refusal)
    await trio.sleep(2)
    assert [frame["Type"] for frame in await creator.receives()] == ["join"]
    assert await client.asks(enter(garden.id)) == ENTERED
    assert await members.join(world.services, ben, garden.id) == ALREADY_IN


async def test_joining_a_room_that_is_deleted_meanwhile_finds_no_room(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    results: list[Refusal | None] = []

    async def join_late() -> None:
        results.append(await members.join(world.services, ben, garden.id))

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            nursery.start_soon(use_cases.delete_room, world.services, ada, garden.id)
            await world.rest()
            nursery.start_soon(join_late)  # the room is still there
            await world.rest()
    assert results == [ROOM_GONE]
    assert await world.members(garden.id) == set()


async def test_joins_of_different_people_or_rooms_are_concurrent(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    world.obstacles.calls.clear()
    async with trio.open_nursery() as nursery:
        with world.obstacles.held("access"):
            for person, room in ((ben, garden), (cem, garden), (ben, cellar)):
                nursery.start_soon(members.join, world.services, person, room.id)
            await world.rest()
            assert world.obstacles.calls.count("access") == 3
    assert sorted(world.joined(garden.id)) == [ben.id, cem.id]
    assert world.joined(cellar.id) == [ben.id]


class Nobody:
    """An author who does not want to know."""

    def on_outcome(self, draft: Draft, outcome: Outcome) -> None:
        """Hear it all the same."""


async def test_a_join_cancelled_before_the_journal_may_be_retried(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)

    async def say_much() -> None:
        while True:
            await world.journal.submit(Draft(garden.id, ada.id, "ada", "hello", 0.0), Nobody())

    with trio.fail_after(20):
        with world.obstacles.held("save"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(say_much)
                await world.rest()  # until no more drafts may wait
                nursery.start_soon(members.join, world.services, ben, garden.id)
                await world.rest()
                nursery.cancel_scope.cancel()
        assert await members.join(world.services, ben, garden.id) is None
    assert world.joined(garden.id) == [ben.id]


# --- removal ---


async def test_a_removed_member_receives_nothing_on_any_connection(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben, cem)
    speaker, other = await here(world, ada, garden.id), await here(world, cem, garden.id)
    phone, desk = await here(world, ben, garden.id), await here(world, ben, garden.id)
    assert await members.remove(world.services, ada, garden.id, ben.id) is None
    speaker.send(message("he is gone"))
    assert texts(await other.receives()) == ["he is gone"]
    assert await phone.receives() == await desk.receives() == []
    assert await phone.asks(message("am I?")) == error("not in room")
    assert await phone.asks(enter(garden.id)) == error("not room member")
    assert await members.remove(world.services, ada, garden.id, ben.id) == NO_MEMBER
    await join(world, garden.id, ben)
    assert await phone.asks(enter(garden.id)) == ENTERED


async def test_a_membership_that_was_looked_up_before_the_removal_opens_no_door_after_it(
    world: World,
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben)
    speaker, client = await here(world, ada, garden.id), await here(world, ben)
    with world.obstacles.held("is_member", after=True):
        client.send(enter(garden.id))
        await world.rest()  # the answer, "a member", is on its way
        assert await members.remove(world.services, ada, garden.id, ben.id) is None
    assert await client.receives() == [error("not room member")]
    speaker.send(message("alone"))
    await speaker.receives()
    assert await client.receives() == []


@pytest.mark.parametrize("nth", range(12))
async def test_a_removal_that_ends_at_any_moment_of_entering_leaves_nobody_in(world: World, nth: int) -> None:
    ada, *people = await world.add_all("ada", *(f"person {n}" for n in range(10)))
    garden = await world.make_room(ada)
    await join(world, garden.id, *people)
    clients = [await here(world, person) for person in people]
    async with trio.open_nursery() as nursery:
        for client in clients:
            client.send(enter(garden.id))
        for _ in range(nth):
            await trio.lowlevel.checkpoint()
        for person in people:
            nursery.start_soon(members.remove, world.services, ada, garden.id, person.id)
    await world.rest()
    assert not world.hub.has_subscribers(garden.id)


async def test_entering_during_a_removal_is_undone_when_it_returns(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben)
    speaker, client = await here(world, ada, garden.id), await here(world, ben)
    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            nursery.start_soon(members.remove, world.services, ada, garden.id, ben.id)
            await world.rest()
            assert await client.asks(enter(garden.id)) == ENTERED
            speaker.send(message("out"))
            await world.rest()
    assert texts(await speaker.receives()) == ["out"]
    assert await client.receives() == []


async def test_a_removed_member_gets_earlier_messages_and_no_later_ones(
    world: World,
) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben, cem)
    speaker, client, other = [await here(world, person, garden.id) for person in (ada, ben, cem)]
    world.obstacles.calls.clear()
    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            speaker.send(message("a batch of its own"))
            await world.rest()
            speaker.send(message("before"))
            await world.rest()
            nursery.start_soon(members.remove, world.services, ada, garden.id, ben.id)
            await world.rest()
            speaker.send(message("after"))
            await world.rest()
    assert world.obstacles.calls.count("save") == 2, "all three are one batch"
    assert texts(await client.receives()) == ["a batch of its own", "before"]
    assert texts(await other.receives()) == ["a batch of its own", "before", "after"]


async def test_a_removal_of_unknown_outcome_takes_people_out_all_the_same(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben)
    speaker, client = await here(world, ada, garden.id), await here(world, ben, garden.id)
    world.obstacles.fail("save", OutcomeUnknown("silence"))
    assert await members.remove(world.services, ada, garden.id, ben.id) == OUTCOME_UNKNOWN
    speaker.send(message("is he here?"))
    await speaker.receives()
    assert await client.receives() == []
    assert await client.asks(enter(garden.id)) == ENTERED  # it had not happened


async def test_removals_of_non_members_do_not_repeat_the_read_on_entering(world: World) -> None:
    ada, *strangers = await world.add_all("ada", *(f"stranger {n}" for n in range(8)))
    garden = await world.make_room(ada)
    client = await here(world, ada)

    async def remove_nothing(stranger: Person) -> None:
        for _ in range(100):
            assert await members.remove(world.services, stranger, garden.id, stranger.id) == NOT_MEMBER

    world.obstacles.calls.clear()
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            for stranger in strangers:
                nursery.start_soon(remove_nothing, stranger)
            client.send(enter(garden.id))
        assert await client.receives() == [ENTERED]
    assert world.obstacles.calls.count("is_member") == 1


async def test_one_may_leave_and_only_the_creator_may_remove_others(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben, cem)
    assert await members.remove(world.services, ben, garden.id, cem.id) == NOT_LEADING
    still = await here(world, ada, garden.id)
    assert await members.remove(world.services, ben, garden.id, ada.id) == NOT_LEADING
    still.send(message("I am still in"))
    assert texts(await still.receives()) == ["I am still in"]
    assert await members.remove(world.services, ben, garden.id, ben.id) is None
    assert await world.members(garden.id) == {ada.id, cem.id}
    assert await members.remove(world.services, ada, 99, ben.id) == NO_ROOM


async def test_a_room_deleted_under_its_listeners_leaves_them_outside(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    await join(world, garden.id, ben)
    one, two = await here(world, ada, garden.id), await here(world, ben, garden.id)
    assert await use_cases.delete_room(world.services, ben, garden.id) == NOT_OWNER
    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            one.send(message("in time"))
            await world.rest()
            nursery.start_soon(use_cases.delete_room, world.services, ada, garden.id)
            await world.rest()
            two.send(message("too late"))
            await world.rest()
    got = await two.receives()  # a refusal does not wait for what is being told meanwhile
    assert texts(got) == ["in time"]
    assert [frame for frame in got if frame["Type"] != "message"] == [error("invalid room id")]
    assert texts(await one.receives()) == ["in time"]
    for client in (one, two):
        assert await client.asks(message("hello?")) == error("not in room")
        assert await client.asks(enter(garden.id)) == error("invalid room id")
        assert await client.asks(enter(LOBBY_ID)) == ENTERED
    assert await use_cases.delete_room(world.services, ada, garden.id) == NO_ROOM


async def test_a_deletion_of_unknown_outcome_takes_everybody_out_all_the_same(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    await join(world, garden.id, ben)
    one, two = await here(world, ada, garden.id), await here(world, ben, garden.id)
    elsewhere = await here(world, ada, cellar.id)
    world.obstacles.fail("save", OutcomeUnknown("silence"))
    assert await use_cases.delete_room(world.services, ada, garden.id) == OUTCOME_UNKNOWN
    for client in (one, two):
        assert await client.asks(message("am I in?")) == error("not in room")
        assert await client.asks(enter(garden.id)) == ENTERED  # it had not happened
    elsewhere.send(message("still here"))
    assert texts(await elsewhere.receives()) == ["still here"]


@asynccontextmanager
async def following(world: World) -> AsyncGenerator[None]:
    """Others' changes are followed, as in a server."""
    storage: Any = world.storage
    async with trio.open_nursery() as nursery:
        people = PeopleReconciler(world.accounts, world.presence)
        settings = SettingsFollower(world.services.settings)
        nursery.start_soon(watch_changes, storage, people, world.memberships, settings)
        await world.rest()
        yield
        nursery.cancel_scope.cancel()


async def test_a_room_that_another_process_deletes_has_nobody_in_it(world: World) -> None:
    ada = await world.add("ada")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    inside, elsewhere = await here(world, ada, garden.id), await here(world, ada, cellar.id)
    async with following(world):
        await delete_room(world.storage, garden.id)
        await world.rest()
        assert inside.session.client.room_id == 0
        assert await inside.asks(message("hello?")) == error("not in room")
        assert elsewhere.session.client.room_id == cellar.id


async def test_a_room_that_was_deleted_during_an_outage_has_nobody_in_it_afterwards(world: World) -> None:
    ada = await world.add("ada")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    inside, elsewhere = await here(world, ada, garden.id), await here(world, ada, cellar.id)
    await delete_room(world.storage, garden.id)
    world.obstacles.fail("by_id", StorageDown("an outage"))
    async with following(world):
        await trio.sleep(1)
        assert inside.session.client.room_id == 0
        assert elsewhere.session.client.room_id == cellar.id


async def test_entering_during_a_deletion_leaves_the_client_outside(world: World) -> None:
    ada = await world.add("ada")
    garden = await world.make_room(ada)
    client = await world.connect(ROOMS, ada)
    client.received_now()
    async with following(world):
        with world.obstacles.held("is_member"):
            client.send(enter(garden.id))
            await world.rest()
            await delete_room(world.storage, garden.id)
            await world.rest()
        assert await client.receives() == [error("invalid room id")]
        assert client.session.client.room_id == 0


# --- a new name ---


async def test_a_new_name_applies_to_all_open_sockets_of_the_person(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    op = await world.add("op", operator=True)
    ear = await world.connect(MESSENGER)
    own = {dialect: await world.connect(dialect, ada) for dialect in (TALKER, MESSENGER, ROOMS)}
    operator, client = await world.connect(SUPPORT, op), await world.connect(SUPPORT, ben)
    direct = await world.connect(DIRECT, ada)
    own[ROOMS].send(enter(LOBBY_ID))
    await own[ROOMS].receives()
    for person, name in ((ada, "Zoë"), (op, "boss")):
        await rename(world, person, name)
    own[TALKER].send({"name": "zoë", "message": "1"})
    await world.rest()
    own[MESSENGER].send({"username": "Zoë", "message": "2"})
    await world.rest()
    own[ROOMS].send(message("3"))
    received = await ear.receives()
    assert [(frame["username"], frame["message"]) for frame in received] == [
        ("Zoë", "1"),
        ("Zoë", "2"),
        ("Zoë", "3"),
    ]
    own[TALKER].received_now()
    refused = await own[TALKER].asks({"name": "ada", "message": "as before"})
    assert refused == {"name": "server", "message": "that is not your name"}
    client.send({"method": "message.send", "params": ["help"], "id": 1})
    await client.receives()
    operator.received_now()
    operator.send({"method": "message.operatorSend", "params": ["sure"], "id": 1})
    (push,) = await client.receives()
    assert push["result"]["message"]["invader_name"] == "boss"
    direct.received_now()
    assert await direct.asks({"from": ada.id, "to": ada.id, "content": "id"}) == {
        "from": ada.id,
        "to": ada.id,
        "content": "id",
    }


async def rename(world: World, person: Person, name: str) -> None:
    """As the HTTP side does it."""
    renamed = await world.accounts.rename(person, name)
    assert isinstance(renamed, Person)
    world.presence.renamed(renamed)


async def test_a_name_that_changes_during_an_authentication_is_the_new_one(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(TALKER)
    with world.obstacles.held("by_ids", after=True):
        client.send({"name": "", "message": f"auth {world.token(ada)}"})
        await world.rest()  # the answer, "ada", is on its way
        await rename(world, ada, "Zoë")
    assert await client.receives() == [{"name": "server", "message": "authorised as Zoë"}]


async def test_a_name_that_changed_during_the_handshake_is_the_new_one(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    handshake, other = world.presence.handshake(), world.presence.handshake()
    handshake.is_of(ada)
    other.is_of(ben)
    await rename(world, ada, "Zoë")
    handshake.end()
    other.end()
    assert [each.person and each.person.name for each in (handshake, other)] == ["Zoë", "ben"]
    await rename(world, ben, "Ben")
    assert other.person == ben, "the handshake is over"
    assert not world.presence._handshakes


async def test_a_rename_of_unknown_outcome_is_believed_by_the_next_handshake(world: World) -> None:
    (ada,) = await world.add_all("ada")
    await rename(world, ada, "Zoë")
    world.obstacles.fail("rename", OutcomeUnknown("lost"), after=True)
    with pytest.raises(OutcomeUnknown):
        await rename(world, ada, "Ada Lovelace")  # it is done, and nobody was told
    person = await world.accounts.authenticate(world.token(ada))
    assert isinstance(person, Person)
    client = await world.connect(TALKER, person)
    assert client.received_now() == [{"name": "server", "message": "authorised as Ada Lovelace"}]


async def test_many_joins_invitations_and_removals_at_random_agree_in_the_end(world: World) -> None:
    ada, *others = await world.add_all("ada", *(f"person {n}" for n in range(6)))
    garden = await world.make_room(ada)
    ear = await here(world, ada, garden.id)
    removed: list[int] = []

    async def come_and_go(person: Person, turns: int) -> None:
        for n in range(turns):
            way = (person.id + n) % 3
            if way == 0:
                await members.join(world.services, person, garden.id)
            elif way == 1:
                await members.add(world.services, ada, garden.id, person.id)
            elif await members.remove(world.services, person, garden.id, person.id) is None:
                removed.append(person.id)

    async with trio.open_nursery() as nursery:
        for person in others:
            for _ in range(2):
                nursery.start_soon(come_and_go, person, 9)
    joined = world.joined(garden.id)
    there = await world.members(garden.id)
    for person in others:
        assert joined.count(person.id) - removed.count(person.id) == (person.id in there)
    assert [frame["UID"] for frame in await ear.receives()] == joined
