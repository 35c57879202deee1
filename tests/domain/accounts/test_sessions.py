"""Refresh tokens: without the secret nobody can make one, and no usable token is stored."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest

from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.sessions import Device, Opened, Sessions
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.throttle import Throttle
from chat.domain.ports import NewPerson
from chat.domain.refusals import Refusal
from tests.reference.storage import MemoryStorage

HERE = Device("203.0.113.7", "browser")


OURS = "a secret of the tests that is long enough"
NEW = "the secret of the tests from now on"


def rules(storage: MemoryStorage, secret: str = OURS, previous: str | None = None) -> Sessions:
    accounts = Accounts(
        storage.users,
        Passwords(4),
        Tokens(secret, 3600, previous=previous),
        Throttle(),
        Registrations(0),
        min_password=5,
        person=storage.users.by_id,
        sessions=storage.sessions,
    )
    return Sessions(storage.sessions, accounts)


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage(lambda: 1000.0)


@pytest.fixture
async def ada(storage: MemoryStorage) -> Person:
    added = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(added, Person)
    return added


async def opened(sessions: Sessions, person: Person) -> Opened:
    session = await sessions.open(person, HERE)
    assert isinstance(session, Opened)
    return session


async def test_two_servers_with_one_secret_agree_on_the_successor(
    storage: MemoryStorage, ada: Person
) -> None:
    first = await opened(rules(storage), ada)
    one = await rules(storage).refresh(first.refresh, HERE)
    other = await rules(storage).refresh(first.refresh, HERE)
    assert isinstance(one, Opened)
    assert isinstance(other, Opened)
    assert one.refresh == other.refresh


async def test_another_secret_makes_another_successor(storage: MemoryStorage, ada: Person) -> None:
    ours, theirs = rules(storage), rules(storage, "a secret of somebody else that is as long")
    token = urlsafe_b64decode((await opened(ours, ada)).refresh)
    (one,), (other,) = ours._successors(token), theirs._successors(token)
    assert one[:16] == other[:16] == token[:16], "the family stays"
    assert one[16:] != other[16:]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_while_the_secret_is_changed_servers_agree_on_the_successor(
    storage: MemoryStorage, ada: Person, order: tuple[int, int]
) -> None:
    servers = rules(storage, OURS, NEW), rules(storage, NEW, OURS)
    first = await opened(rules(storage), ada)
    one, other = [await servers[number].refresh(first.refresh, HERE) for number in order]
    assert isinstance(one, Opened)
    assert isinstance(other, Opened)
    assert one.refresh == other.refresh
    for server in servers:
        following = await server.refresh(one.refresh, HERE)
        assert isinstance(following, Opened)


async def test_stored_digests_contain_no_part_of_a_token(storage: MemoryStorage, ada: Person) -> None:
    sessions = rules(storage)
    first = await opened(sessions, ada)
    second = await sessions.refresh(first.refresh, HERE)
    assert isinstance(second, Opened)
    kept: Any = storage.sessions._rows[first.session.id]
    digests = [kept.newest.family, kept.newest.own, kept.newest.successor, kept.previous]
    for token in (first.refresh, second.refresh):
        raw = urlsafe_b64decode(token)
        assert len(raw) == 48
        assert not any(digest in raw or raw[:16] in digest or raw[16:] in digest for digest in digests)


async def test_no_two_sessions_have_anything_in_common(storage: MemoryStorage, ada: Person) -> None:
    tokens = [urlsafe_b64decode((await opened(rules(storage), ada)).refresh) for _ in range(10)]
    assert len({token[:16] for token in tokens}) == len({token[16:] for token in tokens}) == 10


async def test_the_family_alone_ends_the_session_and_lets_nobody_in(
    storage: MemoryStorage, ada: Person
) -> None:
    sessions = rules(storage)
    first = await opened(sessions, ada)
    forged = first.refresh[:22] + "A" * 42
    assert isinstance(await sessions.refresh(forged, HERE), Refusal)
    assert isinstance(await sessions.refresh(first.refresh, HERE), Refusal)


async def test_after_a_restore_a_newer_token_is_accepted_and_an_older_one_is_not() -> None:
    clock = [1000.0]
    storage = MemoryStorage(lambda: clock[0])
    sessions = rules(storage)
    for name in ("ada", "ben"):
        person = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
        assert isinstance(person, Person)
        tokens = [(await opened(sessions, person)).refresh]
        backup: Any = {}
        for number in range(6):
            clock[0] += 900
            if number == 3:
                backup = dict(storage.sessions._rows)
            refreshed = await sessions.refresh(tokens[-1], HERE)
            assert isinstance(refreshed, Opened)
            tokens.append(refreshed.refresh)
        storage.sessions._rows = backup
        clock[0] += 60
        await storage.sessions.mark_restored()
        if name == "ada":
            continued = await sessions.refresh(tokens[-1], HERE)
            assert isinstance(continued, Opened)
            assert isinstance(await sessions.refresh(continued.refresh, HERE), Opened)
        else:  # a thief has one that was used before the backup
            assert isinstance(await sessions.refresh(tokens[1], HERE), Refusal)
