"""What a storage keeps of scheduled messages; each test runs in memory and on PostgreSQL."""

import time

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import BANNED, NO_PERSON, Refusal
from chat.due.port import DUE
from chat.features.scheduled import queries
from chat.features.scheduled.port import (
    BEING_SENT,
    NO_SCHEDULED,
    OTHER_MESSAGE,
    SCHEDULED,
    SCHEDULED_MESSAGES,
    TOO_MANY_SCHEDULED,
    NewScheduled,
    Scheduled,
    ScheduledMessages,
)
from chat.storage.postgres.storage import PostgresStorage
from tests.features.scheduled import model

ADA, BEN = 1, 2
PAST, LONG_PAST = -5.25, -1_000.0
FUTURE, LATER = 8_000_000_000.0, 9_000_000_000.0


@pytest.fixture
async def store(storage: Storage) -> ScheduledMessages:
    for name in ("ada", "ben"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    return storage.feature_ports[SCHEDULED_MESSAGES]


def a_message(key: str, at: float, text: str = "hello") -> NewScheduled:
    return NewScheduled(person_id=ADA, room_id=LOBBY_ID, key=key, text=text, reply=None, send_at=at)


async def kept(store: ScheduledMessages, key: str, at: float) -> Scheduled:
    made = await store.schedule(a_message(key, at))
    assert isinstance(made, Scheduled)
    return made


async def wait_of(storage: Storage) -> float | None:
    return await storage.feature_ports[DUE].next_in([SCHEDULED])


async def test_those_that_are_due_are_taken_in_their_order(
    storage: Storage, store: ScheduledMessages
) -> None:
    later, past, first = [
        await kept(store, key, at) for key, at in (("c", FUTURE), ("b", PAST), ("a", LONG_PAST))
    ]
    assert [each.id for each in await store.all_of(ADA)] == [first.id, past.id, later.id]
    assert await store.all_of(BEN) == []
    (item,) = await storage.feature_ports[DUE].claim([SCHEDULED], 9, 60.0)
    assert item.key == str(ADA)
    for expected in (first, past):
        for _ in range(2):  # as after a kill
            taken = await store.take(ADA)
            assert taken is not None
            assert (taken.id, taken.state) == (expected.id, "sending")
        await store.sent(expected.id)
    assert await store.take(ADA) is None
    await store.settle(ADA)
    await storage.feature_ports[DUE].done(item)
    assert (await wait_of(storage) or 0.0) > 1_000_000
    await store.remove(ADA, later.id)
    await store.settle(ADA)
    assert await wait_of(storage) is None


async def test_a_key_schedules_one_message(store: ScheduledMessages) -> None:
    made = await kept(store, "k", FUTURE)
    assert await store.schedule(a_message("k", LATER)) == made
    assert await store.schedule(a_message("k", FUTURE, "another")) == OTHER_MESSAGE
    assert await store.all_of(ADA) == [made]


async def test_what_is_being_sent_stays_as_it_is(storage: Storage, store: ScheduledMessages) -> None:
    made = await kept(store, "k", PAST)
    assert await store.change(BEN, made.id, "not mine", None) == NO_SCHEDULED
    await store.take(ADA)
    assert await store.change(ADA, made.id, "other", None) == BEING_SENT
    assert await store.remove(ADA, made.id) == BEING_SENT
    await store.settle(ADA, 60.0)
    wait = await wait_of(storage)
    assert wait is not None
    assert 30 < wait <= 60
    await store.release(made.id)
    changed = await store.change(ADA, made.id, "other", LATER)
    assert isinstance(changed, Scheduled)
    assert (changed.text, changed.send_at) == ("other", LATER)
    assert await store.take(ADA) is None
    now = await store.change(ADA, made.id, None, None, is_now=True)
    assert isinstance(now, Scheduled)
    assert (await wait_of(storage) or 0.0) <= 0
    assert await store.take(ADA) is not None


async def test_a_refused_one_waits_for_its_person(storage: Storage, store: ScheduledMessages) -> None:
    made = await kept(store, "k", PAST)
    await store.take(ADA)
    await store.refuse(made.id, BANNED)
    (refused,) = await store.all_of(ADA)
    assert (refused.state, refused.refusal) == ("refused", BANNED)
    assert await store.take(ADA) is None
    await store.settle(ADA)
    assert await wait_of(storage) is None
    again = await store.change(ADA, made.id, None, LATER)
    assert isinstance(again, Scheduled)
    assert (again.state, again.refusal) == ("waiting", None)
    for _ in range(2):
        assert await store.remove(ADA, made.id) is None
    assert await store.change(ADA, made.id, None, LATER) == NO_SCHEDULED


async def test_a_postponed_one_waits_and_the_next_one_is_taken(
    storage: Storage, store: ScheduledMessages
) -> None:
    now = time.time() if isinstance(storage, PostgresStorage) else trio.current_time()
    await kept(store, "b", now - 5)
    first = await kept(store, "a", now - 5)
    assert await store.postpone(first.id, 60.0) is None  # nobody has taken it
    taken = await store.take(ADA)
    assert taken is not None
    postponed = await store.postpone(taken.id, 60.0)
    assert postponed is not None
    assert (postponed.state, postponed.send_at > taken.send_at + 60) == ("waiting", True)
    other = await store.take(ADA)
    assert other is not None
    assert other.id != taken.id
    await store.sent(other.id)
    assert await store.take(ADA) is None
    await store.settle(ADA)
    assert 30 < (await wait_of(storage) or 0.0) <= 60


async def test_one_is_postponed_for_a_day_at_most(
    store: ScheduledMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept(store, "a", LONG_PAST - 10_000_000)
    for _ in range(2):
        taken = await store.take(ADA)
        assert taken is not None
        assert await store.postpone(taken.id, 60.0) is None
    now = await store.change(ADA, taken.id, None, None, is_now=True)
    assert isinstance(now, Refusal)  # it is being sent
    await store.release(taken.id)
    assert isinstance(await store.change(ADA, taken.id, None, None, is_now=True), Scheduled)
    assert await store.take(ADA) is not None
    assert await store.postpone(taken.id, -1.0) is not None  # its time is another one now
    assert await store.take(ADA) is not None
    assert await store.postpone(taken.id, 60.0) is not None


async def test_there_are_so_many_and_none_of_a_deleted_person(
    storage: Storage, store: ScheduledMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (queries, model):
        monkeypatch.setattr(module, "MOST", 1)
    await kept(store, "k", PAST)
    assert await store.schedule(a_message("l", FUTURE)) == TOO_MANY_SCHEDULED
    assert await storage.users.delete(ADA)
    assert await store.take(ADA) is None
    assert await store.all_of(ADA) == []
    assert await store.schedule(a_message("m", FUTURE)) == NO_PERSON
