"""One contract for sessions and the first admin's code. Each test runs on memory and on PostgreSQL."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
import trio

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LoginSession, Person
from chat.domain.ports import (
    MOST_SESSIONS,
    OVERLAP,
    NewPerson,
    NewSession,
    ProfileChange,
    Refreshing,
    SessionRefreshed,
    Storage,
    Taken,
    TokenReused,
)
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from tests.reference.storage import MemoryStorage
from tests.support.account_changes import end_tokens, set_disabled
from tests.support.databases import new_database
from tests.support.server import ServerProcess

DAY = 86_400.0
FIRST = Refreshing(b"family", b"first", b"second")
SECOND = Refreshing(b"family", b"second", b"third")
THIRD = Refreshing(b"family", b"third", b"fourth")

_EARLIER = """
UPDATE sessions SET created_at = created_at - interval '{0} s', used_at = used_at - interval '{0} s',
    expires_at = expires_at - interval '{0} s', refreshed_at = refreshed_at - interval '{0} s';
UPDATE restores SET at = at - interval '{0} s'"""


class World:
    """A storage with two people in it, and a way to let time go by for the sessions that it has now."""

    def __init__(self, storage: Storage, pass_time: Callable[[float], Awaitable[None]]) -> None:
        self.storage = storage
        self.sessions = storage.sessions
        self.pass_time = pass_time

    async def begin(
        self, person: int = 1, refreshing: Refreshing | None = FIRST, generation: int = 0, lasts: float = DAY
    ) -> LoginSession:
        session = await self.sessions.begin(
            NewSession(
                person_id=person,
                generation=generation,
                lasts=lasts,
                name="phone",
                address="203.0.113.7",
                agent="browser",
                refreshing=refreshing,
            )
        )
        assert session is not None
        return session

    async def refresh(self, used: Refreshing) -> LoginSession | TokenReused | None:
        refreshed = await self.refreshed(used)
        return refreshed.session if isinstance(refreshed, SessionRefreshed) else refreshed

    async def refreshed(self, used: Refreshing) -> SessionRefreshed | TokenReused | None:
        return await self.sessions.refresh(used, lasts=DAY, address="198.51.100.1", agent="other")

    async def living(self) -> list[int]:
        return sorted(await self.sessions.living(range(1, 200)))


@pytest.fixture(params=["memory", "postgres"])
async def world(request: pytest.FixtureRequest, server: ServerProcess) -> AsyncGenerator[World]:
    with trio.fail_after(60):
        if request.param == "memory":
            clock = [1000.0]

            async def later(seconds: float) -> None:
                clock[0] += seconds

            yield await peopled(World(MemoryStorage(lambda: clock[0]), later))
            return
        async with (
            new_database(server) as database,
            open_postgres_storage(database, pool_size=4, query_timeout=10, commit_timeout=10) as storage,
        ):

            async def earlier(seconds: float) -> None:
                await _execute(storage, _EARLIER.format(seconds))

            yield await peopled(World(storage, earlier))


async def peopled(world: World) -> World:
    for name in ("ada", "ben"):
        added = await world.storage.users.add(NewPerson(name=name, password_hash=b"x"))
        assert isinstance(added, Person)
    return world


async def _execute(storage: PostgresStorage, statement: str) -> None:
    async def execute(connection: Connection) -> None:
        await connection.execute(statement)

    await storage._database.write(execute)


async def test_a_session_has_its_initial_values(world: World) -> None:
    session = await world.begin()
    expected = (1, "login", "phone", "203.0.113.7", "browser")
    told = (session.person_id, session.kind, session.name, session.address, session.agent)
    assert told == expected
    assert session.created_at == session.used_at > 1.6e9
    bot = await world.begin(refreshing=None)
    assert bot.kind == "token"
    assert await world.sessions.of_person(1) == [bot, session]
    assert await world.sessions.of_person(2) == []
    assert await world.sessions.living([session.id, 99, bot.id]) == {session.id: 1, bot.id: 1}


@pytest.mark.parametrize(("person", "generation"), [(99, 0), (1, 1), (1, -1)])
async def test_a_changed_or_deleted_account_begins_no_session(
    world: World, person: int, generation: int
) -> None:
    new = NewSession(person_id=person, generation=generation, lasts=DAY)
    assert await world.sessions.begin(new) is None
    assert await world.living() == []


async def test_a_disabled_or_deleted_account_has_no_sessions(world: World) -> None:
    await world.begin(), await world.begin(2, None)
    await set_disabled(world.storage.users, 1, disabled=True)
    await world.storage.users.delete(2)
    assert await world.living() == []
    for person, generation in ((1, 0), (1, 1), (2, 0)):
        new = NewSession(person_id=person, generation=generation, lasts=DAY)
        assert await world.sessions.begin(new) is None


async def test_a_disabled_account_with_kept_sessions_uses_no_refresh_token(world: World) -> None:
    begun = await world.begin()
    blocking = AccountChange(is_disabled=True, keeps_sessions=True)
    assert isinstance(await world.storage.users.administer(1, blocking, None), Person)
    for _ in range(2):
        kept = await world.refresh(FIRST)
        assert isinstance(kept, LoginSession)
        assert (kept.id, kept.address) == (begun.id, "203.0.113.7")
        await world.pass_time(60)
    await set_disabled(world.storage.users, 1, disabled=False)
    assert isinstance(await world.refresh(FIRST), LoginSession)
    assert isinstance(await world.refresh(SECOND), LoginSession)


async def test_the_newest_token_is_followed_by_its_successor(world: World) -> None:
    begun = await world.begin()
    await world.pass_time(DAY - 1)
    refreshed = await world.refresh(FIRST)
    assert isinstance(refreshed, LoginSession)
    assert (refreshed.id, refreshed.address, refreshed.agent) == (begun.id, "198.51.100.1", "other")
    assert refreshed.used_at >= begun.used_at
    await world.pass_time(DAY - 1)
    assert isinstance(await world.refresh(SECOND), LoginSession), "it lasts from the last refresh"
    await world.pass_time(DAY)
    assert await world.refresh(THIRD) is None
    assert await world.living() == []


async def test_the_one_before_is_good_for_the_overlap_and_no_longer(world: World) -> None:
    await world.begin()
    assert isinstance(await world.refresh(FIRST), LoginSession)
    await world.pass_time(OVERLAP - 5)
    assert isinstance(await world.refresh(FIRST), LoginSession)
    await world.pass_time(6)
    assert isinstance(await world.refresh(FIRST), TokenReused), "the second use began no overlap of its own"
    assert await world.refresh(SECOND) is None


@pytest.mark.parametrize("used", [FIRST, Refreshing(b"family", b"made up", b"-")])
async def test_any_other_of_the_family_ends_the_session(world: World, used: Refreshing) -> None:
    begun, other = await world.begin(), await world.begin(2, None)
    await world.refresh(FIRST), await world.refresh(SECOND)
    replayed = await world.refresh(used)
    assert isinstance(replayed, TokenReused)
    assert replayed.session.id == begun.id
    assert await world.living() == [other.id]
    assert await world.refresh(Refreshing(b"other", b"third", b"-")) is None


def newer(own: bytes, successor: bytes = b"-") -> Refreshing:
    """A token of the family that does not precede the newest one that is known."""
    return Refreshing(b"family", own, successor, lambda _newest: False)


async def test_after_a_restore_a_newer_token_continues_its_session_once(world: World) -> None:
    begun = await world.begin()
    await world.pass_time(1)
    await world.sessions.mark_restored()
    await world.pass_time(3600)
    continued = await world.refresh(newer(b"eighth", b"ninth"))
    assert isinstance(continued, LoginSession)
    assert continued.id == begun.id
    assert isinstance(await world.refresh(newer(b"ninth", b"tenth")), LoginSession), "it is the newest now"
    assert isinstance(await world.refresh(newer(b"twelfth")), TokenReused), "a second one is not let in"
    assert await world.living() == []


async def test_the_last_restore_is_told_with_the_time_of_its_backup(world: World) -> None:
    assert await world.sessions.last_restore() is None
    await world.sessions.mark_restored()
    first = await world.sessions.last_restore()
    assert first is not None
    assert first.until is None
    await world.sessions.mark_restored(1_700_000_000.25)
    second = await world.sessions.last_restore()
    assert second is not None
    assert second.until == 1_700_000_000.25
    assert second.at > first.at


@pytest.mark.parametrize("case", ["no restore", "long ago", "an older token", "begun later", "disabled"])
async def test_a_newer_token_ends_its_session_unless_a_restore_explains_it(world: World, case: str) -> None:
    if case == "begun later":
        await world.sessions.mark_restored()
        await world.pass_time(1)
    await world.begin(lasts=3 * DAY)
    await world.pass_time(1)
    if case not in ("no restore", "begun later"):
        await world.sessions.mark_restored()
    await world.pass_time(DAY + 5 if case == "long ago" else DAY - 5)
    if case == "disabled":
        await set_disabled(world.storage.users, 1, disabled=True)
    used = Refreshing(b"family", b"before", b"-") if case == "an older token" else newer(b"eighth")
    assert not isinstance(await world.refresh(used), LoginSession)
    assert case == "disabled" or await world.living() == []


async def test_the_second_use_of_a_token_says_what_the_first_made_of_it(world: World) -> None:
    """A server with another secret makes another successor of the same token."""
    await world.begin()
    elsewhere = Refreshing(b"family", b"first", b"made with another secret")
    assert [await world.refreshed(used) for used in (FIRST, elsewhere)] == [
        SessionRefreshed(session, b"second") for session in await world.sessions.of_person(1)
    ] * 2


async def test_concurrent_uses_of_a_refresh_token_get_the_same_successor(world: World) -> None:
    await world.begin()
    got: list[LoginSession | TokenReused | None] = []

    async def refresh() -> None:
        got.append(await world.refresh(FIRST))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(refresh)
    assert all(isinstance(each, LoginSession) for each in got)
    assert isinstance(await world.refresh(SECOND), LoginSession)


async def test_a_session_is_ended_only_by_its_person(world: World) -> None:
    one, two = await world.begin(), await world.begin(2, None)
    assert not await world.sessions.end(2, one.id)
    assert not await world.sessions.end(1, 99)
    assert await world.living() == [one.id, two.id]
    assert await world.sessions.end(1, one.id)
    assert not await world.sessions.end(1, one.id)
    assert await world.living() == [two.id]


async def test_all_others_or_all_are_ended(world: World) -> None:
    one, two = await world.begin(), await world.begin(1, None)
    ben = await world.begin(2, None)
    await world.sessions.end_others(1, two.id)
    assert await world.living() == [two.id, ben.id]
    await world.sessions.end_others(1, None)
    assert await world.living() == [ben.id]
    assert one.id not in await world.living()


async def test_a_session_is_ended_by_its_token_family(world: World) -> None:
    one, two = await world.begin(), await world.begin(1, Refreshing(b"other", b"1", b"2"))
    await world.sessions.end_family(b"nobody's")
    await world.sessions.end_family(b"family")
    assert await world.living() == [two.id]
    assert one.id != two.id


async def test_a_raised_generation_ends_all_of_that_person(world: World) -> None:
    for number, act in enumerate(
        (
            lambda: end_tokens(world.storage.users, 1),
            lambda: world.storage.users.set_password(1, b"other"),
        )
    ):
        await world.begin(generation=number)
        ben = await world.begin(2, None)
        await act()
        assert ben.id in await world.living()
        assert await world.sessions.of_person(1) == []
        assert await world.refresh(FIRST) is None
    await world.begin(generation=2)


async def test_one_too_many_ends_the_one_that_was_used_longest_ago_of_its_kind(world: World) -> None:
    bot = await world.begin(refreshing=None)
    logins = [
        await world.begin(refreshing=Refreshing(b"%d" % number, b"1", b"2"))
        for number in range(MOST_SESSIONS)
    ]
    await world.refresh(Refreshing(b"0", b"1", b"2"))
    assert len(await world.living()) == MOST_SESSIONS + 1
    last = await world.begin(refreshing=Refreshing(b"last", b"1", b"2"))
    kept = {bot.id, last.id, logins[0].id, *(each.id for each in logins[2:])}
    assert set(await world.living()) == kept


async def test_watchers_of_people_are_notified_of_ended_sessions(world: World) -> None:
    one, two, three = await world.begin(), await world.begin(1, None), await world.begin(2, None)
    send, told = trio.open_memory_channel[int | None](100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.storage.watch, send.send_nowait, lambda _id: None, lambda _id: None)
        assert await told.receive() is None
        await world.sessions.end(1, one.id)
        assert await told.receive() == 1
        await world.sessions.end_others(2, None)
        assert await told.receive() == 2
        await world.begin(2, None)
        await world.refresh(FIRST)
        await world.sessions.end_others(1, None)
        assert await told.receive() == 1, "beginning one tells nobody"
        nursery.cancel_scope.cancel()
    assert {two.id, three.id}.isdisjoint(await world.living())


async def test_a_profile_is_changed_as_a_whole_or_not_at_all(world: World) -> None:
    users = world.storage.users
    before = await users.by_id(1)
    assert before is not None
    assert (before.changed_at, before.share_reads) == (before.created_at, True)
    ben = await users.change_profile(2, ProfileChange(email="ben@example.com"))
    assert isinstance(ben, Person)
    assert ben.email == "ben@example.com"
    taken = ProfileChange(name="adele", email="BEN@example.com")
    assert await users.change_profile(1, taken) == Taken("email")
    assert await users.change_profile(1, ProfileChange(name="Ben", display_name="x")) == Taken("name")
    assert await users.change_profile(1, ProfileChange(name="ｂen", display_name="x")) == Taken("look")
    assert await users.change_profile(99, ProfileChange(name="x")) is None
    assert await users.by_id(1) == before
    every = ProfileChange(name="adele", display_name="Adèle", email="a@example.com", share_reads=False)
    after = await users.change_profile(1, every)
    assert isinstance(after, Person)
    assert (after.name, after.display_name, after.email) == ("adele", "Adèle", "a@example.com")
    assert (after.share_reads, after.changed_at > before.changed_at) == (False, True)
    assert await users.change_profile(1, ProfileChange()) == after, (
        "nothing changed, so it changed at no time"
    )
    assert await end_tokens(users, 1) is not None
    later = await users.by_id(1)
    assert later is not None
    assert later.changed_at == after.changed_at, "that is no part of the profile"
    less = await users.change_profile(1, ProfileChange(display_name=None, email=None))
    assert isinstance(less, Person)
    assert (less.name, less.display_name, less.email, less.share_reads) == ("adele", None, None, False)
    known = await users.by_name("ADELE")
    assert known is not None
    assert await users.by_email("a@example.com") is None
    assert not isinstance(await users.add(NewPerson(name="ada", password_hash=b"x")), Taken), "it is free"


async def test_a_code_is_kept_until_it_is_void(world: World) -> None:
    set_up = world.storage.set_up
    assert await set_up.is_needed()
    assert await set_up.take_try() is None
    assert await set_up.prepare(b"one", 2) == b"one"
    assert await set_up.prepare(b"two", 2) == b"one"
    assert [await set_up.take_try() for _ in range(3)] == [b"one", b"one", None]
    assert await set_up.prepare(b"two", 2) == b"two"
    assert await set_up.take_try() == b"two"


@pytest.mark.parametrize("how", ["added", "given the role"])
async def test_a_code_is_void_once_there_is_an_admin_also_when_there_is_none_again(
    world: World, how: str
) -> None:
    set_up, users = world.storage.set_up, world.storage.users
    assert await set_up.prepare(b"one", 5) == b"one"
    new = NewPerson(name="grace", password_hash=b"x", is_admin=how == "added", by_command=True)
    grace = await users.add(new)
    assert isinstance(grace, Person)
    await users.administer(grace.id, AccountChange(is_admin=True), None)
    assert not await set_up.is_needed()
    await users.administer(grace.id, AccountChange(is_admin=False), None)
    assert await set_up.is_needed()
    assert await set_up.take_try() is None
    assert await set_up.make_admin(NewPerson(name="hedy", password_hash=b"x", is_admin=True)) is None
    assert await set_up.prepare(b"two", 5) == b"two", "the next start has another"
    assert await set_up.take_try() == b"two"
    hedy = await set_up.make_admin(NewPerson(name="hedy", password_hash=b"x", is_admin=True))
    assert isinstance(hedy, Person)


async def test_admins_made_by_the_code_and_by_a_command_at_once_wait_for_each_other(world: World) -> None:
    set_up, users = world.storage.set_up, world.storage.users
    await set_up.prepare(b"one", 5)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for number in range(5):
                by_code = NewPerson(name=f"by code {number}", password_hash=b"x", is_admin=True)
                nursery.start_soon(set_up.make_admin, by_code)
                nursery.start_soon(
                    users.add, NewPerson(name=f"by command {number}", password_hash=b"x", is_admin=True)
                )
    assert not await set_up.is_needed()
    assert await set_up.take_try() is None


async def test_there_is_one_first_admin(world: World) -> None:
    set_up = world.storage.set_up
    grace = NewPerson(name="grace", password_hash=b"x", is_admin=True)
    assert await set_up.make_admin(grace) is None, "there is no code"
    await set_up.prepare(b"one", 5)
    for name, what in (("ADA", "name"), ("аda", "look")):
        new = NewPerson(name=name, password_hash=b"x", is_admin=True)
        assert await set_up.make_admin(new) == Taken(what)
    assert await set_up.take_try() == b"one"
    made: list[Person | Taken | None] = []

    async def make(name: str) -> None:
        made.append(await set_up.make_admin(NewPerson(name=name, password_hash=b"x", is_admin=True)))

    async with trio.open_nursery() as nursery:
        for name in ("grace", "hedy"):
            nursery.start_soon(make, name)
    assert len([person for person in made if isinstance(person, Person) and person.is_admin]) == 1
    assert None in made
    assert not await set_up.is_needed()
    assert await set_up.prepare(b"two", 5) is None
    assert await set_up.take_try() is None
