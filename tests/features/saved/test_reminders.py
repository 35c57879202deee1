"""Reminders in a storage: what is due, in which order, and when the next one is; in memory and on PostgreSQL."""

import pytest

from chat.domain.entities import Draft, MessageKind, Person, Room
from chat.domain.messages.changes import Deletion, Removal
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_MESSAGE
from chat.due.port import DUE
from chat.features.saved import queries
from chat.features.saved.reminders import REMINDER, REMINDERS, Due, Reminder, Reminders
from chat.features.saved.use_cases import SAVED_MESSAGES, TOO_MANY_SAVED
from tests.features.saved import model

NOW = 1_700_000_000.5
ADA, BEN = 1, 2
ONE, TWO, THREE = 2, 3, 4
"""The seqs of three texts: Ben's joining stands before them."""
PAST, LONG_PAST = -5.25, -1_000.0
FUTURE, LATER = 8_000_000_000.0, 9_000_000_000.0


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's room, in which Ben is, with three messages of hers."""
    for name in ("ada", "ben"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    room = await storage.rooms.create("garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, BEN, "", "", NOW, MessageKind.JOIN)])
    for text in ("one", "two", "three"):
        await storage.messages.save([Draft(room.id, ADA, "ada", text, NOW)])
    return room.id


@pytest.fixture
def reminders(storage: Storage) -> Reminders:
    return storage.feature_ports[REMINDERS]


async def due_in(storage: Storage) -> float | None:
    return await storage.feature_ports[DUE].next_in([REMINDER])


async def listed(storage: Storage) -> list[tuple[int, float | None, bool]]:
    page = await storage.feature_ports[SAVED_MESSAGES].page(BEN, 2**63 - 1, 9, 1 << 20)
    return [(each.message.seq, each.remind_at, each.is_due) for each in page]


async def test_what_is_due_is_announced_once_and_comes_first(
    storage: Storage, garden: int, reminders: Reminders
) -> None:
    assert await reminders.remind(BEN, garden, ONE, PAST) is None
    assert await reminders.remind(BEN, garden, TWO, FUTURE) is None
    assert await reminders.remind(BEN, garden, THREE, LONG_PAST) is None
    assert await reminders.reminders(BEN) == [
        Reminder(garden, THREE, LONG_PAST, False),
        Reminder(garden, ONE, PAST, False),
        Reminder(garden, TWO, FUTURE, False),
    ]
    assert await listed(storage) == [(THREE, LONG_PAST, False), (TWO, FUTURE, False), (ONE, PAST, False)]
    (item,) = await storage.feature_ports[DUE].claim([REMINDER], 9, 60.0)
    assert item.key == str(BEN)  # one for each person

    found = await reminders.due(BEN)
    assert found.reminders == [
        Due(garden, THREE, LONG_PAST, "ada", "three", "garden"),
        Due(garden, ONE, PAST, "ada", "one", "garden"),
    ]
    assert (await reminders.due(BEN)).reminders == found.reminders  # until it is settled
    await reminders.settle(BEN, found)
    assert (await reminders.due(BEN)).reminders == []
    assert {(seq, is_due) for seq, _, is_due in await listed(storage)} == {
        (ONE, True),
        (TWO, False),
        (THREE, True),
    }
    assert (await listed(storage))[-1] == (TWO, FUTURE, False)
    await storage.feature_ports[DUE].done(item)  # as the runner does, and it changes nothing
    wait = await due_in(storage)
    assert wait is not None
    assert wait > 1_000_000


async def test_a_time_that_is_set_again_is_announced_again(
    storage: Storage, garden: int, reminders: Reminders
) -> None:
    await reminders.remind(BEN, garden, ONE, PAST)
    await reminders.settle(BEN, await reminders.due(BEN))
    assert await due_in(storage) is None
    await reminders.remind(BEN, garden, ONE, LATER)
    assert await reminders.reminders(BEN) == [Reminder(garden, ONE, LATER, False)]
    await reminders.remind(BEN, garden, ONE, LONG_PAST)
    assert [each.at for each in (await reminders.due(BEN)).reminders] == [LONG_PAST]
    wait = await due_in(storage)
    assert wait is not None
    assert wait <= 0


async def test_a_claim_stays_one_while_others_are_added(
    storage: Storage, garden: int, reminders: Reminders
) -> None:
    due = storage.feature_ports[DUE]
    await reminders.remind(BEN, garden, ONE, PAST)
    (item,) = await due.claim([REMINDER], 9, 60.0)
    found = await reminders.due(BEN)
    await reminders.remind(BEN, garden, TWO, LATER)
    assert await due.claim([REMINDER], 9, 60.0) == []
    await reminders.settle(BEN, found)
    await due.done(item)
    assert (await due_in(storage) or 0.0) > 1_000_000


async def test_one_that_is_set_while_others_are_announced_is_due_again(
    storage: Storage, garden: int, reminders: Reminders
) -> None:
    await reminders.remind(BEN, garden, ONE, PAST)
    found = await reminders.due(BEN)
    await reminders.remind(BEN, garden, TWO, PAST)  # due already, and not found yet
    await reminders.settle(BEN, found)
    assert [each.seq for each in (await reminders.due(BEN)).reminders] == [TWO]
    assert (await due_in(storage) or 0.0) <= 0


async def test_without_a_reminder_the_message_stays_saved(
    storage: Storage, garden: int, reminders: Reminders
) -> None:
    await reminders.remind(BEN, garden, ONE, PAST)
    for _ in range(2):
        await reminders.forget(BEN, garden, ONE)
    assert await listed(storage) == [(ONE, None, False)]
    assert (await reminders.due(BEN)).reminders == []
    await reminders.forget(BEN, garden, TWO)
    assert await reminders.reminders(BEN) == []


async def test_nothing_is_read_that_one_may_not_read_now(
    storage: Storage, garden: int, reminders: Reminders
) -> None:
    for seq in (ONE, TWO):
        await reminders.remind(BEN, garden, seq, PAST)
    await storage.messages.save([Deletion(garden, ONE, ADA, NOW)])
    assert [each.seq for each in (await reminders.due(BEN)).reminders] == [TWO]
    await storage.messages.save([Removal(garden, BEN, BEN, NOW)])
    found = await reminders.due(BEN)
    assert found.reminders == []
    await reminders.settle(BEN, found)
    assert await due_in(storage) is None
    assert await reminders.reminders(BEN) == [Reminder(garden, TWO, PAST, True)]
    await storage.messages.save([Draft(garden, BEN, "", "", NOW, MessageKind.JOIN)])
    assert await listed(storage) == [(TWO, PAST, True)]  # it is in the list for who is back


async def test_a_reminder_saves_its_message_by_the_same_rules(
    storage: Storage, garden: int, reminders: Reminders, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (queries, model):
        monkeypatch.setattr(module, "MOST_SAVED", 1)
    assert await reminders.remind(BEN, garden, 99, FUTURE) == NO_MESSAGE
    assert await reminders.remind(BEN, garden, ONE, FUTURE) is None
    assert await reminders.remind(BEN, garden, TWO, FUTURE) == TOO_MANY_SAVED
    assert await storage.users.delete(BEN)
    assert await reminders.reminders(BEN) == []
    await reminders.settle(BEN, await reminders.due(BEN))
    assert await due_in(storage) is None
