"""The figures of the desk; each test runs in memory and on PostgreSQL."""

from datetime import date, datetime

import pytest
from msgspec import UNSET, structs

from chat.domain.entities import Draft, Message, Peer, Person, Room, SupportOf, Visit
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.ports import NewPerson, Storage
from chat.features.desk_report.port import DESK_REPORT, Counted, Figures
from chat.features.ratings.port import RATINGS
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import known_migrations
from tests.support.databases import fetch

BERLIN = "Europe/Berlin"


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}:00+01:00").timestamp()


class Desk:
    """Two operators, and visitors who write at any time."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.rooms: dict[str, tuple[Person, int]] = {}

    async def person(self, new: NewPerson) -> Person:
        person = await self.storage.users.add(new)
        assert isinstance(person, Person)
        return person

    async def open(self) -> None:
        self.olga, self.otto = [
            await self.person(NewPerson(name=name, password_hash=b"x", is_operator=True))
            for name in ("olga", "otto")
        ]

    async def say(self, visitor: str, when: str, by: Person | None = None) -> None:
        """A visitor writes, or an operator to them."""
        if visitor not in self.rooms:
            added = await self.person(NewPerson(name=visitor, password_hash=b"", visit=Visit()))
            room = await self.storage.rooms.support_room(added.id)
            assert isinstance(room, Room)
            self.rooms[visitor] = added, room.id
        person, room_id = self.rooms[visitor]
        sender, people = by or person, SupportOf(Peer(person.id, person.name))
        draft = Draft(room_id, sender.id, sender.name, "words", at(when), people=people)
        said, *_ = await self.storage.messages.save([draft])
        assert isinstance(said, Message)

    async def close(self, visitor: str, when: str) -> None:
        person, room_id = self.rooms[visitor]
        people = SupportOf(Peer(person.id, person.name))
        change = SupportChange(room_id, self.olga.id, at(when), people, True, UNSET, UNSET)
        (closed,) = await self.storage.messages.save([change])
        assert isinstance(closed, SupportChanged)

    async def rate(self, visitor: str, *, is_good: bool) -> None:
        rated = await self.storage.feature_ports[RATINGS].rate(self.rooms[visitor][0].id, "", is_good=is_good)
        assert isinstance(rated, tuple)

    async def counted(self, since: str, *open_times: tuple[str, str]) -> Counted:
        times = [(at(start), at(end)) for start, end in open_times]
        return await self.storage.feature_ports[DESK_REPORT].count(at(since), BERLIN, times or None)


@pytest.fixture
async def desk(storage: Storage) -> Desk:
    desk = Desk(storage)
    await desk.open()
    return desk


async def test_cases_are_counted_by_week_and_by_who_answered_first(desk: Desk) -> None:
    assert (await desk.counted("2026-01-01T00:00")).all == Figures()
    # The night to Monday, 12 January, in Berlin: still Sunday in UTC.
    await desk.say("mona", "2026-01-12T00:30")
    await desk.say("mona", "2026-01-12T00:31")
    await desk.say("mona", "2026-01-12T00:40", by=desk.olga)
    await desk.say("mona", "2026-01-12T00:41", by=desk.otto)
    await desk.close("mona", "2026-01-12T02:30")
    await desk.rate("mona", is_good=True)
    await desk.say("mona", "2026-01-19T10:00")
    await desk.say("mona", "2026-01-19T10:30", by=desk.otto)
    await desk.close("mona", "2026-01-19T11:00")
    await desk.rate("mona", is_good=False)
    await desk.say("nina", "2026-01-20T10:00")

    found = await desk.counted("2026-01-12T00:00")
    first = Figures(
        cases=1,
        answered=1,
        closed=1,
        answer_median=600.0,
        answer_90=600.0,
        close_median=7200.0,
        close_90=7200.0,
        good=1,
    )
    assert found.weeks[0] == structs.replace(first, week=date(2026, 1, 12))
    second = found.weeks[1]
    assert (second.week, second.cases, second.answered, second.closed) == (date(2026, 1, 19), 2, 1, 1)
    assert (second.answer_median, second.good, second.bad) == (1800.0, 0, 1)
    assert len(found.weeks) == 2
    whole = found.all
    assert (whole.week, whole.operator, whole.is_unanswered) == (None, None, False)
    assert (whole.cases, whole.answered, whole.closed, whole.good, whole.bad) == (3, 2, 2, 1, 1)
    assert (whole.answer_median, whole.answer_90, whole.close_median) == (1200.0, 1680.0, 5400.0)
    assert {each.operator and each.operator.name: each.cases for each in found.operators} == {
        "olga": 1,
        "otto": 1,
        None: 1,
    }
    assert [each.is_unanswered for each in found.operators if each.operator is None] == [True]
    assert (await desk.counted("2026-01-19T00:00")).all.cases == 2


async def test_only_the_times_when_the_desk_is_open_count(desk: Desk) -> None:
    await desk.say("mona", "2026-01-12T16:50")
    await desk.say("mona", "2026-01-13T09:05", by=desk.olga)
    await desk.say("nina", "2026-01-12T20:00")
    await desk.say("nina", "2026-01-12T21:00", by=desk.olga)
    await desk.close("nina", "2026-01-13T12:00")
    found = await desk.counted(
        "2026-01-12T00:00", ("2026-01-12T09:00", "2026-01-12T17:00"), ("2026-01-13T09:00", "2026-01-13T11:00")
    )
    assert (found.all.answer_median, found.all.close_median) == ((15 * 60 + 0) / 2, 2 * 3600)


async def test_a_conversation_that_only_operators_wrote_in_is_no_case(desk: Desk) -> None:
    await desk.say("mona", "2026-01-12T10:00")
    await desk.close("mona", "2026-01-12T10:30")
    await desk.say("mona", "2026-01-12T11:00", by=desk.olga)
    await desk.close("mona", "2026-01-12T11:30")
    found = (await desk.counted("2026-01-12T00:00")).all
    assert (found.cases, found.answered, found.closed) == (1, 0, 1)


async def test_the_migration_finds_the_cases_of_before(desk: Desk, place: DatabaseAddress | None) -> None:
    if place is None:
        pytest.skip("the model has no migrations")
    for visitor, hour in (("mona", 10), ("nina", 12)):
        await desk.say(visitor, f"2026-01-12T{hour}:00")
        await desk.close(visitor, f"2026-01-12T{hour}:10")
        await desk.say(visitor, f"2026-01-12T{hour}:20")
        await desk.say(visitor, f"2026-01-12T{hour}:25", by=desk.otto)
        await desk.close(visitor, f"2026-01-12T{hour}:30")
    await desk.say("mona", "2026-01-12T13:00", by=desk.otto)
    await desk.close("mona", "2026-01-12T13:10")
    rows = "SELECT array_agg(c.*::text ORDER BY room_id, last_seq) FROM support_cases c"
    written = await fetch(place, rows)
    assert len(written) == 4
    (migration,) = (each for each in known_migrations() if each.name == "desk_report")
    before = migration.text.partition("-- Those that were closed before.")[2]
    assert before
    await fetch(place, "DELETE FROM support_cases")
    await fetch(place, before)
    assert await fetch(place, rows) == written
