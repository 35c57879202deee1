"""Support conversations: assignee, state and waiting time, on memory and on PostgreSQL."""

from typing import Any

import pytest
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Draft, Message, Peer, SupportOf
from chat.domain.messages.changes import Deletion, SupportChange, SupportChanged
from chat.domain.messages.outcomes import AssigneeMismatch, Repeated, Saved, Unchanged
from chat.domain.messages.sync_types import (
    ChangeRange,
    Position,
    PositionState,
    QueuePlace,
    SupportStatus,
    milliseconds,
)
from chat.domain.ports import NewPerson, Storage, Taken
from chat.domain.rooms.membership import OwnSettings
from tests.support.account_changes import set_disabled, set_roles
from tests.support.replays import replay, resume_checks, snapshots

NOW = 1_700_000_000.123456
EVER = 2**63 - 1
PLENTY = 1 << 20
START = QueuePlace(0, 0, 0)


class Desk:
    """A support desk: Ada and Ben ask, Olga and Otto answer; each thing happens a second after the one before."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.ids: dict[str, int] = {}
        self.rooms: dict[str, int] = {}
        self.now = NOW

    async def open(self) -> "Desk":
        for name in ("Ada", "Ben", "Olga", "Otto"):
            person = await self.storage.users.add(
                NewPerson(name=name, password_hash=b"x", is_operator=name.startswith("O"))
            )
            assert not isinstance(person, Taken)
            self.ids[name] = person.id
            room = await self.storage.rooms.support_room(person.id)
            assert room is not None
            self.rooms[name] = room.id
        return self

    def peer(self, name: str | None) -> Peer | None:
        return None if name is None else Peer(self.ids[name], name)

    def draft(self, sender: str, whose: str | None = None, key: str | None = None) -> Draft:
        """Say something in one's own conversation, or in somebody's."""
        self.now += 1
        whose = whose or sender
        people = SupportOf(Peer(self.ids[whose], whose))
        return Draft(self.rooms[whose], self.ids[sender], sender, "text", self.now, key=key, people=people)

    def change(self, actor: str, whose: str = "Ada", **what: Any) -> SupportChange:
        """`assignee` and `was` are names."""
        self.now += 1
        if "assignee" in what:
            what["assignee"] = self.peer(what["assignee"])
        if what.get("was") is not None:
            what["was"] = self.ids[what["was"]]
        people = SupportOf(Peer(self.ids[whose], whose))
        return SupportChange(self.rooms[whose], self.ids[actor], self.now, people, **what)

    async def save(self, *writes: Any) -> list[Saved]:
        return await self.storage.messages.save(writes)

    async def follows(self, *writes: Any) -> list[tuple[int, bool, str | None, float | None]]:
        """Save, and return the changes that followed: pos, whether it is closed, whose it is, who waits."""
        saved = await self.save(*writes)
        return [_state(each) for each in saved[len(writes) :]]

    async def status(self, whose: str = "Ada", reader: str = "Olga") -> SupportStatus | None:
        (room,) = await snapshots(self.storage, self.ids[reader], EVER, [self.rooms[whose]])
        return room.support

    async def queue(self, **which: Any) -> list[str]:
        """Whose conversations are in the queue, read one by one."""
        names = {room_id: name for name, room_id in self.rooms.items()}
        found, after = list[str](), START
        while places := await self.storage.timelines.support_queue(after, 1, **which):
            found.append(names[places[0].room_id])
            after = places[0]
        whole = await self.storage.timelines.support_queue(START, 99, **which)
        assert [names[place.room_id] for place in whole] == found
        return found


def _state(change: Saved) -> tuple[int, bool, str | None, float | None]:
    assert isinstance(change, SupportChanged)
    return change.pos, change.is_closed, change.assignee and change.assignee.name, change.waiting_since


@pytest.fixture
async def desk(storage: Storage) -> Desk:
    return await Desk(storage).open()


async def test_the_first_answer_claims_the_conversation(desk: Desk) -> None:
    asked = desk.draft("Ada")
    assert await desk.follows(asked) == [], "nobody has answered"
    assert await desk.status() == SupportStatus(waiting_since=asked.created_at)
    answers = desk.draft("Olga", "Ada"), desk.draft("Otto", "Ada")
    (_, _, followed) = await desk.save(*answers)
    assert followed == SupportChanged(
        4,
        desk.rooms["Ada"],
        4,
        desk.ids["Olga"],
        False,
        desk.peer("Olga"),
        None,
        answers[0].created_at,
        answers[0].people,
    )
    assert await desk.follows(desk.draft("Otto", "Ada"), desk.draft("Ada")) == [], "it is Olga's"
    assert await desk.status() == SupportStatus(assignee=desk.peer("Olga"), waiting_since=desk.now)
    assert await desk.follows(desk.draft("Olga")) == [], "an operator who asks does not answer"


async def test_of_two_concurrent_claims_one_wins_and_the_other_learns_who(desk: Desk) -> None:
    await desk.save(desk.draft("Ada"))
    claims = [desk.change(name, assignee=name, was=None) for name in ("Olga", "Otto", "Olga")]
    claimed, *held = await desk.save(*claims)
    assert _state(claimed) == (2, False, "Olga", NOW + 1)
    assert held == [AssigneeMismatch(holder=desk.peer("Olga"))] * 2
    handed, same, wrong, given_back, nobody = await desk.save(
        desk.change("Olga", assignee="Otto", was="Olga"),
        desk.change("Olga", assignee="Otto"),
        desk.change("Olga", is_closed=True, was="Olga"),
        desk.change("Otto", assignee=None, was="Otto"),
        desk.change("Olga", assignee="Olga", was="Otto"),
    )
    assert _state(handed) == (3, False, "Otto", NOW + 1)
    assert same == Unchanged(3)
    assert wrong == AssigneeMismatch(holder=desk.peer("Otto"))
    assert _state(given_back) == (4, False, None, NOW + 1)
    assert nobody == AssigneeMismatch(holder=None)


async def test_only_a_new_message_reopens_a_closed_conversation(
    desk: Desk,
) -> None:
    await desk.save(desk.draft("Ada"), desk.draft("Olga", "Ada"))
    closing = [desk.draft("Ada"), desk.change("Olga", is_closed=True), desk.change("Olga", is_closed=True)]
    _, closed, again, *followed = await desk.save(*closing)
    assert _state(closed) == (5, True, "Olga", None)
    assert (again, followed) == (Unchanged(5), [])
    assert await desk.status() == SupportStatus(is_closed=True, assignee=desk.peer("Olga"))
    assert await desk.follows(desk.draft("Ada"), desk.draft("Ada")) == [(8, False, "Olga", desk.now - 1)]
    assert await desk.follows(desk.change("Otto", is_closed=True), desk.draft("Ben")) == []
    reopened, *_ = await desk.save(desk.change("Otto", is_closed=False))
    assert _state(reopened) == (10, False, "Olga", None), "what was said before the closing waits for nobody"
    assert await desk.follows(desk.change("Otto", assignee=None, is_closed=True)) == []
    assert await desk.follows(desk.draft("Otto", "Ada")) == [(13, False, "Otto", None)]
    assert await desk.follows(desk.change("Otto", is_closed=True), desk.draft("Ada")) == [
        (16, False, "Otto", desk.now)
    ]


async def test_a_former_operator_holds_and_answers_nothing(desk: Desk) -> None:
    await desk.save(desk.draft("Ada"), desk.draft("Olga", "Ada"))
    await set_roles(desk.storage.users, desk.ids["Olga"], operator=False, admin=False)
    assert await desk.follows(desk.draft("Olga", "Ada")) == []
    assert await desk.follows(desk.draft("Otto", "Ada")) == [(6, False, "Otto", None)]
    await set_disabled(desk.storage.users, desk.ids["Otto"], disabled=True)
    await set_roles(desk.storage.users, desk.ids["Ben"], operator=True, admin=False)
    assert await desk.follows(desk.draft("Ben", "Ada")) == [(8, False, "Ben", None)]
    await desk.storage.users.delete(desk.ids["Ben"])
    assert (await desk.follows(desk.draft("Ada"))) == []
    await set_roles(desk.storage.users, desk.ids["Olga"], operator=True, admin=False)
    assert await desk.follows(desk.draft("Olga", "Ada")) == [(11, False, "Olga", None)]


async def test_a_resent_message_changes_nothing_again(desk: Desk) -> None:
    first = desk.draft("Ada", key="k")
    await desk.save(first, desk.change("Olga", is_closed=True))
    (repeated, *followed) = await desk.save(first)
    assert isinstance(repeated, Repeated)
    assert followed == []
    assert await desk.follows(desk.draft("Ada", key="l"), desk.draft("Otto", "Ada", key="m")) == [
        (5, False, "Otto", None)
    ]


async def test_conversations_of_one_batch_follow_each_for_itself_and_last(desk: Desk) -> None:
    lobby = Draft(LOBBY_ID, desk.ids["Ada"], "Ada", "hi", NOW)
    batch = [
        desk.draft("Olga", "Ben"),
        lobby,
        desk.draft("Otto", "Ada"),
        desk.change("Otto", "Ben", assignee=None),
    ]
    saved = await desk.save(*batch)
    ids = [each.id for each in saved if isinstance(each, Message | SupportChanged)]
    assert ids == sorted(ids) == [1, 2, 3, 4, 5]
    assert isinstance(saved[3], Unchanged), "the answer counts behind the batch"
    assert [(each.room_id, _state(each)[2]) for each in saved[4:] if isinstance(each, SupportChanged)] == [
        (desk.rooms["Ada"], "Otto"),
        (desk.rooms["Ben"], "Olga"),
    ]
    assert await desk.storage.messages.newest_id() == 5


async def test_only_conversations_have_it(desk: Desk) -> None:
    change = structs.replace(desk.change("Olga", is_closed=True), room_id=LOBBY_ID)
    assert await desk.save(change, structs.replace(change, room_id=999)) == [None, None]
    (lobby,) = await snapshots(desk.storage, desk.ids["Ada"], EVER, [LOBBY_ID])
    assert lobby.support is None
    assert await desk.status("Ada", "Ada") == SupportStatus()


async def test_log_and_replay_have_support_changes_with_current_names(desk: Desk) -> None:
    await desk.save(desk.draft("Ada"), desk.draft("Olga", "Ada"))
    await desk.save(
        desk.change("Otto", assignee="Otto", was="Olga"), Deletion(desk.rooms["Ada"], 1, None, NOW)
    )
    await desk.storage.users.rename(desk.ids["Otto"], "Ottilie")
    people, room = SupportOf(Peer(desk.ids["Ada"], "Ada")), desk.rooms["Ada"]
    first = SupportChanged(3, room, 3, desk.ids["Olga"], False, desk.peer("Olga"), None, NOW + 2, people)
    second = SupportChanged(
        4, room, 4, desk.ids["Otto"], False, Peer(desk.ids["Otto"], "Ottilie"), None, NOW + 3, people
    )
    log = await desk.storage.messages.read_log(2, 2, PLENTY)
    assert log == [first, second]
    got = await replay(desk.storage, desk.ids["Ada"], [ChangeRange(room, 2, 4)], PLENTY)
    assert got == [structs.replace(each, people=None) for each in (first, second)]
    (snapshot,) = await snapshots(desk.storage, desk.ids["Ada"], 4, [room])
    assert (snapshot.pos, snapshot.at) == (4, milliseconds(NOW + 3))
    (check,) = await resume_checks(desk.storage, [Position(room, 3, milliseconds(NOW + 2))], 4)
    assert (check.state, check.up_to) == (PositionState.GOOD, 4)


async def test_a_closed_conversation_is_no_room_of_operators_unless_they_name_it(desk: Desk) -> None:
    room = desk.rooms["Ada"]
    await desk.save(desk.draft("Ada"), desk.draft("Ben"))

    async def seen(name: str) -> tuple[bool, bool, int]:
        """Whether it is in one's list, and whether one may name it; how many are in it."""
        timelines, person = desk.storage.timelines, desk.ids[name]
        listed = room in (await timelines.rooms_of([person]))[person]
        assert listed == (room in {each.id for each in await snapshots(desk.storage, person, EVER)})
        named = await snapshots(desk.storage, person, EVER, [room])
        members = await desk.storage.rooms.members(room, 0, 99)
        assert all(each.members == len(members) for each in named)
        assert await timelines.members_of_conversations([room, LOBBY_ID, 999]) == {room: len(members)}
        return listed, bool(named), len(members)

    assert [await seen(name) for name in ("Ada", "Ben", "Olga")] == [
        (True, True, 3),
        (False, False, 3),
        (True, True, 3),
    ]
    await desk.save(desk.change("Otto", is_closed=True))
    assert [await seen(name) for name in ("Ada", "Ben", "Olga")] == [
        (True, True, 1),
        (False, False, 1),
        (False, True, 1),
    ]
    await desk.save(desk.draft("Ada"))
    assert await seen("Olga") == (True, True, 3)


async def test_the_longest_waiting_conversation_is_first(desk: Desk) -> None:
    assert await desk.queue() == []
    for name in ("Ada", "Ben", "Olga", "Ada"):
        await desk.save(desk.draft(name))
    assert await desk.queue() == ["Ada", "Ben", "Olga"]
    await desk.save(desk.draft("Otto", "Ada"))
    assert await desk.queue() == ["Ben", "Olga", "Ada"]
    await desk.save(desk.draft("Otto", "Ben"))
    await desk.save(desk.draft("Ada"))
    assert await desk.queue() == ["Olga", "Ada", "Ben"]
    await desk.save(desk.change("Otto", "Olga", is_closed=True))
    assert await desk.queue() == ["Ada", "Ben", "Olga"]
    assert await desk.queue(is_closed=False) == ["Ada", "Ben"]
    assert await desk.queue(is_closed=True) == ["Olga"]
    assert await desk.queue(assignee_id=desk.ids["Otto"]) == ["Ada", "Ben"]
    assert await desk.queue(assignee_id=0) == ["Olga"]
    assert await desk.queue(assignee_id=desk.ids["Otto"], is_closed=True) == []
    await desk.storage.users.delete(desk.ids["Ada"])
    assert await desk.queue() == ["Ben", "Olga"]


async def test_an_operator_has_the_first_conversations_and_the_counts_of_all(desk: Desk) -> None:
    storage, olga = desk.storage, desk.ids["Olga"]

    async def first(limit: int) -> set[str]:
        names = {room_id: name for name, room_id in desk.rooms.items()}
        return {names[room_id] for room_id in await storage.timelines.first_conversations(olga, limit)}

    async def counts() -> tuple[int, ...]:
        return structs.astuple(await storage.timelines.count_conversations(olga))

    assert await first(9) == {"Olga"}, "one's own, before anybody has asked"
    assert await counts() == (0, 0, 0, 0, 0)
    await desk.save(
        desk.draft("Ada"), desk.draft("Ada"), desk.draft("Ben"), desk.draft("Otto"), desk.draft("Olga")
    )
    assert await counts() == (3, 3, 0, 4, 3), "all but one's own"
    assert await first(1) == {"Ada", "Olga"}
    assert await first(0) == {"Olga"}
    await desk.save(desk.change("Otto", "Otto", assignee="Olga"), desk.change("Otto", "Ben", is_closed=True))
    assert await counts() == (2, 2, 1, 3, 2)
    assert await first(1) == {"Ada", "Otto", "Olga"}, "and the first of one's own work"
    await desk.save(desk.draft("Olga", "Ada"))
    assert await counts() == (2, 1, 2, 3, 2), "an answer claims it; its read mark is another write"
    await storage.timelines.set_own(desk.rooms["Otto"], olga, OwnSettings(is_hidden=True))
    assert await counts() == (2, 1, 2, 2, 1)
    await storage.users.delete(desk.ids["Otto"])
    assert await counts() == (1, 0, 1, 2, 1)
    assert await first(9) == {"Ada", "Olga"}
