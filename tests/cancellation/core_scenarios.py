"""Sweeps of parts below the sessions: memberships, the whole chat at once, send queues, accounts."""

import itertools
import math
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
import trio
import trio.testing
from msgspec import structs
from trio_cancel_sweep import Run

from chat.application import members
from chat.application import rooms as use_cases
from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.sessions import Device, Opened, Sessions
from chat.domain.accounts.set_up import FirstAdmin
from chat.domain.accounts.tokens import Tokens
from chat.domain.administration.administration import Administration, Wanted
from chat.domain.entities import LOBBY_ID, Draft, Message, Person, Room
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.throttle import Throttle
from chat.domain.messages.changes import Write
from chat.domain.messages.live import Blocking, Status
from chat.domain.messages.outcomes import Outcome
from chat.domain.messages.sync_types import ChangeRange, Position
from chat.domain.ports import NewPerson, NewSession, ProfileChange
from chat.domain.refusals import ALREADY_IN, Code, Refusal
from chat.domain.rooms.moderation import Moderation
from chat.engine.batch_loader import open_batch_loader
from chat.engine.broadcaster import open_broadcaster
from chat.engine.catch_up import open_catch_up
from chat.engine.cleaner import open_cleaner
from chat.engine.events import Said
from chat.engine.file_cleaner import open_file_cleaner
from chat.engine.hub import Announcement, Hub
from chat.engine.journal import open_journal
from chat.engine.log_follower import open_log_follower
from chat.engine.member_counts import MemberCounts
from chat.engine.people import PeopleReconciler
from chat.engine.read_marks import open_read_marks
from chat.engine.reconciler import watch_changes
from chat.engine.send_queue import SendQueue
from chat.engine.settings_follower import SettingsFollower
from chat.engine.statuses import GRACE, Statuses
from chat.features.blocks import FEATURE as BLOCKS
from chat.features.search.indexer import open_indexer
from chat.features.search.runner import SearchRunner
from chat.protocols.direct.codec import DIRECT
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.talker.codec import TALKER
from chat.storage.file_store import GRACE as GRACE_OF_BYTES
from chat.storage.file_store import DiskFileStore, open_file_store
from tests.cancellation.swept_world import Witness, ear_in_lobby, settle, swept_world, texts_saved
from tests.features.search.test_indexer import Log
from tests.features.search.test_runner import Index as Found
from tests.features.search.test_runner import asked
from tests.reference.storage import MemoryStorage
from tests.support.account_changes import set_disabled, set_roles
from tests.support.chat_world import SECRET, Client, Obstructed, ObstructedStorage, World
from tests.support.endings import delete_room

Change = Callable[[], Awaitable[Refusal | None]]


async def _refused(change: Change) -> None:
    """Make a change as an HTTP handler does: a failing storage is answered to the client."""
    with suppress(StorageDown, OutcomeUnknown):
        await change()


async def joining(run: Run) -> None:
    await _joins(run, lambda world, ada, ben, garden: members.join(world.services, ben, garden.id))


async def inviting(run: Run) -> None:
    await _joins(run, lambda world, ada, ben, garden: members.add(world.services, ada, garden.id, ben.id))


async def _joins(run: Run, way: Callable[[World, Person, Person, Room], Awaitable[Refusal | None]]) -> None:
    """Join twice concurrently: it is saved and published once or not at all, and can be repeated."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add_all("ada", "ben")
        garden = await world.make_room(ada)
        creator = await _in_room(world, ada, garden)

        async def twice() -> None:
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(_refused, lambda: way(world, ada, ben, garden))

        await run.target(twice)
        with trio.fail_after(5):
            # At once: what was cancelled may still be at the journal.
            again = await way(world, ada, ben, garden)
        await settle(world)
        assert again in (None, ALREADY_IN) or run.point.flavour.startswith("write"), again
        assert world.joined(garden.id) == [ben.id], f"{len(world.joined(garden.id))} joinings were told"
        assert await world.members(garden.id) == {ada.id, ben.id}
        if not creator.gone.is_set():
            assert [frame["UID"] for frame in await creator.receives()] == [ben.id]
        witness.assert_all_settled()


async def removal(run: Run) -> None:
    await _ends(run, lambda world, ada, ben, garden: members.remove(world.services, ada, garden.id, ben.id))


async def deletion(run: Run) -> None:
    await _ends(run, lambda world, ada, ben, garden: use_cases.delete_room(world.services, ada, garden.id))


async def _ends(run: Run, way: Callable[[World, Person, Person, Room], Awaitable[Refusal | None]]) -> None:
    """Lose a membership: a removed member receives nothing of the room, and no wait is left."""
    async with swept_world(run) as (world, _witness):
        ada, ben = await world.add_all("ada", "ben")
        garden = await world.make_room(ada)
        assert await members.join(world.services, ben, garden.id) is None
        speaker, client = await _in_room(world, ada, garden), await _in_room(world, ben, garden)
        await run.target(_refused, lambda: way(world, ada, ben, garden))
        await world.rest()
        speaker.send({"Type": "message", "Text": "who is here?"})
        await speaker.receives()
        received = [frame["Text"] for frame in await client.receives()]
        if ben.id in await world.members(garden.id):
            assert received == ["who is here?"] or run.point.flavour == "write lost"  # outside, to be sure
        else:
            assert received == [], "who is no member heard the room"


async def _in_room(world: World, person: Person, room: Room) -> Client:
    client = await world.connect(ROOMS, person)
    client.send({"Type": "enter", "RoomID": room.id})
    await client.receives()
    return client


async def whole_chat(run: Run) -> None:
    """Everything is cancelled at once, as by a server that must end now: acknowledged writes are saved."""
    seen: list[tuple[World, Witness]] = []
    async with trio.open_nursery() as nursery:

        async def chat() -> None:
            async with swept_world(run) as (world, witness):
                seen.append((world, witness))
                ada, ben = await world.add_all("ada", "ben")
                garden = await world.make_room(ada)
                clients = [await world.connect(TALKER, person) for person in (ada, ben)]
                mail = await world.connect(DIRECT, ben)
                native = await world.connect(NATIVE)
                native.send({"type": "hello", "id": 1, "token": world.token(ada)})
                native.send({"type": "send", "id": 2, "room": LOBBY_ID, "key": "k", "text": "native"})
                room = await _in_room(world, ada, garden)
                room.send({"Type": "message", "Text": "in the garden"})
                clients[0].send({"name": "ada", "message": "one"})
                clients[1].send({"name": "ben", "message": "two"})
                clients[1].send({"name": "ben", "message": "history 10"})
                mail.send({"from": ben.id, "to": ada.id, "content": "5"})
                await world.rest()
                await world.connect(DIRECT, ada)
                assert await members.join(world.services, ben, garden.id) is None
                await world.rest()

        await run.target(chat)
        nursery.cancel_scope.cancel()
    if not seen:
        return
    world, witness = seen[0]
    saved = [message for messages in world.storage.messages._by_room.values() for message in messages]
    saved_ids = sorted(message.id for message in saved)
    assert sorted(message.id for message in witness.acknowledged) == saved_ids, (
        "saved is not what was acknowledged"
    )
    texts = {message.text for message in saved}
    for client in world.clients:
        for frame in client.received_now():
            if isinstance(frame, dict):
                said = frame.get("message") if frame.get("name") != "server" else None
                said = said or frame.get("Text") or frame.get("content")
                assert said is None or said in texts, f"{said!r} was told and is not saved"


async def send_queue(run: Run) -> None:
    """Frames by a transport that takes a few bytes at a time: a torn frame is the last thing that is sent."""
    sent = b""

    async def send_some(data: bytes) -> int:
        nonlocal sent
        await trio.lowlevel.checkpoint()
        if run.trips("socket broken"):
            raise trio.BrokenResourceError
        taken = data[:7]
        sent += taken
        await trio.lowlevel.checkpoint()  # the bytes are out, though the writer may never hear of it
        return len(taken)

    frames = [bytes((0x82, 20)) + bytes((65 + n,)) * 20 for n in range(6)]
    queue = SendQueue(send_some, fileno=None, limit=1000)

    async def write() -> None:
        async with trio.open_nursery() as nursery:
            with queue.written_by(nursery.start_soon):
                for frame in frames[:4]:
                    queue.offer(frame)
                    await trio.lowlevel.checkpoint()
                await queue.send(frames[4])
                await queue.wait_until_at_most(0)

    try:
        await run.target(write)
    except* trio.BrokenResourceError:
        pass
    async with trio.open_nursery() as nursery:
        with queue.written_by(nursery.start_soon):  # an acknowledgement that comes late
            queue.offer(frames[5])
            await trio.testing.wait_all_tasks_blocked()
    whole = b"".join(frames)
    cut = len(sent)
    assert sent == whole[:cut], "a frame is inside another"


async def accounts(run: Run) -> None:
    """Register, log in, prove who one is, take another name: real password hashes, in real threads."""
    storage = MemoryStorage()
    async with swept_world(run) as (world, _witness):
        users: Any = Obstructed(storage.users, world.obstacles)
        passwords = Passwords(4)
        people = Accounts(
            users,
            passwords,
            Tokens(SECRET, 3600),
            Throttle(),
            Registrations(10),
            min_password=5,
            registration="invite",
            person=users.by_id,
        )
        sessions: Any = Obstructed(storage.sessions, world.obstacles)
        audit: Any = Obstructed(storage.audit, world.obstacles)
        administration = Administration(users, sessions, audit, people)
        granted: list[object] = []

        async def live() -> None:
            code = await people.invite(2, 3600)
            granted.append(
                await people.register("ada", "secret word", "192.0.2.1", "ada@example.com", invite=code)
            )
            granted.append(await people.add("olga", "secret word", admin=True))
            signing_up = people.sign_up("ben@example.com", "ada", "secret word", "192.0.2.1", invite=code)
            granted.append(await signing_up)
            granted.append(await people.log_in("ada", "secret word", "192.0.2.1"))
            granted.append(await people.log_in_by_email("ben@example.com", "secret word", "192.0.2.1"))
            await administration.people()
            await administration.look_alikes()
            token = granted[0].token if isinstance(granted[0], Granted) else ""
            person = await people.authenticate(token)
            if not isinstance(person, Refusal):
                granted.append(await administration.change("ada", Wanted(operator=True, admin=False)))
                granted.append(await administration.change(person.id, Wanted(name="ada the second")))
                granted.append(await administration.log_out("ada the second"))
                granted.append(await administration.change(person.id, Wanted(disabled=False)))
                now = await administration.person(person.id)
                assert isinstance(now, Person)
                granted.append(await people.change_password(now, "secret word", "secret word", "192.0.2.1"))
                granted.append(await administration.change("ada the second", Wanted(password="secret word")))
                olga = granted[1]
                assert isinstance(olga, Person)
                granted.append(await administration.add("walter", "secret word", (), olga))
                made = await administration.reset_link("walter", olga)
                if not isinstance(made, Refusal):
                    granted.append(await people.reset_password(made[0], "secret word", "192.0.2.1"))
                await administration.delete("olga")

        with suppress(StorageDown, OutcomeUnknown):
            await run.target(live)
        everyone = await administration.people()
        assert len({person.name for person in everyone}) == len(everyone) <= 4
        roles = [(person.is_operator, person.is_admin) for person in everyone]
        assert set(roles) <= {(False, False), (True, False), (False, True)}
        assert run.fired or any(operator for operator, _ in roles)
        for place, person in enumerate(everyone):  # whoever is added is added whole
            # And a throttle that locks anybody out locks out the first.
            for _ in range(7 if place == 0 else 1):
                again = await people.log_in(person.name, "secret word", "192.0.2.2")
                assert isinstance(again, Granted), again
        if not everyone:
            code = await people.invite(1, 3600)
            again = await people.register("ada", "secret word", "192.0.2.1", invite=code)
            assert isinstance(again, Granted)
        unknown = await people.log_in("nobody", "secret word", "192.0.2.3")
        assert isinstance(unknown, Refusal)
        assert unknown.code is Code.UNAUTHENTICATED
        assert passwords._limiter.free or run.fired  # a thread that was left ends by itself


async def moderating(run: Run) -> None:
    """List and delete what was said and where: what is deleted is gone whole."""
    async with swept_world(run) as (world, _witness):
        (ada,) = await world.add_all("ada")
        garden = await world.make_room(ada)
        await world.storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", text, 1.0) for text in ("1", "2")])
        rooms: Any = Obstructed(world.storage.rooms, world.obstacles)
        messages: Any = Obstructed(world.storage.messages, world.obstacles)
        moderation = Moderation(rooms, messages)
        deleted: list[object] = []

        async def moderate() -> None:
            await moderation.rooms()
            await moderation.messages(LOBBY_ID, 9)
            deleted.append(await moderation.delete_message(1))
            deleted.append(await moderation.delete_room(garden.id))

        with suppress(StorageDown, OutcomeUnknown):
            await run.target(moderate)
        left = await world.storage.messages.timeline(LOBBY_ID, 9, 99)
        assert [message.text for message in left] in (["1", "2"], ["2"])
        assert len(left) == 1 or not deleted
        assert await world.storage.rooms.by_id(garden.id) is None or len(deleted) < 2


async def cleaning(run: Run) -> None:
    """Remove deleted rooms, one during an outage: what is left is removed by the next who starts."""
    async with swept_world(run) as (world, _witness):
        (ada,) = await world.add_all("ada")
        for name in ("garden", "cellar"):
            room = await world.make_room(ada, name)
            assert await delete_room(world.storage, room.id)
        rooms: Any = Obstructed(world.storage.rooms, world.obstacles)
        world.obstacles.fail("remove_deleted", StorageDown("an outage"))

        async def clean() -> None:
            async with open_cleaner(rooms, world.storage.audit):
                await trio.sleep(10)

        await run.target(clean)
        assert run.fired or not world.storage.rooms._deleted
        async with open_cleaner(world.storage.rooms, world.storage.audit):
            await trio.sleep(10)
        assert not world.storage.rooms._deleted


async def cleaning_files(run: Run) -> None:
    """Remove bytes that nobody has, through an outage: they are there whole, or gone, and nothing is left aside."""
    clock = [1000.0]

    async def unused() -> AsyncGenerator[bytes]:
        yield b"unused"

    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as faster:
        faster.setattr("chat.engine.file_cleaner._PAUSE", 0.001)
        faster.setattr("chat.engine.file_cleaner._HOUR", 0.001)
        async with swept_world(run) as (world, _witness):
            store = DiskFileStore(Path(directory), lambda: clock[0])
            store.prepare(await world.storage.files.store_id())
            async with aclosing(unused()) as pieces:
                digest = (await store.store(pieces)).digest
            world.storage.files._deleted.add(digest)  # its row: bytes that never had one stay for a week
            clock[0] += GRACE_OF_BYTES + 1
            table: Any = Obstructed(world.storage.files, world.obstacles)
            world.obstacles.fail("forget_files", StorageDown("an outage"))

            async def clean() -> None:
                with suppress(StorageDown):
                    await open_file_store(Path(directory), await table.store_id())
                async with open_file_cleaner(table, store):
                    while await store.has(digest):  # noqa: ASYNC110 - what is waited for has no event
                        await trio.sleep(0.001)

            await run.target(clean)
            assert run.fired or not await store.has(digest)
            assert os.listdir(f"{directory}/incoming") == []


async def indexing(run: Run) -> None:
    """Follow the log piece by piece, through an outage: the next who starts goes on where this one ended."""
    async with swept_world(run) as (world, _witness):
        log = Log()
        log.newest = 30
        search: Any = Obstructed(log, world.obstacles)
        world.obstacles.fail("index", StorageDown("an outage"))

        async def index() -> None:
            async with open_indexer(search, lambda: log.newest):
                await trio.sleep(5)

        await run.target(index)
        assert run.fired or log.done == 30
        behind: Any = log
        async with open_indexer(behind, lambda: log.newest):
            await trio.sleep(3)
        assert log.done == 30


@asynccontextmanager
async def people_followed(world: World) -> AsyncGenerator[None]:
    """Follow people and rooms from before the block until what it changed has been looked at."""
    storage: Any = world.storage
    follower = PeopleReconciler(world.accounts, world.presence, nameless=world.storage.users.nameless)
    async with trio.open_nursery() as nursery:
        settings = SettingsFollower(world.services.settings)
        nursery.start_soon(watch_changes, storage, follower, world.memberships, settings)
        await world.rest()
        yield
        await trio.sleep(1)
        nursery.cancel_scope.cancel()


async def following(run: Run) -> None:
    """People are changed while they are followed: who may not stay is closed, at the latest by the next who follows."""
    async with swept_world(run) as (world, _witness):
        people = await world.add_all("ada", "ben", "cem", "dan", "eve")
        garden = await world.make_room(people[4])
        clients = [await world.connect(TALKER, person) for person in people]
        gardener = await world.connect(ROOMS, people[4])
        gardener.send({"Type": "enter", "RoomID": garden.id})
        await world.rest()
        ada, ben, cem, dan, _eve = (person.id for person in people)
        storage: Any = world.storage
        users: Any = Obstructed(storage.users, world.obstacles)
        world.obstacles.fail("by_ids", StorageDown("an outage"))

        async def change() -> None:
            async with people_followed(world):
                await users.set_password(ada, b"other")
                await set_disabled(users, ben, disabled=True)
                await users.delete(cem)
                await set_roles(users, dan, operator=True, admin=False)
                await delete_room(storage, garden.id)

        try:
            await run.target(change)
        except* (StorageDown, OutcomeUnknown):
            pass
        await settle(world)
        assert not storage.users.watchers, "somebody still watches"
        if not run.fired:
            assert [client.gone.is_set() for client in clients] == [True, True, True, False, False]
        async with people_followed(world):
            pass
        for person, client in zip(people, clients, strict=True):
            now = await storage.users.by_id(person.id)
            stays = now is not None and now.token_generation == person.token_generation
            assert client.gone.is_set() != stays, f"{person.name} is {now}"
            assert not stays or client.session.person == now
        is_there = await storage.rooms.by_id(garden.id) is not None
        assert (gardener.session.client.room_id == garden.id) == is_there
        assert not world.accounts._authentication._reads._under_way, "a look-up is never over"


async def reading_the_log(run: Run) -> None:
    """The log is read while a commit of one's own is under way, and looked at after it has lost its end."""
    async with swept_world(run) as (world, _witness):
        storage: Any = world.storage
        messages: Any = Obstructed(storage.messages, world.obstacles)
        ada = await world.add("ada")
        got: list[int] = []
        hub = Hub(await messages.newest_id())

        async def say(text: str) -> list[Announcement]:
            return [
                Announcement(each)
                for each in await messages.save([Draft(LOBBY_ID, ada.id, "ada", text, 1.0)])
            ]

        async def follow() -> None:
            async with (
                open_broadcaster(hub) as broadcaster,
                open_log_follower(messages, broadcaster, hub.newest_id) as follower,
            ):
                announce = broadcaster.announce

                def note(batch: list[Announcement]) -> None:
                    got.extend(announcement.change.id for announcement in batch)
                    announce(batch)

                broadcaster.announce = note  # type: ignore[method-assign]
                with follower.writing():
                    one = await say("one")
                    follower.reaches(one[0].change.id)
                    await trio.sleep(1)
                follower.announce_own(one)
                with world.obstacles.held("read_log"):
                    two = await say("two")
                    follower.reaches(two[0].change.id)
                    await trio.sleep(1)
                    with follower.writing():
                        three = await say("three")
                        world.obstacles._closed_before["read_log"].set()
                        await trio.sleep(1)
                    follower.announce_own(three)
                await trio.sleep(1)
                storage.messages._by_room[LOBBY_ID].pop()
                storage.messages._newest_id -= 1
                await say("another's")
                await follower.verify_tail()

        try:
            await run.target(follow)
        except* (StorageDown, OutcomeUnknown):
            pass
        assert got == list(range(1, len(got) + 1))
        assert run.fired or len(got) == 3


_COMMIT = 0.0004
"""Seconds of a commit: less than a fan-out to a hundred waits for it."""


class _Listener:
    """One of a crowd: what it is offered, joined."""

    def __init__(self) -> None:
        self.received = b""

    def offer(self, blob: bytes) -> None:
        self.received += blob

    offer_or_drop = offer

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        note()


class _Outcomes:
    """A submitter that keeps its outcomes."""

    def __init__(self) -> None:
        self.saved: list[Message] = []

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        if isinstance(outcome, Message):
            self.saved.append(outcome)


async def a_crowd(run: Run) -> None:
    """A hundred hear two commits, the first of which waits for the second: what they hear is saved, and in order."""
    async with swept_world(run) as (world, _witness):
        storage: Any = world.storage
        messages: Any = Obstructed(storage.messages, world.obstacles)
        save = messages.save

        async def save_slowly(writes: Sequence[Write]) -> Sequence[Outcome]:
            with trio.CancelScope(shield=True):
                await trio.sleep(_COMMIT)
            return cast("Sequence[Outcome]", await save(writes))

        messages.save = save_slowly
        ada = await world.add("ada")
        hub, got, crowd = Hub(await messages.newest_id()), _Outcomes(), [_Listener() for _ in range(100)]
        for each in crowd:
            hub.subscribe(LOBBY_ID, TALKER, each)

        async def say() -> None:
            async with (
                open_broadcaster(hub) as broadcaster,
                open_log_follower(messages, broadcaster, hub.newest_id) as follower,
                open_journal(messages, broadcaster, follower) as journal,
            ):
                for text in ("one", "two"):
                    await journal.submit(Draft(LOBBY_ID, ada.id, "ada", text, 1.0), got)
                    await trio.sleep(_COMMIT / 2)  # so that the other is committed apart
                await trio.sleep(2 * _COMMIT)

        await run.target(say)
        saved = storage.messages._said(LOBBY_ID)
        frames = b"".join(TALKER.encode(Said(message)) for message in saved)
        assert set(got.saved) <= set(saved), "something is acknowledged and not saved"
        assert len({each.received for each in crowd}) == 1, "they heard the same"
        assert frames.startswith(crowd[0].received)
        assert run.fired or crowd[0].received == frames


async def ended_sessions(run: Run) -> None:
    """Sessions end while they are followed: whose session ended is closed, at the latest by the next who follows."""
    async with swept_world(run) as (world, _witness):
        ada, ben = await world.add_all("ada", "ben")
        kept = world.storage.sessions
        begun = [
            await kept.begin(NewSession(person_id=who.id, generation=0, lasts=3600))
            for who in (ada, ada, ben)
        ]
        clients = [
            await world.connect(TALKER, structs.replace(who, session_id=session.id))
            for who, session in zip((ada, ada, ben), begun, strict=True)
            if session is not None
        ]
        sessions: Any = Obstructed(kept, world.obstacles)
        world.obstacles.fail("living", StorageDown("an outage"))

        async def change() -> None:
            async with people_followed(world):
                await sessions.end_others(ada.id, begun[0] and begun[0].id)

        try:
            await run.target(change)
        except* (StorageDown, OutcomeUnknown):
            pass
        await settle(world)
        if not run.fired:
            assert [client.gone.is_set() for client in clients] == [False, True, False]
        async with people_followed(world):
            pass
        living = await kept.living([1, 2, 3])
        for session, client in zip(begun, clients, strict=True):
            assert session is not None
            assert client.gone.is_set() != (session.id in living)


async def sessions(run: Run) -> None:
    """Begin sessions, refresh, list and end them, change a profile, make the first admin: all of it or nothing."""
    storage = MemoryStorage()
    async with swept_world(run) as (world, _witness):
        users: Any = Obstructed(storage.users, world.obstacles)
        kept: Any = Obstructed(storage.sessions, world.obstacles)
        set_up: Any = Obstructed(storage.set_up, world.obstacles)
        people = Accounts(
            users,
            Passwords(4),
            Tokens(SECRET, 3600),
            Throttle(),
            Registrations(10),
            min_password=5,
            person=users.by_id,
            sessions=kept,
        )
        rules, first_admin = Sessions(kept, people), FirstAdmin(set_up, people)
        ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
        assert isinstance(ada, Person)
        here, done = Device("192.0.2.1", "a program"), set[str]()

        async def live() -> None:
            one = await rules.open(ada, here)
            two = await rules.open_after_change(ada, here)
            assert isinstance(one, Opened)
            assert isinstance(two, Opened)
            assert isinstance(await people.authenticate(one.access), Person)
            for _ in range(2):
                assert isinstance(await rules.refresh(one.refresh, here), Opened)
            assert not isinstance(await rules.new_token(ada, "bot", 1, here), Refusal)
            assert len(await rules.of_person(ada)) == 3
            assert await rules.end(ada, two.session.id) is None
            await rules.end_others(structs.replace(ada, session_id=one.session.id))
            done.add("others ended")
            await rules.end_by(one.refresh)
            done.add("all ended")
            assert not isinstance(await people.change_profile(ada, ProfileChange(name="adele")), Refusal)
            done.add("renamed")
            assert await first_admin.is_needed()
            code = await first_admin.code()
            assert code is not None
            assert isinstance(await first_admin.make(code, "grace", "secret word", "192.0.2.1"), Person)
            done.add("set up")

        with suppress(StorageDown, OutcomeUnknown):
            await run.target(live)
        assert run.fired or done == {"others ended", "all ended", "renamed", "set up"}
        left = await storage.sessions.of_person(ada.id)
        assert not left or "all ended" not in done
        assert len(left) <= 1 or "others ended" not in done
        now = await storage.users.by_id(ada.id)
        assert now is not None
        assert now.name == "adele" or "renamed" not in done
        assert not await storage.set_up.is_needed() or "set up" not in done
        assert not people._authentication._reads._under_way, "a look-up is never over"


class _Ear:
    """A watcher that keeps the received statuses."""

    def __init__(self, statuses: Statuses) -> None:
        self.known = statuses.watch(self, [1, 2])

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        self.known |= statuses
        return True

    def profile_changed(self, person: Person) -> None:
        """It does not matter."""


async def watching(run: Run) -> None:
    """Be cancelled while watchers are notified: the next notification includes the rest."""
    statuses = Statuses()
    ears = [_Ear(statuses) for _ in range(3)]

    async def tell() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(statuses.notify_watchers)
            statuses.came(1)
            await trio.sleep(2)
            statuses.left(1, was_away=False)
            statuses.came(2)
            await trio.sleep(GRACE + 2)
            statuses.unwatch(ears[0])
            nursery.cancel_scope.cancel()

    with pytest.MonkeyPatch.context() as shorter:
        shorter.setattr("chat.engine.statuses._TURN", 1)
        shorter.setattr("chat.engine.statuses._LOOKS", 1)
        await run.target(tell)
    with trio.move_on_after(GRACE + 2):
        await statuses.notify_watchers()
    for ear in ears[1:]:
        assert ear.known == {each: statuses.status(each) for each in (1, 2)}
    assert not statuses._pending


async def blocking(run: Run) -> None:
    """Publish whom somebody blocks through an outage: whoever publishes next has the rest."""
    async with swept_world(run) as (world, _witness):
        ada, ben = await world.add_all("ada", "ben")
        await world.connect(TALKER, ada)
        services, published = world.services, list[Blocking]()
        services.notices.on(Blocking, lambda notice, _node, _origin: published.append(notice))
        assert BLOCKS.open is not None

        async def publish() -> None:
            async with BLOCKS.open(services):
                world.obstacles.fail("blocks_since", StorageDown("an outage"))
                with suppress(StorageDown, OutcomeUnknown):
                    await services.blocks.block(ada, ben.id)
                await trio.sleep(1)

        await run.target(publish)
        for _ in range(2):  # one of them may fail
            await publish()
        assert published[-1] == Blocking(ada.id, (ben.id,))


async def looking_up(run: Run) -> None:
    """Read some people at once, through an outage: callers that were not cancelled get their person."""
    async with swept_world(run) as (world, _witness):
        ada, ben = await world.add_all("ada", "ben")
        users: Any = Obstructed(world.storage.users, world.obstacles)
        found = dict[int, Person | None]()

        async def look_up() -> None:
            async with open_batch_loader(users.by_ids) as loader:

                async def get(person_id: int) -> None:
                    with suppress(StorageDown):
                        found[person_id] = await loader.get(person_id)

                for outage in (True, False):
                    if outage:
                        world.obstacles.fail("by_ids", StorageDown("an outage"))
                    async with trio.open_nursery() as nursery:
                        for person_id in (ada.id, ben.id, 99):
                            nursery.start_soon(get, person_id)

        await run.target(look_up)
        everyone = {ada.id: ada, ben.id: ben, 99: None}
        assert found.items() <= everyone.items()
        assert run.fired or found == everyone


async def catching_up(run: Run) -> None:
    """Be cancelled while the storage is read for a client that comes back: who asks next is answered."""
    async with swept_world(run) as (world, _witness):
        ada = await world.add("ada")
        garden = await world.make_room(ada)
        said = await world.services.writes.write(Draft(garden.id, ada.id, "ada", "hello", 0.0))
        assert isinstance(said, Message)

        storage: Any = ObstructedStorage(world.storage, world.obstacles)

        async def read() -> None:
            async with open_catch_up(storage.timelines) as catch_up:
                with suppress(StorageDown):
                    assert garden.id in await catch_up.rooms_of(ada.id)
                    (seen,) = await catch_up.snapshots(ada.id, said.id, [garden.id])
                    assert seen.last is not None
                    assert seen.last.id == said.id
                    check = (await catch_up.resume_checks([Position(garden.id, 0, 0)], said.id))[garden.id]
                    replay = await catch_up.replay(ada.id, [ChangeRange(garden.id, 0, check.up_to)])
                    assert [each.change.id for each in replay.changes] == [said.id]

        await run.target(read)
        with trio.fail_after(60):
            assert await world.services.catch_up.snapshots(ada.id, said.id, [garden.id])


async def draining(run: Run) -> None:
    """Be cancelled while committed changes wait to be published: they are published all the same."""
    async with swept_world(run) as (world, _witness):
        ear, ada = await ear_in_lobby(world, "ben"), await world.add("ada")
        fence = world.memberships._broadcaster._fence
        fence.open_until(0.0)

        async def write_and_drain() -> None:
            await world.services.writes.write(Draft(LOBBY_ID, ada.id, "ada", "late", 0.0))
            await world.journal.drain()

        async def open_later() -> None:
            await trio.sleep(2)
            fence.open_until(math.inf)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(open_later)
            await run.target(write_and_drain)
        await settle(world)
        assert [frame["message"] for frame in await ear.receives()] == texts_saved(world)


async def taking_back_read_marks(run: Run) -> None:
    """Be cancelled while a read mark is written that is not wanted any more: nobody waits for it for ever."""
    async with swept_world(run) as (world, _witness):
        ada = await world.add("ada")
        storage: Any = ObstructedStorage(world.storage, world.obstacles)
        async with open_read_marks(storage.timelines) as marks, trio.open_nursery() as nursery:
            with world.obstacles.held("mark_read"):
                marks.note(LOBBY_ID, ada.id, 1)
                await trio.sleep(1)
                nursery.start_soon(run.target, marks.forget, LOBBY_ID, ada.id)
                await trio.sleep(1)
            with trio.fail_after(60):
                await marks.wait_written(ada.id)


async def searching(run: Run) -> None:
    """Search in long texts while another search rests between them: places and turns are free again."""
    async with swept_world(run) as (world, _witness):
        index: Any = Obstructed(Found("tea", "tea", "tea"), world.obstacles)
        ticks = itertools.count()
        searches = SearchRunner(index, clock=lambda: next(ticks) / 64)

        async def search(person_id: int) -> None:
            with suppress(StorageDown):
                assert not isinstance(await searches.find(asked(person_id), lambda _seconds: None), Refusal)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(search, 1)
            await run.target(search, 2)
        for _ in range(3):
            with trio.fail_after(30):
                await search(3)


async def counting_members(run: Run) -> None:
    """Be cancelled while people are counted: the next count is right."""
    async with swept_world(run) as (world, _witness):
        got: dict[int, int] = {}
        storage: Any = ObstructedStorage(world.storage, world.obstacles)
        world.obstacles.fail("count", StorageDown("an outage"))
        ada = await world.add("ada")
        conversation = await world.storage.rooms.support_room(ada.id)
        assert conversation is not None
        counts = MemberCounts(
            storage.users,
            storage.timelines,
            lambda: [conversation.id],
            lambda counted: got.update(counted.members),
        )
        there = await world.storage.users.count()

        async def tell(seconds: float) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(counts.publish_changes)
                counts.changed(None)
                await trio.sleep(seconds)
                nursery.cancel_scope.cancel()

        await run.target(tell, 3)
        if run.fired:
            await tell(5)  # where the outage was not met before, it is now
        assert got == {LOBBY_ID: there, conversation.id: 1}
        await world.add("newcomer")
        counts.changed(None)
        assert await counts.in_lobby() == there + 1


VIRTUAL = (
    joining,
    inviting,
    removal,
    deletion,
    send_queue,
    moderating,
    cleaning,
    indexing,
    searching,
    counting_members,
    looking_up,
    blocking,
    catching_up,
    draining,
    taking_back_read_marks,
    following,
    reading_the_log,
    a_crowd,
    ended_sessions,
)
REAL = (accounts, sessions, cleaning_files)
