"""The PostgreSQL storage on a real database, and the PostgreSQL that the server runs itself."""

import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
import trio
from msgspec import structs
from trio_cancel_sweep import Run, Scenario

from chat.data_access import open_data_access
from chat.domain.accounts.account_changes import LAST_ADMIN, AccountChange
from chat.domain.accounts.bots import BOTS, BotAccount
from chat.domain.administration.audit import Act, What
from chat.domain.entities import (
    LOBBY_ID,
    Draft,
    Message,
    MessageKind,
    Peer,
    Person,
    Room,
    SupportOf,
    Visit,
)
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import (
    Acceptance,
    Addition,
    Deletion,
    Edit,
    Reaction,
    Removal,
    Removed,
    RoleChange,
    RoomChange,
    RoomDeletion,
    SupportChange,
)
from chat.domain.messages.outcomes import Repeated
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.sync_types import ChangeRange, KnownAt, Position, QueuePlace, RoomsAt
from chat.domain.ports import (
    NewFile,
    NewInvite,
    NewPerson,
    NewSession,
    ProfileChange,
    Refreshing,
    SessionRefreshed,
    TokenReused,
)
from chat.domain.refusals import ARCHIVED, NOT_ADMIN, PRIVATE
from chat.domain.rooms.membership import OwnSettings, RoomRole
from chat.domain.rooms.room_rights import NOT_YOURS
from chat.domain.startup import CannotStart
from chat.embedded_postgres.cluster import prepare_cluster
from chat.embedded_postgres.leftover import read_pid, runs_on, stop_leftover
from chat.embedded_postgres.process import Process, open_process
from chat.features.invites.mailed import INVITED
from chat.features.registry import FEATURES
from chat.features.search import statements
from chat.features.search.index import INDEX, Search
from chat.features.search.queries import Sample
from chat.features.search.query import Query, Term
from chat.server import open_server
from chat.settings.config import Config
from chat.settings.listen import Listen
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import Migration, known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from chat.storage.postgres.writer import Writer
from tests.support.account_changes import end_tokens, set_disabled, set_roles
from tests.support.databases import empty, execute, fetch
from tests.support.replays import snapshots

NO_SCHEMA = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
EVER = 2**63 - 1
FAR_AWAY = 4_000_000_000.0
"""A time that does not come while the tests run, in Unix seconds."""


@asynccontextmanager
async def storage_at(address: DatabaseAddress, timeout_each: float = 5) -> AsyncGenerator[PostgresStorage]:
    async with open_postgres_storage(
        address, pool_size=2, query_timeout=timeout_each, commit_timeout=timeout_each, features=FEATURES
    ) as storage:
        yield storage


def writing(address: DatabaseAddress) -> list[Scenario]:
    """Most writes of the storage once. What returned is there, and nothing else."""
    return [
        _written(address, _write_people),
        _written(address, _write_messages, _make_people),
        _written(address, _write_elsewhere, _make_garden),
    ]


def changing(address: DatabaseAddress) -> list[Scenario]:
    """The same of what changes messages and rooms that are there."""
    return [_written(address, change, _make_garden) for change in (_change_messages, _change_rooms)]


def administering(address: DatabaseAddress) -> Scenario:
    """The same of what admins do."""
    return _written(address, _administer, _make_dan)


Returned = dict[str, Any]
"""What the writes of a scenario have returned, by a name for each."""

Writes = Callable[[PostgresStorage, Returned], Awaitable[None]]


async def _nothing(_storage: PostgresStorage, _returned: Returned) -> None:
    pass


def _written(address: DatabaseAddress, write: Writes, before: Writes = _nothing) -> Scenario:
    """Sweep what `write` does, where `before` was done. Each is short: to cancel at a line, all before it is done."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            returned: Returned = {}
            await before(storage, returned)
            await run.target(write, storage, returned)
            await _assert_pool_whole(storage)
            await _assert_written(storage, returned)

    return scenario


async def _make_people(storage: PostgresStorage, returned: Returned) -> None:
    for name in ("ada", "ben"):
        returned[name] = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
        assert isinstance(returned[name], Person)


async def _make_garden(storage: PostgresStorage, returned: Returned) -> None:
    await _make_people(storage, returned)
    ada, ben = returned["ada"], returned["ben"]
    garden = returned["garden"] = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(garden, Room)
    returned["saved"] = await storage.messages.save(_first_drafts(garden, ben))


async def _make_dan(storage: PostgresStorage, returned: Returned) -> None:
    returned["ada"] = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    returned["dan"] = await storage.users.add(NewPerson(name="dan", password_hash=b"x"))


def _first_drafts(garden: Room, ben: Person) -> list[Draft]:
    return [
        Draft(garden.id, ben.id, "ben", "", 1.0, MessageKind.JOIN),
        Draft(garden.id, ben.id, "ben", "hi", 2.0),
        Draft(LOBBY_ID, ben.id, "ben", "hello", 3.0, key="k"),
    ]


async def _write_people(storage: PostgresStorage, returned: Returned) -> None:
    users = storage.users
    ada = returned["ada"] = await users.add(NewPerson(name="ada", password_hash=b"x"))
    ben = returned["ben"] = await users.add(NewPerson(name="ben", password_hash=b"x"))
    assert isinstance(ada, Person)
    assert isinstance(ben, Person)
    returned["renamed"] = await users.rename(ada.id, "adele")
    returned["raised"] = await end_tokens(users, ada.id)
    returned["operator"] = await set_roles(users, ben.id, operator=True, admin=False)
    returned["password"] = await users.set_password(ben.id, b"y", by_link=True)
    returned["disabled"] = await set_disabled(users, ben.id, disabled=True)
    cem = await users.add(NewPerson(name="cem", password_hash=b"x", by_command=True))
    assert isinstance(cem, Person)
    await users.delete(cem.id)
    await users.invite(NewInvite(digest=b"code", uses=1, expires_at=FAR_AWAY))
    # It looks like ben's, so it is refused.
    await users.add(NewPerson(name="bеn", password_hash=b"x", invite=b"code"))
    returned["invited"] = await users.add(NewPerson(name="dan", password_hash=b"x", invite=b"code"))


async def _write_messages(storage: PostgresStorage, returned: Returned) -> None:
    rooms, messages = storage.rooms, storage.messages
    ada, ben = returned["ada"], returned["ben"]
    garden = returned["garden"] = await rooms.create("garden", ada.id, is_private=False)
    assert isinstance(garden, Room)
    drafts = _first_drafts(garden, ben)
    returned["saved"] = await messages.save(drafts)
    assert await messages.save(drafts[2:]) == [Repeated(returned["saved"][2])]
    assert await messages.repeated(drafts[2]) == Repeated(returned["saved"][2])
    returned["more"] = await messages.save([Draft(garden.id, ben.id, "ben", "and more, @ada", 4.0)])
    assert await messages.settled_id() == await messages.newest_id()
    assert await rooms.members_among({(garden.id, ben.id), (garden.id, 99)}) == {(garden.id, ben.id)}
    returned["log"] = await messages.read_log(0, 1000, 1 << 20)


async def _write_elsewhere(storage: PostgresStorage, returned: Returned) -> None:
    """What is written beside the messages of a room."""
    users, rooms, messages = storage.users, storage.rooms, storage.messages
    ada, ben = returned["ada"], returned["ben"]
    pair = returned["pair"] = await rooms.direct_room(ada.id, ben.id)
    returned["support"] = await rooms.support_room(ben.id)
    if returned["support"] is not None:
        desk, people = returned["support"].id, SupportOf(Peer(ben.id, "ben"))
        helped = await messages.save(
            [
                Draft(desk, ben.id, "ben", "help", 4.0, people=people),
                SupportChange(desk, ada.id, 4.0, people, is_closed=True),
                Draft(desk, ben.id, "ben", "more help", 4.0, people=people),
            ]
        )
        assert len(helped) == 4, "it is opened again"
        returned["helped"] = 4
    await rooms.mark_delivered({(pair.id if pair else 0, ben.id): 1})
    await storage.timelines.mark_read({(LOBBY_ID, ada.id): ReadMark(1)}, durable=False)
    returned["read"] = 1
    await storage.timelines.mark_read({(LOBBY_ID, ada.id): ReadMark(0, is_back=True)})
    returned["read"] = 0
    returned["hidden"] = await storage.timelines.set_own(LOBBY_ID, ada.id, OwnSettings(is_hidden=True))
    assert await storage.contacts.block(ada.id, ben.id)
    returned["blocked"] = {ben.id}
    await storage.contacts.unblock(ada.id, ben.id)
    returned["blocked"] = set()
    await users.add(NewPerson(name="visitor-1", password_hash=b"", visit=Visit(email="v@example.com")))
    number = await storage.nodes.register(address="http://a", version="1", bus="notify", secret_digest="a")
    returned["registered"] = [number]
    assert await storage.nodes.renew(number, 4, 1) == await messages.newest_id()
    await storage.nodes.leave(number)
    returned["registered"] = []
    indexed = await storage.feature_ports[INDEX].index(1 << 20)
    assert indexed.last_id == await messages.newest_id()


async def _change_messages(storage: PostgresStorage, returned: Returned) -> None:
    messages, ada, ben = storage.messages, returned["ada"], returned["ben"]
    hello = returned["saved"][-1]
    returned["changed"] = await messages.save(
        [
            Edit(LOBBY_ID, hello.seq, ben.id, "hello!", 5.0),
            Draft(LOBBY_ID, ben.id, "ben", "bye", 6.0, key="l"),
            Reaction(LOBBY_ID, hello.seq, ada.id, "👍", True, 7.0),
        ]
    )
    assert await messages.save([Deletion(LOBBY_ID, hello.seq, ada.id, 7.5)]) == [NOT_YOURS]
    returned["wiped"] = await messages.save([Deletion(LOBBY_ID, hello.seq, None, 8.0)])


async def _change_rooms(storage: PostgresStorage, returned: Returned) -> None:
    users, rooms, messages = storage.users, storage.rooms, storage.messages
    ada, ben, garden = returned["ada"], returned["ben"], returned["garden"]
    dan = await users.add(NewPerson(name="dan", password_hash=b"x"))
    assert isinstance(dan, Person)
    await users.invite(NewInvite(digest=b"to garden", uses=1, expires_at=FAR_AWAY, room_id=garden.id))
    accepted = Acceptance(Draft(garden.id, dan.id, "dan", "", 8.1, MessageKind.JOIN), b"to garden")
    returned["room"] = await messages.save(
        [
            RoomChange(room_id=garden.id, actor_id=ada.id, created_at=8.2, topic="roses"),
            RoleChange(garden.id, ben.id, RoomRole.MODERATOR, ada.id, 8.3),
            accepted,
            accepted,
        ]
    )
    assert not await users.withdraw_invite(b"to garden")
    bot = await storage.feature_ports[BOTS].add(ben.id, "Dice (bot)", ["read"])
    assert isinstance(bot, BotAccount)
    await messages.save([Addition(Draft(garden.id, bot.id, "", "", 8.35, MessageKind.JOIN), ada.id)])
    returned["archived"] = await messages.save(
        [
            RoomChange(room_id=garden.id, actor_id=ada.id, created_at=8.4, name="lobby"),  # which is taken
            RoomChange(room_id=garden.id, actor_id=ada.id, created_at=8.5, is_archived=True),
            Removal(garden.id, dan.id, ada.id, 8.6, is_ban=True),
            RoleChange(garden.id, dan.id, None, ada.id, 8.7),
        ]
    )
    for key in (None, "m"):
        assert await messages.save([Draft(garden.id, ben.id, "ben", "no", 8.8, key=key)]) == [ARCHIVED]
    returned["removed"] = await messages.save([Removal(garden.id, ben.id, ada.id, 9.0)])
    returned["deleted"] = await messages.save([RoomDeletion(garden.id, ada.id, 10.0)])
    while await rooms.remove_deleted(1):
        pass


_NEW_FILE = NewFile(room_id=1, owner_id=1, name="x", type="text/plain", size=1, digest=b"x" * 32)


async def _administer(storage: PostgresStorage, returned: Returned) -> None:
    """What admins do, and how people look for each other."""
    ada, dan = returned["ada"].id, returned["dan"]
    await storage.users.administer(dan.id, AccountChange(name="dan", is_admin=True), None)
    assert await storage.users.administer(dan.id, AccountChange(is_admin=False), dan.id) == LAST_ADMIN
    assert await storage.users.delete(dan.id, dan.id) == LAST_ADMIN
    assert await storage.users.delete(dan.id, ada) == NOT_ADMIN
    assert dan.id in [each.id for each in await storage.users.page("da", 0, 9)]
    assert await storage.sessions.counts([dan.id]) == {}
    assert await storage.settings.change_settings({"read_rate": 1.0}, ada)
    assert not await storage.settings.change_settings({"read_rate": None}, ada)
    await storage.users.invite(NewInvite(digest=b"late", uses=1, expires_at=FAR_AWAY))
    assert await storage.users.withdraw_invite(b"late", ada)
    await storage.audit.record([Act(by_id=ada, what=What.RESET_MADE, person_id=dan.id)])
    assert await storage.audit.acts(None, 9)
    file = await storage.files.keep_file(_NEW_FILE)
    assert await storage.files.file(file.id) is not None
    assert await storage.files.unneeded([_NEW_FILE.digest]) == set()
    await storage.files.removed([b"\2" * 32])
    assert not await storage.files.forget_files(9)
    assert await storage.files.store_id()
    room = await storage.rooms.direct_room(ada, dan.id)
    assert room is not None
    own = await storage.files.keep_file(structs.replace(_NEW_FILE, room_id=room.id, owner_id=ada))
    (said,) = await storage.messages.save(
        [Draft(room.id, ada, "ada", "", 1.0, key="file", file_ids=(own.id,))]
    )
    assert isinstance(said, Message)
    assert said.files == (own,)
    assert await storage.contacts.blocked(ada, "", 9) == []
    assert await storage.contacts.find("dan", "", 9)
    await storage.contacts.changed_since(ada, 0.0, 9)


async def _assert_written(storage: PostgresStorage, returned: Returned) -> None:
    people = [person for person in await storage.users.everyone() if person.name not in ("cem", "dan")]
    ada = "adele" if "renamed" in returned else "ada"
    names = [name for key, name in (("ada", ada), ("ben", "ben")) if key in returned]
    assert [person.name for person in people] == names, f"{people} are there, {names} were added"
    generations = [person.token_generation for person in people if person.name == ada]
    assert generations == [1 if "raised" in returned else 0] or "ada" not in returned
    operators = [person.name for person in people if person.is_operator]
    assert operators == (["ben"] if "operator" in returned else []), "a role is not what set_roles() returned"
    ben = next(
        ((each.is_disabled, each.token_generation) for each in people if each.name == "ben"), (False, 0)
    )
    assert ben == ("disabled" in returned, ("password" in returned) + ("disabled" in returned))
    lobby = [message.text for message in await storage.messages.timeline(LOBBY_ID, 10, 1 << 20)]
    expected = ["hello"] if "saved" in returned else []
    if "changed" in returned:
        expected = ["hello!", "bye"]
    if "wiped" in returned:
        expected = ["bye"]
    assert lobby == expected, "what is there is not what save() returned"
    if "support" in returned:
        desk = await storage.rooms.by_id(returned["support"].id)
        assert desk is not None
        assert desk.last_pos == returned.get("helped", 0), "a message is there without what follows from it"
    servers = [node.number for node in await storage.nodes.live()]
    assert servers == returned.get("registered", []), "a lease is not what register() and leave() returned"
    assert not ("invited" in returned and await storage.users.is_invite(b"code")), "an invite is used twice"
    if people:
        rooms = await storage.rooms.of_member(people[0].id)
        assert bool(rooms) == ("garden" in returned and "deleted" not in returned)
        blocked = await storage.contacts.blocked_ids(people[0].id)
        assert blocked == returned.get("blocked", set()), "who is blocked is not what block() returned"
    if "saved" in returned and "changed" not in returned:  # what is wiped is not unread
        (got,) = await snapshots(storage, people[0].id, EVER, [LOBBY_ID])
        assert got.read == returned.get("read", 0), "how far somebody read is not what mark_read() noted"
        assert got.is_hidden == returned.get("hidden", False), "what is wanted is not what set_own() returned"
    if "garden" in returned:
        said = await storage.messages.timeline(returned["garden"].id, 10, 1 << 20, after=0)
        is_there = "saved" in returned and "deleted" not in returned
        assert len(said) == (2 + ("more" in returned) + ("room" in returned) if is_there else 0)
        garden = await storage.rooms.by_id(returned["garden"].id)
        is_like = (garden.topic, garden.is_archived) if garden else None
        assert is_like in (None, ("roses" if "room" in returned else "", "archived" in returned))
        banned = await storage.rooms.banned(returned["garden"].id, 0, 9)
        assert banned == []
        is_in = await storage.rooms.is_member(returned["garden"].id, people[-1].id)
        assert is_in == ("saved" in returned and "removed" not in returned) or len(people) < 2


async def _assert_pool_whole(storage: PostgresStorage) -> None:
    pool = storage._database._pool
    with trio.move_on_after(1):
        while pool.get_idle_size() != pool.get_size():  # noqa: ASYNC110 - a pool tells nobody
            await trio.sleep(0.01)
    assert pool.get_idle_size() == pool.get_size(), "a pool connection is not given back"


def saving(address: DatabaseAddress) -> Scenario:
    """One person and one message: a short run, for each of its moments."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address, 2) as storage:
            returned: Returned = {}

            async def save() -> None:
                ada = returned["ada"] = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
                assert isinstance(ada, Person)
                drafts = [Draft(LOBBY_ID, ada.id, "ada", "hello", 1.0)]
                returned["saved"] = await storage.messages.save(drafts)

            await run.target(save)
            await _assert_pool_whole(storage)
            await _assert_written(storage, returned)

    return scenario


def sessions_written(address: DatabaseAddress) -> Scenario:
    """Sessions, a profile and the first admin: each write is there whole, or not at all."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address, 2) as storage:
            sessions, set_up = storage.sessions, storage.set_up
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            done: list[str] = []

            async def write() -> None:
                one = await sessions.begin(
                    NewSession(person_id=ada.id, generation=0, lasts=60, refreshing=_TOKENS[0])
                )
                two = await sessions.begin(NewSession(person_id=ada.id, generation=0, lasts=60))
                assert one is not None
                assert two is not None
                for tokens in _TOKENS:
                    assert isinstance(
                        await sessions.refresh(tokens, lasts=60, address="", agent=""), SessionRefreshed
                    )
                done.append("begun")
                assert len(await sessions.of_person(ada.id)) == 2
                assert len(await sessions.living([one.id, two.id])) == 2
                assert await sessions.end(ada.id, two.id)
                done.append("one ended")
                await sessions.end_family(b"nobody's")
                await sessions.mark_restored()
                assert await sessions.last_restore() is not None
                newer = Refreshing(b"family", b"newer than the backup", b"later", lambda _digest: False)
                assert isinstance(
                    await sessions.refresh(newer, lasts=60, address="", agent=""), SessionRefreshed
                )
                made_up = Refreshing(b"family", b"made up", b"-")
                ended = await sessions.refresh(made_up, lasts=60, address="", agent="")
                assert isinstance(ended, TokenReused)
                await sessions.end_others(ada.id, None)
                done.append("all ended")
                profile = ProfileChange(name="adele", email="a@b.example", display_name="Ada L.")
                await storage.users.change_profile(ada.id, profile)
                done.append("renamed")
                assert await set_up.is_needed()
                assert await set_up.prepare(b"nonce", 5) == await set_up.take_try()
                grace = NewPerson(name="grace", password_hash=b"x", is_admin=True, display_name="Grace H.")
                assert isinstance(await set_up.make_admin(grace), Person)
                assert await set_up.prepare(b"nonce", 5) is None
                done.append("set up")
                both = AccountChange(name="zoe", is_moderator=True, is_admin=False)
                assert isinstance(await storage.users.administer(ada.id, both, 2), Person)
                done.append("administered")
                changed = await storage.settings.change_settings({"read_rate": 2.0, "call_rate": 3.0}, 2)
                done.append("settings changed")
                assert await storage.settings.changed_settings() == changed
                assert len(await storage.users.page("", 0, 9)) == 2
                assert await sessions.counts([ada.id]) == {}
                assert len(await storage.settings.change_settings({"call_rate": None}, None)) == 1
                assert not await storage.audit.forget_acts(9)
                last = AccountChange(is_admin=False)
                assert (
                    await storage.users.administer(2, last, 2)
                    == await storage.users.delete(2, 2)
                    == LAST_ADMIN
                )
                await storage.users.add(NewPerson(name="hal", password_hash=b"x", by_command=True))
                attic = await storage.rooms.create("attic", ada.id, is_private=False)
                assert isinstance(attic, Room)
                await storage.messages.save([RoomDeletion(attic.id, None, 1.0)])
                assert await storage.users.delete(ada.id, 2) is True
                assert len(await storage.audit.acts(None, 20)) == 9

            await run.target(write)
            await _assert_pool_whole(storage)
            left = len(await sessions.of_person(ada.id))
            assert left <= (0 if "all ended" in done else 1 if "one ended" in done else 2)
            now = await storage.users.by_id(ada.id)
            if now is None:
                assert [each.what for each in await storage.audit.acts(None, 1)] == ["person_deleted"]
                return
            assert (now.name, now.email, now.display_name) in (
                ("ada", None, None),
                ("adele", "a@b.example", "Ada L."),
                ("zoe", "a@b.example", "Ada L."),
            ), "changed in part"
            assert now.name != "ada" or "renamed" not in done
            assert await set_up.is_needed() == (len(await storage.users.everyone()) == 1)
            assert not await set_up.is_needed() or "set up" not in done
            acts = [each.what for each in await storage.audit.acts(None, 20)]
            assert acts.count("renamed") == acts.count("roles_changed") == now.is_moderator, (
                "not one transaction"
            )
            assert now.is_moderator or "administered" not in done
            kept = await storage.settings.changed_settings()
            assert (acts.count("setting_changed"), len(kept)) in ((0, 0), (2, 2), (3, 1)), (
                "not one transaction"
            )
            assert kept or "settings changed" not in done

    return scenario


def memberships_written(address: DatabaseAddress) -> Scenario:
    """Come to a private room, be refused, be added, leave, come by an invite: what returned is so."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address, 2) as storage:
            users, save = storage.users, storage.messages.save
            ada, ben = [await users.add(NewPerson(name=name, password_hash=b"x")) for name in ("ada", "ben")]
            assert isinstance(ada, Person)
            assert isinstance(ben, Person)
            attic = await storage.rooms.create("attic", ada.id, is_private=True)
            assert isinstance(attic, Room)
            invite = NewInvite(
                digest=b"code", uses=1, expires_at=FAR_AWAY, room_id=attic.id, maker_id=ada.id, registers=True
            )
            await users.invite(invite)
            done: list[str] = []

            async def write() -> None:
                joining = Draft(attic.id, ben.id, "ben", "", 1.0, MessageKind.JOIN)
                assert await save([joining]) == [PRIVATE]
                (added,) = await save([Addition(joining, ada.id)])
                assert isinstance(added, Message)
                done.append("in")
                (left,) = await save([Removal(attic.id, ben.id, ben.id, 2.0)])
                assert isinstance(left, Removed)
                done.append("out")
                (accepted,) = await save([Acceptance(joining, b"code", is_used=True)])
                assert isinstance(accepted, Message)
                done.append("in")

            await run.target(write)
            await _assert_pool_whole(storage)
            is_in = await storage.rooms.is_member(attic.id, ben.id)
            assert is_in == (done[-1:] == ["in"])

    return scenario


_TOKENS = Refreshing(b"family", b"1", b"2"), Refreshing(b"family", b"2", b"3")


def reading_once(address: DatabaseAddress) -> Scenario:
    """One read; afterwards the pool is whole."""

    async def scenario(run: Run) -> None:
        async with storage_at(address) as storage:
            await run.target(storage.users.everyone)
            await _assert_pool_whole(storage)

    return scenario


async def prepare(address: DatabaseAddress) -> dict[str, Any]:
    """Let there be something to read; return what the writes returned."""
    returned: Returned = {}
    empty(address)
    async with storage_at(address) as storage:
        for write in (_write_people, _write_messages, _write_elsewhere):
            await write(storage, returned)
    return returned


def reading(address: DatabaseAddress, ada: Person, ben: Person) -> list[Scenario]:
    """Each read of the storage once; afterwards the pool is whole, and PostgreSQL works for nobody."""
    return [_read(address, read, ada, ben) for read in (_read_people, _read_rooms, _read_timelines, _find)]


Reads = Callable[[PostgresStorage, Person, Person], Awaitable[None]]


def _read(address: DatabaseAddress, read: Reads, ada: Person, ben: Person) -> Scenario:
    async def scenario(run: Run) -> None:
        async with storage_at(address) as storage:
            await run.target(read, storage, ada, ben)
            await _assert_pool_whole(storage)
            with trio.fail_after(15):
                for _ in range(3):
                    assert await storage.users.by_id(ada.id) is not None

    return scenario


async def _read_people(storage: PostgresStorage, ada: Person, ben: Person) -> None:
    await storage.ping()
    await storage.users.by_id(ada.id)
    await storage.users.by_ids([ada.id, ben.id])
    await storage.users.by_name("ben")
    await storage.users.by_email("nobody@example.com")
    await storage.users.everyone()
    await storage.users.count()
    await storage.users.operators()
    await storage.users.is_invite(b"code")
    await storage.users.find_invite(b"to garden")
    await storage.users.invites(b"", 10, maker_id=ada.id)
    await storage.feature_ports[INVITED].open_count(ada.id)
    await storage.contacts.find("a", "", 10)
    await storage.contacts.changed_since(ada.id, 0, 10)
    await storage.contacts.blocked(ada.id, "", 10)
    await storage.contacts.blocked_ids(ada.id)
    await storage.contacts.blocks_since([ada.id], 0)
    await storage.nodes.live()


async def _read_rooms(storage: PostgresStorage, ada: Person, ben: Person) -> None:
    await storage.rooms.banned(LOBBY_ID, 0, 10)
    await storage.rooms.summaries("", 0, 10)
    await storage.rooms.summaries("gar", 0, 10)
    await storage.users.page("", 0, 10, "operator")
    await storage.rooms.by_id(LOBBY_ID)
    await storage.rooms.is_member(LOBBY_ID, ada.id)
    await storage.rooms.of_member(ada.id)
    await storage.rooms.direct_room(ada.id, ben.id)
    await storage.rooms.support_room(ben.id)
    await storage.messages.timeline(LOBBY_ID, 10, 1 << 20, after=0)
    await storage.messages.timeline(LOBBY_ID, 10, 1 << 20)
    await storage.messages.undelivered(ben.id, 0, EVER, 100, 1 << 20)
    await storage.messages.by_id(1)
    await storage.messages.newest_id()
    await storage.messages.conversations(10, 1 << 20)


async def _read_timelines(storage: PostgresStorage, ada: Person, _ben: Person) -> None:
    await storage.timelines.snapshots([RoomsAt(ada.id, EVER)])
    await storage.timelines.members_of_conversations([LOBBY_ID])
    await storage.timelines.shared_reads(LOBBY_ID, [ada.id])
    await storage.timelines.resume_checks([KnownAt(Position(LOBBY_ID, 1, 3000), EVER)])
    await storage.timelines.replay([ada.id], [ChangeRange(LOBBY_ID, 0, 10)], 1 << 20)
    await storage.rooms.access(LOBBY_ID, ada.id)
    await storage.rooms.members(LOBBY_ID, 0, 10)
    await storage.rooms.joinable(ada.id, "", "", 10)
    await storage.rooms.joinable(ada.id, "gar", "", 10)
    await storage.timelines.history(ada.id, LOBBY_ID, 10, 1 << 20, EVER)
    await storage.timelines.rooms_of([ada.id])
    await storage.timelines.reads_since(ada.id, 0)
    await storage.timelines.texts(LOBBY_ID, 1, 10, 1 << 20)
    await storage.timelines.mentions(ada.id, EVER, 10, 1 << 20)
    await storage.timelines.with_files(ada.id, LOBBY_ID, EVER, 10, 1 << 20)
    await storage.timelines.support_queue(QueuePlace(0, 0, 0), 10)
    await storage.timelines.first_conversations(ada.id, 10)
    await storage.timelines.count_conversations(ada.id)
    await storage.timelines.support_changes(LOBBY_ID, 10)


async def _find(storage: PostgresStorage, ada: Person, _ben: Person) -> None:
    hello = Query((Term(("hello",), ("hello",)),))
    for since in (None, 1.0):
        search = Search(person_id=ada.id, query=hello, since=since, limit=10, most_bytes=100)
        await storage.feature_ports[INDEX].find(search)
    with pytest.MonkeyPatch.context() as narrow:  # it looks in all its three places
        narrow.setattr(statements, "NEWEST", 1)
        narrow.setattr(Sample, "more_to_scan", lambda _sample, _wanted: 10)
        await storage.feature_ports[INDEX].find(structs.replace(search, is_best=True))


def listening(address: DatabaseAddress) -> Scenario:
    """Changes are followed, through a connection that is lost: what is committed meanwhile is not missed."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            send, got = trio.open_memory_channel[int | None](1000)
            rooms, _told = trio.open_memory_channel[int | None](1000)

            async def live() -> None:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(storage.watch, send.send_nowait, rooms.send_nowait, lambda _id: None)
                    with trio.fail_after(15):
                        assert await got.receive() is None
                        await set_roles(storage.users, ada.id, operator=True, admin=False)
                        assert await got.receive() == ada.id
                        await trio.sleep(0.05)  # it is looked at whether it still listens
                        await execute(address, _END_LISTENERS)
                        assert await got.receive() is None
                    nursery.cancel_scope.cancel()

            await run.target(live)
            with trio.fail_after(15):
                while await _listeners(storage):  # noqa: ASYNC110 - they are another process's
                    await trio.sleep(0.01)

    return scenario


_LISTENERS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'chat listener'"
_END_LISTENERS = f"SELECT pg_terminate_backend(pid) {_LISTENERS}"


async def _listeners(storage: PostgresStorage) -> Any:
    return await storage._database.read(
        lambda connection: connection.fetchval(f"SELECT count(*) {_LISTENERS}")
    )


def migration(address: DatabaseAddress) -> Scenario:
    """The schema is made whole or not at all. Of the migrations a few are enough: they are one transaction."""
    few = known_migrations()[:4]

    async def scenario(run: Run) -> None:
        await execute(address, NO_SCHEMA)

        async def migrate_to(migrations: list[Migration]) -> None:
            async with open_asyncio():
                await migrate(address, connect_timeout=5, migrations=migrations)

        await migrate_to(few[:2])
        await run.target(migrate_to, few)
        assert await fetch(address, _NEWEST) in ((2, 4) if run.fired else (4,))
        with trio.fail_after(15):
            await migrate_to(few)
        assert await fetch(address, _NEWEST) == 4

    return scenario


_NEWEST = "SELECT max(version) FROM schema_migrations"


_OLDER_NAMES = """
INSERT INTO users (name, name_key, display_name, password_hash)
VALUES ('ada', 'ada', 'Ada', 'x'), ('ａｄａ', 'ａｄａ', NULL, 'x')"""


def older_names(address: DatabaseAddress) -> Scenario:
    """What older names look like is noted at the start, or at the next one."""

    async def scenario(run: Run) -> None:
        empty(address, _OLDER_NAMES)

        async def open_and_report() -> None:
            async with storage_at(address) as storage:
                assert len(await storage.users.look_alikes()) == 1

        await run.target(open_and_report)
        with trio.fail_after(15):
            await open_and_report()

    return scenario


def second_writer(address: DatabaseAddress) -> Scenario:
    """A writer that reconnects, and one that waits for the lock of another: what is cancelled keeps no lock."""

    async def scenario(run: Run) -> None:
        async with open_asyncio():
            first, second = Writer(address, 2), Writer(address, 0.4)
            nowhere = Writer({"host": "/nowhere", "user": "chat", "database": "chat"}, 0.25)

            async def select(connection: Any) -> Any:
                return await connection.fetchval("SELECT 1")

            async def write() -> None:
                await first.run(select)
                first.disconnect()
                await first.run(select)
                for waiting in (second, nowhere):
                    with suppress(StorageDown):
                        await waiting.run(select)

            await run.target(write)
            second.disconnect()
            with trio.fail_after(15):
                assert await first.run(select) == 1
            first.disconnect()

    return scenario


@asynccontextmanager
async def open_shell(
    script: str, directory: Path, grace: float
) -> AsyncGenerator[tuple[Process, trio.abc.ReceiveStream]]:
    """A child of ours, and what it says: it says something when its traps are set."""
    said, output = os.pipe()
    async with trio.lowlevel.FdStream(said) as stream:
        with os.fdopen(output, "wb") as ours:
            shell = open_process(
                ("/bin/sh", "-c", script), directory=directory, owner=None, output=ours.fileno(), grace=grace
            )
            async with shell as process:
                yield process, stream


async def stubborn_process(run: Run) -> None:
    """A child that does not want to stop is stopped all the same, within its grace and a second."""
    pids: list[int] = []
    stubborn = "trap '' INT QUIT; echo set; while :; do sleep 0.05; done"

    async def live() -> None:
        async with open_shell(stubborn, Path("/"), grace=0.1) as (process, said):
            pids.append(process.pid)
            await said.receive_some(1)

    try:
        await run.target(live)
    finally:  # what a planted defect leaves is not to outlive its test
        left = [pid for pid in pids if _killed(pid)]
    assert not left, "it runs on, or is a zombie"


def _killed(pid: int) -> bool:
    """Kill and reap a child of ours; say whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    os.waitpid(pid, 0)
    return True


def _config(data: Path, bus: str | None = None) -> Config:
    return Config(listen=(Listen("127.0.0.1", 0),), data=data, grace=3.0, bcrypt_cost=4, bus=bus)


async def open_once(data: Path) -> None:
    """Make the data directory and its database."""
    async with open_server(_config(data)):
        pass


def embedded_server(data: Path) -> Scenario:
    """The whole server with a PostgreSQL of its own, on data that are there already, and with a bus for others."""

    async def live() -> None:
        async with open_server(_config(data, "notify")):
            await trio.sleep(0.05)

    return partial(_on_own_postgres, data, live)


def embedded_accounts(data: Path) -> Scenario:
    """What `chat user` opens, where no server runs."""

    async def live() -> None:
        async with open_data_access(_config(data)) as opened:
            await opened.people.people()

    return partial(_on_own_postgres, data, live)


async def _on_own_postgres(data: Path, live: Callable[[], Awaitable[None]], run: Run) -> None:
    pids: list[int] = []
    cluster = data / "postgres" / "cluster"
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n")  # as of a server whose number is ours now

    async def watch() -> None:
        while True:
            pid = read_pid(cluster)
            if pid is not None and pid not in pids:
                pids.append(pid)
            await trio.sleep(0.02)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        try:
            await run.target(live)
        except* CannotStart:
            assert run.fired  # PostgreSQL ended while the storage was being opened
        nursery.cancel_scope.cancel()
    for pid in pids:
        with suppress(ProcessLookupError):
            assert not await runs_on(pid, cluster), "PostgreSQL is left running"


async def leftover(run: Run) -> None:
    """A PostgreSQL that an earlier server left takes its time to stop; here a shell plays it."""
    with TemporaryDirectory(prefix="chat-") as directory:
        cluster = Path(directory)
        script = "trap 'sleep 0.1; exit' INT; echo set; while :; do sleep 0.02; done"
        async with open_shell(script, cluster, grace=0.5) as (process, said):
            await said.receive_some(1)
            (cluster / "postmaster.pid").write_text(f"{process.pid}\n")

            async def stop() -> None:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(process.wait)  # no zombie, which would count as running
                    await stop_leftover(cluster)

            await run.target(stop)
            assert run.fired or process.has_ended()


async def new_cluster(home: Path, run: Run) -> None:
    """A cluster is made whole or not at all."""
    data = Path(mkdtemp(dir=home))  # a point may be tried more than once
    os.chmod(data, 0o755)
    await run.target(prepare_cluster, data)
    left = {path.name for path in (data / "postgres").glob("*")} if (data / "postgres").exists() else set()
    assert left <= {"cluster"}, f"{left} are left behind"
    if "cluster" in left:
        assert (data / "postgres" / "cluster" / "PG_VERSION").exists()
