"""One contract for every storage. Each test runs on memory and on PostgreSQL."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import trio
from msgspec import structs

from chat.domain.entities import (
    LOBBY_ID,
    Draft,
    Message,
    MessageKind,
    Pair,
    Peer,
    People,
    Person,
    Room,
    RoomKind,
    RoomSummary,
    SupportOf,
    Visit,
)
from chat.domain.failures import WriteRejected
from chat.domain.messages.changes import (
    Addition,
    Change,
    Deleted,
    Deletion,
    Edit,
    Edited,
    Reacted,
    Reaction,
    Removal,
    Removed,
    RoomChange,
    RoomDeleted,
    RoomDeletion,
)
from chat.domain.messages.message_state import MOST_EMOJI
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved, Unchanged
from chat.domain.ports import Invite, NewInvite, NewPerson, Storage, Taken
from chat.domain.refusals import ALREADY_IN, Code, Refusal
from tests.support.account_changes import end_tokens, set_disabled, set_roles
from tests.support.endings import delete_room, remove_member

ADA = NewPerson(name="Ada", email="Ada@Example.com", password_hash=b"$2b$04$hash", is_operator=True)
BEN = NewPerson(name="Ben", password_hash=b"$2b$04$other", display_name="Benjamin")

NOW = 1_700_000_000.123456
"""When everything is said, in Unix seconds; a microsecond must survive."""
EVER = 2**63 - 1
"""The highest id that there can be."""
PLENTY = 1 << 20
"""More bytes than any test reads."""


async def add_both(storage: Storage) -> tuple[int, int]:
    ada, ben = await storage.users.add(ADA), await storage.users.add(BEN)
    assert not isinstance(ada, Taken)
    assert not isinstance(ben, Taken)
    return ada.id, ben.id


async def add(storage: Storage, *names: str) -> list[Person]:
    """Add people who have nothing but a name."""
    added = [await storage.users.add(NewPerson(name=name, password_hash=b"x")) for name in names]
    return [person for person in added if not isinstance(person, Taken)]


async def make_room(
    storage: Storage, creator: int, name: str = "Garden", *, is_private: bool = False
) -> Room:
    room = await storage.rooms.create(name, creator, is_private=is_private)
    assert isinstance(room, Room)
    return room


async def direct_room(storage: Storage, one: int, other: int) -> Room:
    room = await storage.rooms.direct_room(one, other)
    assert room is not None
    return room


async def support_room(storage: Storage, person: int) -> Room:
    room = await storage.rooms.support_room(person)
    assert room is not None
    return room


def draft(
    sender: int, text: str, *, room: int = LOBBY_ID, key: str | None = None, people: People = None
) -> Draft:
    return Draft(room, sender, "Ada", text, NOW, MessageKind.TEXT, key, people)


def joining(sender: int, room: int) -> Draft:
    return Draft(room, sender, "Ada", "", NOW, MessageKind.JOIN)


async def say(storage: Storage, *drafts: Draft) -> list[Message]:
    """Save drafts of rooms that are there."""
    saved = await storage.messages.save(drafts)
    said = [message for message in saved if isinstance(message, Message)]
    assert len(said) == len(drafts)
    return said


async def delete(storage: Storage, message: Message) -> bool:
    (outcome,) = await storage.messages.save([Deletion(message.room_id, message.seq, None, NOW)])
    return isinstance(outcome, Deleted)


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]


# --- people ---


async def test_it_answers(storage: Storage) -> None:
    await storage.ping()


async def test_a_person_is_kept_as_added(storage: Storage) -> None:
    ada = await storage.users.add(ADA)
    assert not isinstance(ada, Taken)
    assert (ada.name, ada.email, ada.is_operator, ada.is_admin) == ("Ada", "Ada@Example.com", True, False)
    assert await storage.users.by_id(ada.id) == ada
    ben = await storage.users.add(BEN)
    assert not isinstance(ben, Taken)
    assert (ben.email, ben.display_name) == (None, "Benjamin")
    assert ben.id > ada.id
    assert await storage.users.everyone() == [ada, ben]


async def test_a_person_is_found_by_name_and_address_in_any_case(storage: Storage) -> None:
    await storage.users.add(ADA)
    by_name, by_email = await storage.users.by_name("aDA"), await storage.users.by_email("ADA@example.COM")
    assert by_name is not None
    assert by_name == by_email
    assert by_name.password_hash == ADA.password_hash
    assert await storage.users.by_name("Ben") is None
    assert await storage.users.by_email("Ada") is None
    assert await storage.users.by_id(99) is None


async def test_a_name_or_address_is_taken_in_any_case(storage: Storage) -> None:
    await storage.users.add(ADA)
    assert await storage.users.add(NewPerson(name="ADA", password_hash=b"x")) == Taken("name")
    twin = NewPerson(name="Eve", email="ada@example.com", password_hash=b"x")
    assert await storage.users.add(twin) == Taken("email")
    assert len(await storage.users.everyone()) == 1


async def test_of_many_concurrent_takers_of_a_name_one_gets_it(storage: Storage) -> None:
    results: list[object] = []

    async def add() -> None:
        results.append(await storage.users.add(ADA))

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(add)
    assert sum(isinstance(result, Taken) for result in results) == 7


@pytest.mark.parametrize("alike", ["\u0430d\u0430", "ａｄａ", "\u0251da"])
async def test_a_look_alike_name_is_taken(storage: Storage, alike: str) -> None:
    await storage.users.add(ADA)
    twin = NewPerson(name=alike, email="twin@example.com", password_hash=b"x")
    assert await storage.users.add(twin) == Taken("look")
    ben, *_ = await add(storage, "Ben")
    assert await storage.users.rename(ben.id, alike) == Taken("look")
    assert await storage.users.by_id(ben.id) == ben
    assert await storage.users.rename(99, alike) is None
    assert await storage.users.by_name(alike) is None
    assert await storage.users.by_email("twin@example.com") is None
    assert await storage.users.look_alikes() == []


async def test_of_concurrent_look_alike_names_one_is_given(storage: Storage) -> None:
    added = ["Tom", "ТОМ", "ｔｏｍ", "t\u043em", "\u0422om", "to\uff4d"]
    wanted = ["t\u03bfm", "\u03a4om", "\uff54om", "t\uff4fm", "TO\u041c", "\u03a4\u039f\u039c"]
    results: list[Person | Taken | None] = []
    renamed = await add(storage, *(f"person {n}" for n in range(len(wanted))))

    async def add_one(name: str) -> None:
        results.append(await storage.users.add(NewPerson(name=name, password_hash=b"x")))

    async def rename_one(person: Person, name: str) -> None:
        results.append(await storage.users.rename(person.id, name))

    async with trio.open_nursery() as nursery:
        for name, other, person in zip(added, wanted, renamed, strict=True):
            nursery.start_soon(add_one, name)
            nursery.start_soon(rename_one, person, other)
    assert len([result for result in results if isinstance(result, Person)]) == 1
    assert results.count(Taken("look")) == len(added) + len(wanted) - 1


async def test_look_alikes_of_a_name_are_free_after_a_rename_but_not_a_deletion(
    storage: Storage,
) -> None:
    ada, ben = await add_both(storage)
    assert isinstance(await storage.users.rename(ada, "ADA"), Person), "one's own look is free"
    assert isinstance(await storage.users.rename(ada, "ａｄａ"), Person)
    assert await storage.users.rename(ben, "Ada") == Taken("look")
    assert isinstance(await storage.users.rename(ada, "Zoe"), Person)
    assert isinstance(await storage.users.rename(ben, "Ada"), Person)
    await storage.users.delete(ada)
    await storage.users.delete(ben)
    assert await add(storage, "ａｄａ", "ｚｏｅ", "ben") == [await storage.users.by_id(3)]


async def test_people_are_found_by_their_ids_as_many_as_there_are(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "Ada", "Ben", "Cem")
    assert await storage.users.by_ids([cem.id, 99, ada.id, ada.id]) == {ada.id: ada, cem.id: cem}
    assert await storage.users.by_ids([ben.id]) == {ben.id: await storage.users.by_id(ben.id)}
    assert await storage.users.by_ids([99, 0, -1]) == await storage.users.by_ids([]) == {}


async def test_raising_the_generation_is_kept(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    raised = await end_tokens(storage.users, ada)
    assert raised is not None
    assert raised.token_generation == 1
    assert await storage.users.by_id(ada) == raised
    assert await end_tokens(storage.users, 99) is None


async def test_roles_are_given_and_taken_away(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    raised = await set_roles(storage.users, ada.id, operator=False, admin=True)
    assert raised is not None
    assert (raised.is_operator, raised.is_admin) == (False, True)
    assert await storage.users.by_id(ada.id) == raised
    await set_roles(storage.users, ada.id, operator=True, admin=False)
    people = {person.name: person for person in await storage.users.everyone()}
    assert (people["ada"].is_operator, people["ada"].is_admin) == (True, False)
    assert people["ben"] == ben, "nobody else's"
    assert await set_roles(storage.users, 99, operator=True, admin=True) is None


async def test_a_new_name_is_kept_and_the_old_one_is_free(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    renamed = await storage.users.rename(ada, "Zoë")
    assert isinstance(renamed, Person)
    assert (renamed.id, renamed.name, renamed.email) == (ada, "Zoë", ADA.email)
    assert await storage.users.by_id(ada) == renamed
    assert await storage.users.by_name("Ada") is None
    known = await storage.users.by_name("ZOË")
    assert known is not None
    assert (known.person, known.password_hash) == (renamed, ADA.password_hash)
    assert isinstance(await storage.users.rename(ben, "Ada"), Person)
    assert await storage.users.rename(99, "Nobody") is None


async def test_a_name_taken_in_another_case_stays_its_owners(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    assert await storage.users.rename(ben, "aDA") == Taken("name")
    people = await storage.users.everyone()
    assert [(person.id, person.name) for person in people] == [(ada, "Ada"), (ben, "Ben")]


async def test_ones_own_name_may_be_taken_in_another_case(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    renamed = await storage.users.rename(ada, "ADA")
    assert isinstance(renamed, Person)
    assert renamed.name == "ADA"
    assert await storage.users.by_id(ada) == renamed


async def test_of_many_concurrent_renames_to_a_name_one_succeeds(storage: Storage) -> None:
    people = await add(storage, *(f"person {n}" for n in range(6)))
    results: list[object] = []

    async def rename(person: Person) -> None:
        results.append(await storage.users.rename(person.id, "Queen"))

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(rename, person)
    assert results.count(Taken("name")) == 5
    assert sum(person.name == "Queen" for person in await storage.users.everyone()) == 1


async def test_old_messages_have_the_current_name(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    await say(storage, draft(ada, "one"))
    await storage.users.rename(ada, "Zoë")
    (page,), (before,) = (
        await storage.messages.timeline(LOBBY_ID, 99, PLENTY, after=0, before=2),
        await storage.messages.timeline(LOBBY_ID, 1, PLENTY),
    )
    (in_log,) = await storage.messages.read_log(0, 1, PLENTY)
    assert page == before == in_log
    assert page.sender_name == "Zoë"


async def test_a_new_password_ends_all_tokens_and_needs_the_old_hash(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    changed = await storage.users.set_password(ada, b"$2b$04$new")
    assert changed is not None
    assert changed.token_generation == 1
    known = await storage.users.by_name("ada")
    assert known is not None
    assert (known.person, known.password_hash) == (changed, b"$2b$04$new")
    assert await storage.users.set_password(ada, b"late", instead_of=ADA.password_hash) is None
    again = await storage.users.set_password(ada, b"$2b$04$newer", instead_of=b"$2b$04$new")
    assert again is not None
    assert again.token_generation == 2
    other = await storage.users.by_name("ben")
    assert other is not None
    assert (other.password_hash, other.person.token_generation) == (BEN.password_hash, 0)
    assert await storage.users.set_password(99, b"x") is None


async def test_a_disabled_person_exists_and_old_tokens_stay_invalid(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    disabled = await set_disabled(storage.users, ada, disabled=True)
    assert disabled is not None
    assert (disabled.is_disabled, disabled.token_generation) == (True, 1)
    assert await storage.users.by_id(ada) == disabled
    enabled = await set_disabled(storage.users, ada, disabled=False)
    assert enabled is not None
    assert (enabled.is_disabled, enabled.token_generation) == (False, 1)
    assert await storage.users.by_ids([ada]) == {ada: enabled}
    other = await storage.users.by_id(ben)
    assert other is not None
    assert not other.is_disabled
    assert await set_disabled(storage.users, 99, disabled=True) is None


async def test_a_deleted_persons_name_stays_taken(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    await say(storage, draft(ada, "I was here"))
    await direct_room(storage, ada, ben)
    await support_room(storage, ada)
    assert await storage.users.delete(ada)
    assert not await storage.users.delete(ada)
    assert not await storage.users.delete(99)
    assert await storage.users.by_id(ada) is None
    assert list(await storage.users.by_ids([ada, ben])) == [ben]
    assert await storage.users.by_name("ada") is None
    assert await storage.users.by_email("ada@example.com") is None
    assert [person.id for person in await storage.users.everyone()] == [ben]
    assert await storage.users.count() == 1
    assert await storage.users.rename(ada, "Zoë") is None
    assert await end_tokens(storage.users, ada) is None
    assert await set_roles(storage.users, ada, operator=True, admin=True) is None
    assert await storage.users.set_password(ada, b"x") is None
    assert await set_disabled(storage.users, ada, disabled=False) is None
    assert await storage.users.add(NewPerson(name="ADA", password_hash=b"x")) == Taken("name")
    assert await storage.users.rename(ben, "Ada") == Taken("name")
    (said,) = await storage.messages.timeline(LOBBY_ID, 9, PLENTY)
    assert (said.sender_name, said.text) == ("Ada", "I was here")
    another = await storage.users.add(NewPerson(name="other", email="ada@example.com", password_hash=b"x"))
    assert isinstance(another, Person), "the email address is free"
    assert another.id > ben


async def test_nobody_can_write_to_a_deleted_person(storage: Storage) -> None:
    (ada, ben, cem) = await add(storage, "ada", "ben", "cem")
    pair, conversation = await direct_room(storage, ada.id, ben.id), await support_room(storage, ada.id)
    await say(storage, draft(ada.id, "help", room=conversation.id))
    assert len(await storage.messages.conversations(9, PLENTY)) == 1
    await storage.users.delete(ada.id)
    for one, other in ((ada, ben), (ben, ada), (cem, ada), (ada, cem), (ada, ada)):
        assert await storage.rooms.direct_room(one.id, other.id) is None
    assert await storage.rooms.support_room(ada.id) is None
    assert await storage.messages.conversations(9, PLENTY) == []
    # What was accepted before is saved all the same.
    await say(storage, draft(ada.id, "last words", room=pair.id))
    assert texts(await storage.messages.undelivered(ben.id, 0, EVER, 9, PLENTY)) == ["last words"]


async def test_no_direct_room_is_made_for_a_deleted_or_missing_person(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    await storage.users.delete(ben)
    assert await storage.rooms.support_room(ben) is None
    assert await storage.rooms.direct_room(ada, ben) is None
    assert await storage.rooms.direct_room(ada, 99) is None
    assert (await make_room(storage, ada)).id == LOBBY_ID + 1, "no room was made before"


async def test_every_change_of_a_person_is_reported_after_its_commit(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    send, got = trio.open_memory_channel[int | None](100)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(storage.watch, send.send_nowait, lambda _id: None, lambda _id: None)
            assert await got.receive() is None, "what was before is told of at once"
            users = storage.users
            for act in (
                lambda: users.rename(ada, "Zoë"),
                lambda: end_tokens(users, ada),
                lambda: set_roles(users, ben, operator=True, admin=False),
                lambda: users.set_password(ada, b"x"),
                lambda: set_disabled(users, ada, disabled=True),
                lambda: users.delete(ben),
            ):
                changed = await act()
                assert await got.receive() == (changed.id if isinstance(changed, Person) else ben)
            await users.rename(99, "Nobody")
            await users.rename(ada, "Ada")
            assert await got.receive() == ada, "and of nobody else"
            await users.add(NewPerson(name="v", password_hash=b"", visit=Visit()))
            (cem,) = await add(storage, "Cem")
            assert await got.receive() == cem.id, "who comes is told of, but no visitor"
            nursery.cancel_scope.cancel()


# --- invites ---

LATER = 4_000_000_000.0
"""Until when an invite holds that is not to end, in Unix seconds."""


def invite(**about: Any) -> NewInvite:
    return NewInvite(**{"digest": b"code", "uses": 1, "expires_at": LATER} | about)


async def test_an_invite_is_used_up_by_registrations(storage: Storage) -> None:
    await storage.users.invite(invite(uses=2))
    assert await storage.users.is_invite(b"code")
    ada = NewPerson(name="ada", password_hash=b"x", invite=b"code")
    assert isinstance(await storage.users.add(ada), Person)
    taken = await storage.users.add(ada)
    alike = await storage.users.add(structs.replace(ada, name="аdа"))  # Cyrillic
    assert (taken, alike) == (Taken("name"), Taken("look")), "who is not added uses nothing up"
    assert isinstance(await storage.users.add(structs.replace(ada, name="ben")), Person)
    assert not await storage.users.is_invite(b"code")
    assert await storage.users.add(structs.replace(ada, name="cem")) is None
    assert await storage.users.by_name("cem") is None


@pytest.mark.parametrize(("uses", "until"), [(0, LATER), (9, 1_600_000_000.0)], ids=["used up", "too old"])
async def test_an_invite_that_is_over_is_good_for_nobody(storage: Storage, uses: int, until: float) -> None:
    await storage.users.invite(invite(uses=uses, expires_at=until))
    assert not await storage.users.is_invite(b"code")
    assert await storage.users.add(NewPerson(name="ada", password_hash=b"x", invite=b"code")) is None
    assert await storage.users.add(NewPerson(name="ada", password_hash=b"x", invite=b"other")) is None
    found = await storage.users.find_invite(b"code")
    assert found == Invite(
        uses_left=uses,
        expires_at=until,
        room_id=None,
        room_name=None,
        maker_id=None,
        registers=True,
        is_over=True,
    )
    assert not await storage.users.withdraw_invite(b"code")
    too_old = until < LATER  # by years: the next invite has it forgotten
    await storage.users.invite(invite(digest=b"another"))
    assert (await storage.users.find_invite(b"code") is None) == too_old


async def test_of_many_concurrent_last_uses_of_an_invite_one_succeeds(storage: Storage) -> None:
    await storage.users.invite(invite())
    results: list[object] = []

    async def add_one(number: int) -> None:
        new = NewPerson(name=f"person {number}", password_hash=b"x", invite=b"code")
        results.append(await storage.users.add(new))

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(add_one, number)
    assert sum(isinstance(result, Person) for result in results) == 1
    assert results.count(None) == 5


# --- rooms that people make ---


async def test_the_lobby_is_there_from_the_start(storage: Storage) -> None:
    lobby = await storage.rooms.by_id(LOBBY_ID)
    assert lobby is not None
    assert (lobby.kind, lobby.last_seq, lobby.is_private) == (RoomKind.LOBBY, 0, False)
    assert await storage.rooms.by_id(99) is None


async def test_a_room_is_kept_as_made_and_its_creator_is_a_member(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await make_room(storage, ada, "Garden", is_private=True)
    assert (room.kind, room.name, room.creator_id) == (RoomKind.ROOM, "Garden", ada)
    assert (room.is_private, room.last_seq) == (True, 0)
    assert await storage.rooms.by_id(room.id) == room
    assert await storage.rooms.is_member(room.id, ada)
    assert not await storage.rooms.is_member(room.id, ben)
    assert await storage.rooms.of_member(ada) == [room.id]
    assert await storage.rooms.of_member(ben) == []


async def test_admins_see_the_lobby_and_the_rooms_that_people_made_page_by_page(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada, "Garden", is_private=True)
    gone = await make_room(storage, ada, "Attic")
    await delete_room(storage, gone.id)
    await support_room(storage, ada)
    await direct_room(storage, ada, ben)
    orchard = await make_room(storage, ben, "Orchard")
    await storage.messages.save([Addition(joining(ben, garden.id), ada)])
    said = await say(storage, draft(ben, "hello", room=garden.id))
    archiving = RoomChange(room_id=orchard.id, actor_id=ben, created_at=NOW, is_archived=True)
    await storage.messages.save([archiving])
    await storage.users.delete(ada)
    lobby, *found = await storage.rooms.summaries("", 0, 10)
    assert (lobby.id, lobby.kind, lobby.creator, lobby.members) == (LOBBY_ID, RoomKind.LOBBY, None, 1)
    assert found[0] == RoomSummary(
        id=garden.id,
        kind=RoomKind.ROOM,
        name="Garden",
        creator="Ada",
        is_private=True,
        is_archived=False,
        members=2,  # as everywhere, with one who is deleted
        messages=2,
        created_at=garden.created_at,
        last_at=said[-1].created_at,
    )
    assert [(each.id, each.is_archived, each.last_at) for each in found[1:]] == [(orchard.id, True, None)]
    assert await storage.rooms.summaries("AR", 0, 10) == found
    assert await storage.rooms.summaries("ar", garden.id, 10) == found[1:]
    assert await storage.rooms.summaries("", 0, 2) == [lobby, found[0]]
    assert await storage.rooms.summaries("attic", 0, 10) == []


async def test_a_deleted_room_is_reported_to_watchers(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    garden, attic = await make_room(storage, ada, "Garden"), await make_room(storage, ada, "Attic")
    send, got = trio.open_memory_channel[int | None](100)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(storage.watch, lambda _id: None, send.send_nowait, lambda _id: None)
            assert await got.receive() is None, "what was before is told of at once"
            await say(storage, draft(ada, "hello", room=attic.id))
            for room in (garden, attic):
                await delete_room(storage, room.id)
                assert await got.receive() == room.id
            nursery.cancel_scope.cancel()


async def test_a_room_name_is_taken_in_any_case_the_lobbys_too(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    await make_room(storage, ada, "Garden")
    assert await storage.rooms.create("gARDEN", ben, is_private=True) == Taken("name")
    assert await storage.rooms.create("LOBBY", ben, is_private=False) == Taken("name")
    assert await storage.rooms.of_member(ben) == []


async def test_of_many_concurrent_makers_of_a_room_one_succeeds(storage: Storage) -> None:
    people = await add(storage, *(f"person {n}" for n in range(6)))
    results: list[object] = []

    async def create(person: Person) -> None:
        results.append(await storage.rooms.create("Garden", person.id, is_private=False))

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(create, person)
    (room,) = (result for result in results if isinstance(result, Room))
    members = [person.id for person in people if await storage.rooms.is_member(room.id, person.id)]
    assert members == [room.creator_id]


async def remove_all_deleted(storage: Storage, limit: int) -> int:
    """Remove what deleted rooms left; return in how many steps."""
    steps = 1
    while await storage.rooms.remove_deleted(limit):
        steps += 1
        assert steps < 100, "it never ends"
    return steps


@pytest.mark.parametrize("steps", [0, 1, 3, 100])
async def test_a_deleted_room_is_there_for_nobody_whatever_is_left_of_it(
    storage: Storage, steps: int
) -> None:
    ada, ben = await add_both(storage)
    garden, cellar = await make_room(storage, ada, "Garden"), await make_room(storage, ada, "Cellar")
    lines = [draft(ada, f"{n}", room=garden.id) for n in range(4)]
    await say(storage, joining(ben, garden.id), *lines, draft(ada, "hm", room=cellar.id))
    assert await delete_room(storage, garden.id)
    for _ in range(steps):
        await storage.rooms.remove_deleted(2)
    assert not await delete_room(storage, garden.id)
    assert await storage.rooms.by_id(garden.id) is None
    assert not await storage.rooms.is_member(garden.id, ada)
    assert not await storage.rooms.is_member(garden.id, ben)
    assert not await remove_member(storage, garden.id, ben)
    assert await storage.rooms.of_member(ada) == [cellar.id]
    assert await storage.rooms.of_member(ben) == []
    assert await storage.messages.timeline(garden.id, 10, PLENTY, after=0) == []
    assert await storage.messages.timeline(garden.id, 10, PLENTY) == []
    of_it = [
        change for change in await storage.messages.read_log(0, 9, PLENTY) if change.room_id == garden.id
    ]
    assert of_it == [RoomDeleted(7, garden.id, 6, None, 3.0)]
    saved = await storage.messages.save(
        [draft(ada, "late", room=garden.id), joining(ben, garden.id), draft(ada, "on", room=cellar.id)]
    )
    assert saved[:2] == [None, None]
    assert not await storage.rooms.is_member(garden.id, ben)
    await storage.rooms.mark_delivered({(garden.id, ben): 3})
    assert texts(await storage.messages.timeline(cellar.id, 10, PLENTY, after=0)) == ["hm", "on"]
    again = await make_room(storage, ben, "Garden")
    assert again.id > cellar.id
    assert await storage.messages.timeline(again.id, 10, PLENTY, after=0) == []


async def test_a_deleted_room_is_removed_in_steps_and_nothing_else_is(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    rooms = [await make_room(storage, ada, name) for name in ("Garden", "Cellar", "Attic")]
    for room in rooms:
        await say(storage, joining(ben, room.id), *(draft(ada, f"{n}", room=room.id) for n in range(8)))
    assert not await storage.rooms.remove_deleted(3), "nothing is deleted"
    for room in rooms[:2]:
        assert await delete_room(storage, room.id)
    assert await remove_all_deleted(storage, 3) >= 2 * 3
    assert await remove_all_deleted(storage, 3) == 1
    assert len(await storage.messages.timeline(rooms[2].id, 10, PLENTY, after=0)) == 9
    assert await storage.rooms.is_member(rooms[2].id, ben)
    assert await storage.rooms.of_member(ada) == [rooms[2].id]


async def test_only_rooms_that_people_made_can_be_deleted(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    direct, support = await direct_room(storage, ada, ben), await support_room(storage, ada)
    for room_id in (LOBBY_ID, direct.id, support.id, 99, EVER):
        assert not await delete_room(storage, room_id)
    for room_id in (LOBBY_ID, direct.id, support.id):
        assert await storage.rooms.by_id(room_id) is not None


async def test_a_membership_ends_once(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await make_room(storage, ada)
    await say(storage, joining(ben, room.id))
    assert await remove_member(storage, room.id, ben)
    assert not await remove_member(storage, room.id, ben)
    assert not await remove_member(storage, 99, ben)
    assert not await storage.rooms.is_member(room.id, ben)
    assert await storage.rooms.is_member(room.id, ada)
    await say(storage, joining(ben, room.id))
    assert await storage.rooms.is_member(room.id, ben)


async def test_rooms_of_a_member_are_those_that_people_made_ascending(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    rooms = [await make_room(storage, ada, f"Room {n}") for n in range(3)]
    await direct_room(storage, ada, ben)
    await support_room(storage, ben)
    await say(storage, joining(ben, rooms[2].id), joining(ben, rooms[0].id))
    assert await storage.rooms.of_member(ada) == [room.id for room in rooms]
    assert await storage.rooms.of_member(ben) == [rooms[0].id, rooms[2].id]
    assert await storage.rooms.of_member(99) == []


async def test_a_join_is_a_message_and_makes_the_membership(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await make_room(storage, ada)
    got = await say(storage, draft(ada, "one", room=room.id), joining(ben, room.id))
    assert [(message.kind, message.text, message.seq) for message in got] == [
        (MessageKind.TEXT, "one", 1),
        (MessageKind.JOIN, "", 2),
    ]
    assert await storage.rooms.is_member(room.id, ben)
    retold = await storage.messages.timeline(room.id, 10, PLENTY, after=0)
    assert [(message.id, message.kind) for message in retold] == [
        (message.id, message.kind) for message in got
    ]


async def test_a_member_can_not_join_again(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await make_room(storage, ada)
    saved = await storage.messages.save(
        [
            joining(ada, room.id),  # who made it is in it
            joining(ben, room.id),
            draft(ben, "in", room=room.id),
            joining(ben, room.id),
            joining(ben, room.id),
            joining(ada, 99),
            joining(ben, LOBBY_ID),
            joining(ben, LOBBY_ID),
        ]
    )
    assert [saved[0], *saved[3:6], saved[7]] == [ALREADY_IN, ALREADY_IN, ALREADY_IN, None, ALREADY_IN]
    assert numbers([saved[1], saved[2], saved[6]]) == [(1, 1, 1), (2, 2, 2), (3, 1, 1)]
    assert await storage.messages.save([joining(ben, room.id)]) == [ALREADY_IN]
    assert await storage.messages.newest_id() == 3
    assert await remove_member(storage, room.id, ben)
    (again,) = await storage.messages.save([joining(ben, room.id)])
    assert numbers([again]) == [(5, 3, 4)]


async def test_a_removal_ends_a_membership_at_its_place_in_the_log(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await make_room(storage, ada)
    removal = Removal(room.id, ben, ada, NOW)
    saved = await storage.messages.save(
        [
            removal,  # not in it yet
            structs.replace(joining(ben, room.id), sender_name="Ben"),
            draft(ada, "before", room=room.id),
            removal,
            removal,
            draft(ada, "after", room=room.id),
            Removal(room.id, ada, ada, NOW),
        ]
    )
    removed = Removed(3, room.id, 3, ben, ada, NOW)
    assert (saved[0], saved[3], saved[4]) == (None, removed, None)
    assert saved[6] == Removed(5, room.id, 5, ada, ada, NOW)
    assert numbers([saved[1], saved[2], saved[5]]) == [(1, 1, 1), (2, 2, 2), (4, 3, 4)]
    assert await storage.rooms.of_member(ada) == await storage.rooms.of_member(ben) == []
    assert await storage.messages.read_log(0, 99, PLENTY) == [each for each in saved if each is not None]
    assert await storage.messages.read_log(2, 2, PLENTY) == [removed, saved[5]]
    assert await storage.messages.newest_id() == 5
    known = await storage.rooms.by_id(room.id)
    assert known is not None
    assert (known.last_seq, known.last_pos) == (3, 5)
    (more,) = await say(storage, draft(ada, "more", room=room.id))
    assert (more.id, more.seq, more.pos) == (6, 4, 6)


async def test_nobody_is_removed_from_a_built_in_room(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    pair, desk = await direct_room(storage, ada, ben), await support_room(storage, ada)
    await say(storage, joining(ada, LOBBY_ID))
    gone = await make_room(storage, ada)
    await delete_room(storage, gone.id)
    for room_id in (LOBBY_ID, pair.id, desk.id, gone.id, 99):
        assert not await remove_member(storage, room_id, ada)
    assert await storage.rooms.is_member(pair.id, ada)
    assert await storage.messages.newest_id() == 2


async def test_rooms_end_at_their_places_in_the_log_each_once(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    one, two = await make_room(storage, ada, "One"), await make_room(storage, ada, "Two")
    by_ada = RoomDeletion(one.id, ada, NOW)
    saved = await storage.messages.save(
        [
            draft(ada, "before", room=one.id),
            by_ada,
            by_ada,
            RoomDeletion(two.id, None, NOW),
            RoomDeletion(LOBBY_ID, None, NOW),
            draft(ada, "after", room=one.id),
            joining(ben, one.id),
            Removal(one.id, ada, ada, NOW),
            draft(ada, "elsewhere"),
        ]
    )
    ends = [RoomDeleted(2, one.id, 2, ada, NOW), RoomDeleted(3, two.id, 1, None, NOW)]
    assert saved[1:8] == [ends[0], None, ends[1], None, None, None, None]
    assert numbers([saved[0], saved[8]]) == [(1, 1, 1), (4, 1, 1)]
    assert await storage.rooms.of_member(ada) == []
    assert await storage.messages.read_log(0, 99, PLENTY) == [*ends, saved[8]]
    await remove_all_deleted(storage, 100)
    assert await storage.messages.read_log(0, 99, PLENTY) == [*ends, saved[8]], "they outlive their rooms"
    assert (await make_room(storage, ben, "One")).last_pos == 0, "the name is free"


async def test_a_rejected_batch_ends_nothing(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    one, two = await make_room(storage, ada, "One"), await make_room(storage, ada, "Two")
    ends = [Removal(one.id, ada, ada, NOW), RoomDeletion(two.id, ada, NOW)]
    for poison in (draft(ada, "a\0b"), RoomDeletion(one.id, 99, NOW)):
        with pytest.raises(WriteRejected):
            await storage.messages.save([*ends, poison])
        assert await storage.rooms.of_member(ada) == [one.id, two.id]
        assert await storage.messages.newest_id() == 0


async def test_a_rejected_batch_makes_no_membership(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await make_room(storage, ada)
    with pytest.raises(WriteRejected):
        await storage.messages.save([joining(ben, room.id), draft(ada, "a\0b", room=room.id)])
    assert not await storage.rooms.is_member(room.id, ben)
    assert await storage.messages.timeline(room.id, 10, PLENTY, after=0) == []


async def test_joining_a_deleted_room_makes_no_membership(storage: Storage) -> None:
    _, ben = await add_both(storage)
    assert await storage.messages.save([joining(ben, 99)]) == [None]
    assert not await storage.rooms.is_member(99, ben)


# --- messages ---


async def test_seq_counts_each_rooms_messages_without_a_gap(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    first = await storage.messages.save([draft(ada, "one"), draft(ben, "two")])
    second = await storage.messages.save([draft(ada, "three")])
    saved = [message for message in (*first, *second) if message is not None]
    assert [message.seq for message in saved] == [1, 2, 3]
    assert len({message.id for message in saved}) == 3
    lobby = await storage.rooms.by_id(LOBBY_ID)
    assert lobby is not None
    assert lobby.last_seq == 3


async def test_ids_ascend_as_the_drafts_were_given_over_all_rooms(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    rooms = [LOBBY_ID, *[(await make_room(storage, ada, f"Room {n}")).id for n in range(3)]]
    said = await say(storage, *(draft(ada, f"{n}", room=rooms[n * 7 % 4]) for n in range(40)))
    ids = [message.id for message in said]
    assert ids == sorted(ids)
    assert texts(said) == [f"{n}" for n in range(40)]


async def test_a_page_has_times_to_the_microsecond(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    saved = await storage.messages.save([draft(ada, text) for text in ("eins", "zwei 😀", "три")])
    assert await storage.messages.timeline(LOBBY_ID, 99, PLENTY, after=0, before=4) == saved
    assert await storage.messages.timeline(LOBBY_ID, 99, PLENTY, after=1, before=3) == saved[1:2]
    assert await storage.messages.timeline(LOBBY_ID, 99, PLENTY, after=3, before=11) == []
    assert await storage.messages.timeline(99, 10, PLENTY, after=0) == []


async def test_a_draft_for_a_room_that_is_gone_is_skipped_without_a_gap(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    saved = await storage.messages.save([draft(ada, "one"), draft(ada, "lost", room=99), draft(ada, "two")])
    assert saved[1] is None
    assert [message.seq for message in saved if message is not None] == [1, 2]


@pytest.mark.parametrize("poison", ["nobody", "nul"])
async def test_a_draft_that_can_not_be_stored_rejects_the_whole_batch(storage: Storage, poison: str) -> None:
    ada, ben = await add_both(storage)
    await storage.messages.save([draft(ada, "first", key="k")])
    bad = {"nobody": draft(99, "x"), "nul": draft(ada, "a\0b")}[poison]
    with pytest.raises(WriteRejected):
        await storage.messages.save([draft(ben, "innocent"), bad])
    assert len(await storage.messages.timeline(LOBBY_ID, 10, PLENTY, after=0)) == 1
    after = await storage.messages.save([draft(ben, "innocent", key="k")])
    assert isinstance(after[0], Message)
    assert after[0].seq == 2


async def test_numbers_go_on_without_a_gap_over_all_rooms(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    gone = draft(ada, "lost", room=99)
    batches = [
        [draft(ada, "1"), gone, draft(ben, "2", room=garden.id), draft(ada, "3")],
        [gone],
        [draft(ben, "4", room=garden.id), joining(ben, garden.id), gone, draft(ada, "6")],
    ]
    saved: list[Message] = []
    for batch in batches:
        outcomes = await storage.messages.save(batch)
        assert [outcome is None for outcome in outcomes] == [each is gone for each in batch]
        saved += [outcome for outcome in outcomes if isinstance(outcome, Message)]
    assert [message.id for message in saved] == [1, 2, 3, 4, 5, 6]
    for room_id in (LOBBY_ID, garden.id):
        numbers = [(m.id, m.seq, m.pos) for m in saved if m.room_id == room_id]
        assert [(seq, pos) for _, seq, pos in numbers] == [(1, 1), (2, 2), (3, 3)]
        page = await storage.messages.timeline(room_id, 9, PLENTY, after=0)
        assert [(m.id, m.seq, m.pos) for m in page] == numbers
    assert await storage.messages.newest_id() == 6


async def test_a_draft_that_is_sent_again_with_its_key_is_answered_and_takes_no_number(
    storage: Storage,
) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    (first,) = await say(storage, draft(ada, "hello", key="k"))
    outcomes = await storage.messages.save(
        [
            draft(ben, "one", key="k"),  # another's key
            draft(ada, "hello", key="k"),
            draft(ada, "another text", key="k"),
            draft(ada, "hello", key="k", room=garden.id),
            draft(ada, "two"),
            draft(ada, "three", key="new"),
            draft(ada, "three", key="new"),
            draft(ada, "no, four", key="new"),
            draft(ada, "five", key="l", room=99),
            draft(ada, "five", key="l"),
        ]
    )
    one, two, three, five = (outcomes[n] for n in (0, 4, 5, 9))
    assert all(isinstance(message, Message) for message in (one, two, three, five))
    assert outcomes[1:4] == [Repeated(first), KeyUsed(message=first), KeyUsed(message=first)]
    assert isinstance(three, Message)
    assert outcomes[6:9] == [Repeated(three), KeyUsed(message=three), None]
    said = await storage.messages.timeline(LOBBY_ID, 99, PLENTY, after=0)
    assert [(message.id, message.seq, message.pos, message.text) for message in said] == [
        (n, n, n, text) for n, text in enumerate(("hello", "one", "two", "three", "five"), start=1)
    ]
    assert await storage.messages.timeline(garden.id, 99, PLENTY, after=0) == []
    assert await storage.messages.save([draft(ada, "hello", key="k")]) == [Repeated(first)]
    assert texts(await say(storage, draft(ada, "six"))) == ["six"]
    assert await storage.messages.newest_id() == 6


async def test_a_used_key_returns_its_message_without_saving(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    earlier = draft(ada, "hello", room=garden.id, key="k")
    assert await storage.messages.repeated(earlier) is None
    (first,) = await say(storage, earlier)
    await storage.messages.save([Edit(garden.id, 1, ada, "hi", NOW)])
    now = structs.replace(first, text="hi")
    for again, expected in (
        (earlier, Repeated(now)),
        (draft(ada, "hi", room=garden.id, key="k"), KeyUsed(message=now)),
        (draft(ada, "hello", key="k"), KeyUsed(message=now)),
        (structs.replace(earlier, reply=1), KeyUsed(message=now)),
        (structs.replace(earlier, file_ids=(1,)), KeyUsed(message=now)),
        (draft(ben, "hello", room=garden.id, key="k"), None),
        (draft(ada, "hello", room=garden.id, key="l"), None),
        (draft(ada, "hello", room=garden.id), None),
    ):
        assert await storage.messages.repeated(again) == expected
    await storage.messages.save(
        [RoomChange(room_id=garden.id, actor_id=ada, created_at=NOW, is_archived=True)]
    )
    assert await storage.messages.repeated(earlier) == Repeated(now)
    assert await storage.messages.newest_id() == 3


async def test_batches_with_keys_count_messages_of_both_sides(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await storage.rooms.support_room(ben)
    assert room is not None
    sent = [(ben, "1"), (ada, "2"), (ben, "3"), (ben, "3"), (ben, "4"), (ada, "2")]
    await storage.messages.save([draft(who, text, room=room.id, key=text) for who, text in sent])
    (conversation,) = await storage.messages.conversations(9, PLENTY)
    assert (conversation.last.text, conversation.unread) == ("4", 2)
    await storage.messages.save([draft(ben, text, room=room.id, key=text) for text in ("4", "5")])
    (conversation,) = await storage.messages.conversations(9, PLENTY)
    assert (conversation.last.text, conversation.unread) == ("5", 3)


async def test_a_batch_of_keys_that_can_not_be_stored_uses_none_of_them(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    with pytest.raises(WriteRejected):
        await storage.messages.save([draft(ada, "one", key="k"), draft(ben, "a\0b", key="l")])
    (saved,) = await storage.messages.save([draft(ada, "two", key="k")])
    assert isinstance(saved, Message)
    assert saved.id == 1


async def test_the_log_has_messages_of_all_rooms_with_their_recipients(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    support, pair = await storage.rooms.support_room(ben), await storage.rooms.direct_room(ben, ada)
    own = await storage.rooms.direct_room(ben, ben)
    assert support is not None
    assert pair is not None
    assert own is not None
    said = await say(
        storage,
        draft(ada, "1"),
        draft(ben, "2", room=garden.id),
        draft(ben, "3", room=support.id, people=SupportOf(Peer(ben, "Ben"))),
        draft(ben, "4", room=pair.id, people=Pair(ada, ben)),
        draft(ben, "5", room=own.id, people=Pair(ben, ben)),
        draft(ada, "6"),
    )
    names = {ada: "Ada", ben: "Ben"}
    said = [structs.replace(message, sender_name=names[message.sender_id]) for message in said]
    read_log = storage.messages.read_log
    assert await read_log(0, 99, PLENTY) == said
    assert await read_log(2, 3, PLENTY) == said[2:5]
    assert await read_log(2, 99, 7) == said[2:4]
    assert await read_log(2, 99, 0) == said[2:3]
    assert await read_log(6, 99, PLENTY) == []


async def test_of_a_deleted_message_the_log_has_only_the_deletion(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    garden = await make_room(storage, ada)
    said = await say(
        storage, draft(ada, "1"), draft(ada, "2", room=garden.id), draft(ada, "3"), draft(ada, "4")
    )
    await delete(storage, said[2])
    await delete_room(storage, garden.id)
    of_message, of_room = await storage.messages.read_log(4, 99, PLENTY)
    assert isinstance(of_message, Deleted)
    assert isinstance(of_room, RoomDeleted)
    assert await storage.messages.read_log(0, 99, PLENTY) == [said[0], said[3], of_message, of_room]


async def test_a_timeline_is_a_stretch_of_a_room_from_either_end_oldest_first(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    room = await make_room(storage, ada)
    said = await say(
        storage, *(draft(ada, f"{n}", room=where) for n in range(5) for where in (room.id, LOBBY_ID))
    )
    in_room = [message for message in said if message.room_id == room.id]
    third = in_room[2].id

    async def shown(limit: int = 100, of: int = room.id, **bounds: int) -> str:
        return "".join(texts(await storage.messages.timeline(of, limit, PLENTY, **bounds)))

    assert await shown() == "01234"
    assert await shown(2) == "34"
    assert await shown(2, up_to_id=third) == "12"
    assert await shown(2, up_to_id=third - 1) == "01"
    assert await shown(2, before=4) == "12"
    assert await shown(2, before=4, up_to_id=third - 1) == "01"
    assert await shown(2, before=2, up_to_id=third) == "0"
    assert await shown(after=0) == await shown(after=-1) == "01234"
    assert await shown(2, after=1) == "12"
    assert await shown(after=1, before=4) == "12"
    assert await shown(after=1, up_to_id=third) == "12"
    assert await shown(1, after=1, before=4) == "1"
    for nothing in ({"up_to_id": 0}, {"before": 1}, {"before": -5}, {"after": 5}, {"after": 3, "before": 2}):
        assert await shown(**nothing) == "", nothing
    assert (
        await shown(0) == await shown(0, after=0) == await shown(of=99) == await shown(of=99, after=0) == ""
    )


async def test_the_newest_id_grows_with_every_message_of_any_room(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    room = await make_room(storage, ada)
    assert await storage.messages.newest_id() == 0
    for where in (LOBBY_ID, room.id, LOBBY_ID):
        said = await say(storage, draft(ada, "x", room=where), draft(ada, "y", room=where))
        assert await storage.messages.newest_id() == said[-1].id


async def test_a_big_batch_keeps_its_order(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    lines = [f"line {n}" for n in range(1000)]
    assert texts(await say(storage, *(draft(ada, line) for line in lines))) == lines
    page = await storage.messages.timeline(LOBBY_ID, 1000, PLENTY, after=0)
    assert [message.seq for message in page] == list(range(1, 1001))
    assert [message.id for message in page] == sorted(message.id for message in page)


async def test_a_cancelled_read_leaves_the_storage_whole(storage: Storage) -> None:
    await add_both(storage)
    for _ in range(20):
        with trio.CancelScope() as scope:
            scope.cancel()
            await storage.messages.timeline(LOBBY_ID, 10, PLENTY, after=0)
    with trio.fail_after(10):
        await storage.ping()
        assert len(await storage.users.everyone()) == 2


# --- answers of a bounded size ---


AWKWARD = [
    "plain",
    "a\x01\x1f\x7f",  # a control character takes six bytes, DEL one
    '"\\/',
    "\b\f\n\r\t",
    "é\u00ad\u0085",
    "\u2028\u2029\ufeff\uffff",
    "😀\U0010ffff",
    "",
]


@pytest.mark.parametrize("text", AWKWARD)
async def test_the_bytes_of_a_text_are_those_of_its_json(storage: Storage, text: str) -> None:
    ada, _ = await add_both(storage)
    await say(storage, draft(ada, text), draft(ada, text))
    both = 2 * len(msgspec.json.encode(text))
    assert texts(await storage.messages.timeline(LOBBY_ID, 99, both, after=0, before=3)) == [text, text]
    assert texts(await storage.messages.timeline(LOBBY_ID, 99, both - 1, after=0, before=3)) == [text]
    assert texts(await storage.messages.timeline(LOBBY_ID, 2, both)) == [text, text]
    assert texts(await storage.messages.timeline(LOBBY_ID, 2, both - 1)) == [text]


async def test_an_answer_ends_before_the_first_message_that_does_not_fit(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = (await direct_room(storage, ada, ben)).id
    # As JSON 7, 12, 4 and 3 bytes: "c" would still fit where "x" * 10 does not, but may not overtake it.
    lines = ["a" * 5, "x" * 10, "bb", "c"]
    said = await say(storage, *(draft(ada, line, room=room) for line in lines))
    messages = storage.messages

    async def from_the_front(most_bytes: int) -> list[str]:
        page = texts(await messages.timeline(room, 99, most_bytes, after=0, before=5))
        assert texts(await messages.undelivered(ben, 0, EVER, 100, most_bytes)) == page
        return page

    assert await from_the_front(26) == lines
    assert await from_the_front(25) == lines[:3]
    assert await from_the_front(19) == lines[:2]
    assert await from_the_front(18) == lines[:1]
    for too_few in (6, 1, 0, -1):
        assert await from_the_front(too_few) == lines[:1], "one message at least"
    assert texts(await messages.timeline(room, 4, 26)) == lines
    assert texts(await messages.timeline(room, 4, 18)) == ["bb", "c"]
    assert texts(await messages.timeline(room, 4, 18, up_to_id=said[1].id)) == ["x" * 10]
    assert texts(await messages.timeline(room, 4, 18, before=3)) == ["x" * 10]
    assert texts(await messages.timeline(room, 4, 0)) == ["c"]
    assert texts(await messages.timeline(room, 99, 16, after=1, before=5)) == ["x" * 10, "bb"]
    for most_bytes in (PLENTY, 0):
        assert await messages.timeline(room, 99, most_bytes, after=4) == []


async def test_missed_messages_are_read_in_pieces_over_all_rooms(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    cem, dora = await add(storage, "Cem", "Dora")
    with_ben, with_cem, with_dora = [
        (await direct_room(storage, ada, who)).id for who in (ben, cem.id, dora.id)
    ]
    said: list[Message] = []
    for n in range(5):
        for who, room in ((ben, with_ben), (cem.id, with_cem), (ada, with_cem), (dora.id, with_dora)):
            said += await say(storage, draft(who, f"{who} {n}", room=room))
    told_by_dora = [message for message in said if message.room_id == with_dora]
    await storage.rooms.mark_delivered({(with_dora, ada): told_by_dora[-1].seq, (with_cem, ada): 1})
    missed = [m.id for m in said if m.sender_id in (ben, cem.id)]
    missed.remove(next(m.id for m in said if m.sender_id == cem.id))

    for limit, most_bytes in ((1, PLENTY), (2, PLENTY), (100, 1), (100, 12), (3, 15), (100, PLENTY)):
        received: list[int] = []
        while piece := await storage.messages.undelivered(
            ada, received[-1] if received else 0, said[-1].id, limit, most_bytes
        ):
            assert len(piece) <= limit
            received += [message.id for message in piece]
        assert received == missed
    assert await storage.messages.undelivered(ada, 0, EVER, 0, PLENTY) == []


async def test_last_words_of_conversations_are_counted_too(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    for who, text in ((ada, "a" * 8), (ben, "b" * 18)):  # 10 and 20 bytes
        await say(storage, draft(who, text, room=(await support_room(storage, who)).id))
    conversations = storage.messages.conversations
    assert [each.person_id for each in await conversations(10, 30)] == [ben, ada]
    assert [each.person_id for each in await conversations(10, 29)] == [ben]
    assert [each.person_id for each in await conversations(10, 0)] == [ben]
    assert await conversations(0, PLENTY) == []


# --- support conversations ---


async def test_a_person_has_one_support_conversation(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await support_room(storage, ada)
    assert (room.kind, room.creator_id, room.name) == (RoomKind.SUPPORT, ada, None)
    assert await support_room(storage, ada) == room
    assert (await support_room(storage, ben)).id != room.id
    assert await storage.rooms.support_room(99) is None


async def test_a_support_conversation_asked_for_by_many_at_once_is_made_once(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    rooms: set[int] = set()

    async def ask() -> None:
        rooms.add((await support_room(storage, ada)).id)

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(ask)
    assert len(rooms) == 1


async def test_conversations_are_read_newest_first_with_unread_counts(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    cem, dora = await add(storage, "Cem", "Dora")
    bens, cems = (await support_room(storage, ben)).id, (await support_room(storage, cem.id)).id
    await support_room(storage, dora.id)  # she has not said anything yet
    assert await storage.messages.conversations(10, PLENTY) == []
    await say(
        storage, draft(ben, "b1", room=bens), draft(cem.id, "c1", room=cems), draft(ben, "b2", room=bens)
    )
    first, second = await storage.messages.conversations(10, PLENTY)
    assert (first.person_id, first.person_name, first.last.text, first.unread) == (ben, "Ben", "b2", 2)
    assert (second.person_id, second.last.text, second.unread) == (cem.id, "c1", 1)
    await say(storage, draft(ada, "answer", room=bens))
    first, second = await storage.messages.conversations(10, PLENTY)
    assert (first.person_id, first.last.text, first.last.sender_id, first.unread) == (ben, "answer", ada, 0)
    await say(
        storage, draft(cem.id, "c2", room=cems), draft(ben, "b3", room=bens), draft(cem.id, "c3", room=cems)
    )
    assert [(each.person_id, each.unread) for each in await storage.messages.conversations(10, PLENTY)] == [
        (cem.id, 3),
        (ben, 1),
    ]
    assert [each.person_id for each in await storage.messages.conversations(1, PLENTY)] == [cem.id]
    await storage.users.rename(cem.id, "Cemal")
    (newest,) = await storage.messages.conversations(1, PLENTY)
    assert (newest.person_name, newest.last.sender_name) == ("Cemal", "Cemal")


@pytest.mark.parametrize("seed", range(4))
async def test_unread_and_undelivered_counts_agree_with_the_messages(storage: Storage, seed: int) -> None:
    """For any senders and batches: both are counters, not searches."""
    chance = random.Random(seed)
    ada, ben = await add_both(storage)
    (cem,) = await add(storage, "Cem")
    everybody = (ada, ben, cem.id)
    desk = {person: (await support_room(storage, person)).id for person in everybody}
    direct = {
        pair: (await direct_room(storage, *pair)).id for pair in ((ada, ben), (ada, cem.id), (ada, ada))
    }
    said: list[Message] = []
    got: dict[tuple[int, int], int] = {}
    for _ in range(12):
        batch = []
        for _ in range(chance.randrange(1, 6)):
            sender = chance.choice(everybody)
            pair = chance.choice([pair for pair in direct if sender in pair])
            room = chance.choice((desk[chance.choice(everybody)], direct[pair]))
            batch.append(draft(sender, "x", room=room))
        said += await say(storage, *batch)

        if chance.random() < 0.5:
            pair = chance.choice(list(direct))
            here = [message.seq for message in said if message.room_id == direct[pair]]
            if here:
                member = (direct[pair], chance.choice(pair))
                got[member] = max(got.get(member, 0), chance.choice(here))
                await storage.rooms.mark_delivered({member: got[member]})

        overview = []
        for person, room in desk.items():
            here = [message for message in said if message.room_id == room]
            if here:
                others = max((message.seq for message in here if message.sender_id != person), default=0)
                overview.append((here[-1].id, person, here[-1].seq - others))
        found = await storage.messages.conversations(10, PLENTY)
        assert [(c.last.id, c.person_id, c.unread) for c in found] == sorted(overview, reverse=True)
        assert await storage.messages.conversations(2, PLENTY) == found[:2]
        for person in everybody:
            missed = [
                message.id
                for message in said
                for pair, room in direct.items()
                if message.room_id == room
                and person in pair
                and (message.sender_id != person or len(set(pair)) == 1)
                and message.seq > got.get((room, person), 0)
            ]
            assert [m.id for m in await storage.messages.undelivered(person, 0, EVER, 100, PLENTY)] == missed


# --- direct conversations ---


async def test_two_people_have_one_room_in_either_order(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = await direct_room(storage, ada, ben)
    assert room.kind is RoomKind.DIRECT
    assert await direct_room(storage, ben, ada) == room
    assert await storage.rooms.is_member(room.id, ada)
    assert await storage.rooms.is_member(room.id, ben)


async def test_one_may_have_a_room_with_oneself(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    own = await direct_room(storage, ada, ada)
    assert await direct_room(storage, ada, ada) == own
    assert (await direct_room(storage, ada, ben)).id != own.id
    assert await storage.rooms.is_member(own.id, ada)


async def test_nobody_has_no_direct_room(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    assert await storage.rooms.direct_room(ada, 99) is None
    assert await storage.rooms.direct_room(99, ada) is None
    assert await storage.rooms.direct_room(0, -1) is None
    assert await storage.rooms.direct_room(99, 99) is None


async def test_a_direct_room_asked_for_by_both_at_once_is_made_once(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    rooms: set[int] = set()

    async def ask(one: int, other: int) -> None:
        rooms.add((await direct_room(storage, one, other)).id)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(ask, ada, ben)
            nursery.start_soon(ask, ben, ada)
    assert len(rooms) == 1


async def test_undelivered_are_others_messages_up_to_an_id(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    (cem,) = await add(storage, "Cem")
    with_ben, with_cem = (
        (await direct_room(storage, ada, ben)).id,
        (await direct_room(storage, ada, cem.id)).id,
    )
    said = await say(
        storage,
        draft(cem.id, "from cem", room=with_cem),
        draft(ben, "from ben", room=with_ben),
        draft(ada, "from ada", room=with_ben),
        draft(ben, "to all"),
    )
    said += await say(storage, draft(cem.id, "from cem again", room=with_cem))
    by_text = {message.text: message for message in said}
    missed = await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY)
    assert texts(missed) == ["from cem", "from ben", "from cem again"]
    assert {message.peer for message in missed} == {Peer(ada, "")}
    assert [(m.sender_id, m.sender_name) for m in missed if m.text == "from ben"] == [(ben, "Ben")]
    up_to_ben = await storage.messages.undelivered(ada, 0, by_text["from ben"].id, 100, PLENTY)
    assert texts(up_to_ben) == ["from cem", "from ben"]
    assert await storage.messages.undelivered(ada, 0, 0, 100, PLENTY) == []
    (to_ben,) = await storage.messages.undelivered(ben, 0, EVER, 100, PLENTY)
    assert (to_ben.text, to_ben.peer) == ("from ada", Peer(ben, ""))
    assert await storage.messages.undelivered(cem.id, 0, EVER, 100, PLENTY) == []
    assert await storage.messages.undelivered(99, 0, EVER, 100, PLENTY) == []


async def test_a_message_to_oneself_is_undelivered_once(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    own = (await direct_room(storage, ada, ada)).id
    await say(storage, draft(ada, "note to self", room=own))
    (missed,) = await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY)
    assert (missed.text, missed.peer) == ("note to self", Peer(ada, ""))
    await storage.rooms.mark_delivered({(own, ada): missed.seq})
    assert await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY) == []


async def test_a_delivered_position_never_goes_back_and_is_each_members_own(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    room = (await direct_room(storage, ada, ben)).id
    await say(storage, *(draft(who, f"{n}", room=room) for n in range(3) for who in (ada, ben)))  # seq 1 to 6
    await storage.rooms.mark_delivered({(room, ada): 4})
    assert texts(await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY)) == ["2"]
    await storage.rooms.mark_delivered({(room, ada): 2, (room, ben): 1})
    assert texts(await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY)) == ["2"]
    assert texts(await storage.messages.undelivered(ben, 0, EVER, 100, PLENTY)) == ["1", "2"]
    await storage.rooms.mark_delivered({(room, ada): 6, (room, 99): 3, (99, ada): 3})
    assert await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY) == []
    await storage.rooms.mark_delivered({})
    await say(storage, draft(ben, "new", room=room))
    assert texts(await storage.messages.undelivered(ada, 0, EVER, 100, PLENTY)) == ["new"]


async def test_positions_marked_by_many_at_once_do_not_wait_for_each_other(storage: Storage) -> None:
    people = await add(storage, *(f"person {n}" for n in range(6)))
    rooms = [(await direct_room(storage, people[0].id, person.id)).id for person in people[1:]]
    members = [
        (room, person.id)
        for room, other in zip(rooms, people[1:], strict=True)
        for person in (people[0], other)
    ]
    await say(storage, *(draft(people[0].id, f"{n}", room=room) for n in range(5) for room in rooms))
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for seq in range(1, 6):
                nursery.start_soon(storage.rooms.mark_delivered, dict.fromkeys(members[:: (-1) ** seq], seq))
    for person in people[1:]:
        assert await storage.messages.undelivered(person.id, 0, EVER, 100, PLENTY) == []


# --- deleted messages ---


async def test_a_deleted_message_is_not_returned_and_keeps_its_place(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    said = await say(storage, *(draft(ada, f"{n}") for n in range(1, 6)))
    for message in (said[0], said[2], said[3]):
        assert await delete(storage, message)
    assert texts(await storage.messages.timeline(LOBBY_ID, 9, PLENTY, after=0)) == ["2", "5"]
    assert texts(await storage.messages.timeline(LOBBY_ID, 9, PLENTY)) == ["2", "5"]
    assert texts(await storage.messages.timeline(LOBBY_ID, 2, PLENTY)) == ["2", "5"], (
        "as many as are asked for"
    )
    assert texts(await storage.messages.timeline(LOBBY_ID, 9, PLENTY, up_to_id=said[3].id)) == ["2"]
    (next_one,) = await say(storage, draft(ben, "6"))
    assert next_one.seq == 6


async def test_a_message_is_deleted_once_and_only_a_text_of_a_room_that_is_there(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    joined, text, other = await say(
        storage, joining(ben, garden.id), draft(ada, "1", room=garden.id), draft(ada, "2", room=garden.id)
    )
    assert await delete(storage, text)
    assert not await delete(storage, text)
    assert not await delete(storage, joined)
    assert not await delete(storage, structs.replace(text, seq=99))
    assert not await delete(storage, structs.replace(text, room_id=99))
    await delete_room(storage, garden.id)
    assert not await delete(storage, other)


async def test_a_deleted_message_is_not_delivered(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    pair = await direct_room(storage, ada, ben)
    first, *_ = await say(storage, *(draft(ada, text, room=pair.id) for text in ("1", "2")))
    assert await delete(storage, first)
    assert texts(await storage.messages.undelivered(ben, 0, EVER, 9, PLENTY)) == ["2"]


async def test_a_conversation_ends_with_its_last_message_that_is_left(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    of_ada, of_ben = await support_room(storage, ada), await support_room(storage, ben)
    one, two = await say(storage, *(draft(ada, text, room=of_ada.id) for text in "12"))
    (three,) = await say(storage, draft(ben, "3", room=of_ben.id))
    await delete(storage, two)
    await delete(storage, three)
    (left,) = await storage.messages.conversations(9, PLENTY)
    assert (left.person_id, left.last.id, left.unread) == (ada, one.id, 2)
    assert await storage.messages.conversations(1, PLENTY) == [left]


async def test_conversations_of_deleted_people_take_no_places_of_others(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    (cem,) = await add(storage, "Cem")
    for person_id in (ada, ben, cem.id):
        room = await support_room(storage, person_id)
        await say(storage, draft(person_id, "help", room=room.id))
    for person_id in (cem.id, ben):
        assert await storage.users.delete(person_id) is True
    assert [each.person_id for each in await storage.messages.conversations(1, PLENTY)] == [ada]


# --- edits, deletions and reactions ---


def numbers(saved: Sequence[Saved]) -> list[tuple[int, int, int] | None]:
    """Return id, seq and pos of each; None for what has none."""
    return [
        (each.id, each.seq, each.pos) if isinstance(each, Message | Edited | Deleted | Reacted) else None
        for each in saved
    ]


async def test_changes_are_in_the_log_and_messages_are_as_they_have_become(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    one, two, three = await say(storage, draft(ada, "1"), draft(ben, "2"), draft(ada, "3", room=garden.id))
    saved = await storage.messages.save(
        [
            Edit(LOBBY_ID, 1, ada, "one", NOW + 1),
            Reaction(LOBBY_ID, 2, ada, "👍", True, NOW + 2),
            Reaction(LOBBY_ID, 2, ben, "👍", True, NOW + 3),
            Deletion(garden.id, 1, ada, NOW + 4),
        ]
    )
    edited = Edited(4, LOBBY_ID, 1, 3, ada, "one", NOW + 1)
    reacted = [
        Reacted(5, LOBBY_ID, 2, 4, ada, "👍", True, 1, NOW + 2),
        Reacted(6, LOBBY_ID, 2, 5, ben, "👍", True, 2, NOW + 3),
    ]
    deleted = Deleted(7, garden.id, 1, 2, ada, NOW + 4)
    assert saved == [edited, *reacted, deleted]
    page = await storage.messages.timeline(LOBBY_ID, 9, PLENTY, after=0)
    assert [(each.id, each.text, each.pos) for each in page] == [(one.id, "one", 3), (two.id, "2", 5)]
    assert await storage.messages.timeline(garden.id, 9, PLENTY, after=0) == []
    assert await storage.messages.by_id(three.id) is None
    found = await storage.messages.by_id(one.id)
    assert found == page[0]
    assert await storage.messages.newest_id() == 7
    in_log = await storage.messages.read_log(0, 99, PLENTY)
    assert in_log == [
        structs.replace(one, text="one"),
        structs.replace(two, sender_name="Ben"),
        edited,
        structs.replace(reacted[0], count=2),
        reacted[1],
        deleted,
    ]
    assert await storage.messages.read_log(4, 2, PLENTY) == in_log[3:5]
    assert await storage.messages.read_log(0, 99, 8) == in_log[:2], "texts are counted"
    room = await storage.rooms.by_id(LOBBY_ID)
    assert room is not None
    assert (room.last_seq, room.last_pos) == (2, 5)


async def test_drafts_and_changes_of_one_batch_are_numbered_in_their_order(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden = await make_room(storage, ada)
    await say(storage, draft(ada, "1"))
    saved = await storage.messages.save(
        [
            Edit(LOBBY_ID, 1, ada, "one", NOW),
            draft(ben, "2"),
            draft(ben, "first", room=garden.id, key="k"),
            draft(ben, "first", room=garden.id, key="k"),
            Edit(LOBBY_ID, 2, ben, "two", NOW),  # said just now
            Edit(garden.id, 1, ben, "of the garden", NOW),
            draft(ben, "another text", key="k"),
            draft(ada, "3"),
            Deletion(LOBBY_ID, 2, ben, NOW),
        ]
    )
    # Fmt: skip.
    assert numbers(saved) == [
        (2, 1, 2),
        (3, 2, 3),
        (4, 1, 1),
        None,
        (5, 2, 4),
        (6, 1, 2),
        None,
        (7, 3, 5),
        (8, 2, 6),
    ]
    assert isinstance(saved[2], Message)
    assert saved[3] == Repeated(saved[2])
    assert saved[6] == KeyUsed(message=structs.replace(saved[2], text="of the garden"))
    assert texts(await storage.messages.timeline(LOBBY_ID, 9, PLENTY, after=0)) == ["one", "3"]
    (next_one,) = await say(storage, draft(ada, "4"))
    assert (next_one.id, next_one.seq, next_one.pos) == (9, 4, 7)


async def test_a_resend_after_an_edit_returns_the_saved_message(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    (first,) = await say(storage, draft(ada, "1", key="k"))
    await storage.messages.save([Edit(LOBBY_ID, 1, ada, "one", NOW)])
    assert await storage.messages.save([draft(ada, "1", key="k")]) == [
        Repeated(structs.replace(first, text="one"))
    ]
    (used,) = await storage.messages.save([draft(ada, "one", key="k")])
    assert isinstance(used, KeyUsed)
    assert await delete(storage, first)
    assert await storage.messages.save([draft(ada, "1", key="k")]) == [
        Repeated(structs.replace(first, text=""))
    ]


async def test_a_change_that_changes_nothing_takes_no_number(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    await say(storage, draft(ada, "1"), draft(ada, "2"))

    def like(person: int, *, is_on: bool = True) -> Reaction:
        return Reaction(LOBBY_ID, 1, person, "👍", is_on, NOW)

    saved = await storage.messages.save(
        [
            Edit(LOBBY_ID, 1, ada, "1", NOW),
            like(ada, is_on=False),
            like(ada),
            like(ada),
            like(ben, is_on=False),
            Deletion(LOBBY_ID, 2, ada, NOW),
            Deletion(LOBBY_ID, 2, ada, NOW),
        ]
    )
    nothing = [n for n, outcome in enumerate(saved) if isinstance(outcome, Unchanged)]
    assert nothing == [0, 1, 3, 4, 6]
    assert [saved[n] for n in nothing] == [Unchanged(pos) for pos in (1, 1, 3, 3, 4)]
    assert numbers([saved[2], saved[5]]) == [(3, 1, 3), (4, 2, 4)]
    assert await storage.messages.save([like(ada), Deletion(LOBBY_ID, 2, ada, NOW)]) == [
        Unchanged(3),
        Unchanged(4),
    ]
    assert await storage.messages.newest_id() == 4


async def test_only_a_text_that_is_there_can_be_changed(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    garden, cellar = await make_room(storage, ada, "Garden"), await make_room(storage, ada, "Cellar")
    await say(storage, joining(ben, garden.id), draft(ada, "1"), draft(ada, "1", room=cellar.id))
    await delete_room(storage, cellar.id)
    await storage.messages.save([Deletion(LOBBY_ID, 1, ada, NOW)])
    saved = await storage.messages.save(
        [
            Edit(LOBBY_ID, 1, ada, "deleted", NOW),
            Reaction(LOBBY_ID, 1, ada, "👍", True, NOW),
            Edit(LOBBY_ID, 2, ada, "not there yet", NOW),
            Edit(LOBBY_ID, 0, ada, "never there", NOW),
            Edit(LOBBY_ID, -1, ada, "nor that", NOW),
            Deletion(garden.id, 1, ada, NOW),  # somebody joined
            Edit(cellar.id, 1, ada, "of a room that is gone", NOW),
            Edit(99, 1, ada, "of no room", NOW),
            draft(ada, "said"),
        ]
    )
    assert saved[:-1] == [None] * 8
    assert numbers(saved[-1:]) == [(6, 2, 3)]


@pytest.mark.parametrize("poison", ["a\0b", None])
async def test_a_change_that_can_not_be_stored_rejects_the_whole_batch(
    storage: Storage, poison: str | None
) -> None:
    ada, _ = await add_both(storage)
    await say(storage, draft(ada, "1"))
    bad = Edit(LOBBY_ID, 1, ada, poison, NOW) if poison else Edit(LOBBY_ID, 1, 99, "by nobody", NOW)
    for batch in ([Reaction(LOBBY_ID, 1, ada, "👍", True, NOW), bad], [draft(ada, "2"), bad], [bad]):
        with pytest.raises(WriteRejected):
            await storage.messages.save(batch)
    assert texts(await storage.messages.timeline(LOBBY_ID, 9, PLENTY, after=0)) == ["1"]
    (message,) = await say(storage, draft(ada, "2"))
    assert (message.id, message.pos) == (2, 2)


async def test_reactions_are_counted_and_go_with_their_message(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    (said,) = await say(storage, draft(ada, "1"))

    async def react(person: int, emoji: str, *, is_on: bool = True) -> Saved:
        (outcome,) = await storage.messages.save([Reaction(LOBBY_ID, 1, person, emoji, is_on, NOW)])
        return outcome

    counted = [
        await react(ada, "👍"),
        await react(ben, "👍"),
        await react(ben, "🎉"),
        await react(ada, "👍", is_on=False),
        await react(ben, "👍", is_on=False),
        await react(ada, "👍"),
    ]
    assert [each.count for each in counted if isinstance(each, Reacted)] == [1, 2, 1, 1, 0, 1]
    assert await delete(storage, said)
    assert isinstance((await storage.messages.read_log(1, 99, PLENTY))[-1], Deleted)
    assert len(await storage.messages.read_log(1, 99, PLENTY)) == 1, "nothing else is told of it"


async def test_a_message_takes_so_many_kinds_of_reactions_and_no_more(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    await say(storage, draft(ada, "1"))
    emoji = [chr(0x1F600 + n) for n in range(MOST_EMOJI + 1)]
    saved = await storage.messages.save([Reaction(LOBBY_ID, 1, ada, each, True, NOW) for each in emoji])
    *taken, refused = saved
    assert all(isinstance(each, Reacted) for each in taken)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.TOO_MANY
    again = await storage.messages.save(
        [
            Reaction(LOBBY_ID, 1, ben, emoji[0], True, NOW),
            Reaction(LOBBY_ID, 1, ben, emoji[-1], True, NOW),
            Reaction(LOBBY_ID, 1, ada, emoji[1], False, NOW),
            Reaction(LOBBY_ID, 1, ben, emoji[-1], True, NOW),
        ]
    )
    assert [isinstance(each, Reacted) for each in again] == [True, False, True, True]


async def test_a_replay_has_messages_in_their_current_state(storage: Storage) -> None:
    ada, ben = await add_both(storage)
    pair = await direct_room(storage, ada, ben)
    people = Pair(ada, ben)
    await say(storage, *(draft(ada, text, room=pair.id, people=people) for text in ("1", "2")))
    (edited,) = await storage.messages.save([Edit(pair.id, 1, ada, "one", NOW, people)])
    assert texts(await storage.messages.undelivered(ben, 0, EVER, 9, PLENTY)) == ["one", "2"]
    assert isinstance(edited, Edited)
    assert edited.people == people
    assert (await storage.messages.read_log(2, 9, PLENTY)) == [edited]


async def test_changes_of_messages_are_deleted_with_their_room(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    garden = await make_room(storage, ada)
    await say(storage, *(draft(ada, f"{n}", room=garden.id) for n in range(4)))
    changes: list[Edit | Reaction] = [Edit(garden.id, seq, ada, "x", NOW) for seq in (1, 2, 3)]
    changes += [Reaction(garden.id, seq, ada, "👍", True, NOW) for seq in (1, 2, 3)]
    await storage.messages.save(changes)
    assert await delete_room(storage, garden.id)
    for _ in range(await remove_all_deleted(storage, 2)):
        assert await storage.messages.read_log(0, 99, PLENTY) == [RoomDeleted(11, garden.id, 11, None, 3.0)]


@pytest.mark.parametrize("seed", range(4))
async def test_applying_all_changes_gives_the_rooms_state(storage: Storage, seed: int) -> None:
    drawn = random.Random(seed)
    ada, ben = await add_both(storage)
    log: list[Change] = []
    for _ in range(12):
        batch: list[Draft | Edit | Deletion | Reaction] = []
        for _ in range(drawn.randint(1, 6)):
            who, seq = drawn.choice((ada, ben)), drawn.randint(1, 12)
            match drawn.randrange(4):
                case 0:
                    batch.append(draft(who, f"{drawn.random()}"))
                case 1:
                    batch.append(Edit(LOBBY_ID, seq, who, drawn.choice("ab"), NOW))
                case 2:
                    batch.append(
                        Reaction(LOBBY_ID, seq, who, drawn.choice("👍🎉"), drawn.random() < 0.6, NOW)
                    )
                case _:
                    batch.append(Deletion(LOBBY_ID, drawn.randint(1, 60), who, NOW))
        log += [each for each in await storage.messages.save(batch) if isinstance(each, Change)]
    assert [change.id for change in log] == list(range(1, len(log) + 1))
    assert [change.pos for change in log] == list(range(1, len(log) + 1))
    shown: dict[int, tuple[str, int]] = {}
    for change in log:
        match change:
            case Message():
                shown[change.seq] = change.text, change.pos
            case Edited():
                shown[change.seq] = change.text, change.pos
            case Reacted():
                shown[change.seq] = shown[change.seq][0], change.pos
            case Deleted():
                del shown[change.seq]
    page = await storage.messages.timeline(LOBBY_ID, 999, PLENTY, after=0)
    assert {message.seq: (message.text, message.pos) for message in page} == shown
    got = await storage.messages.read_log(0, 999, PLENTY)
    assert [change.id for change in got if isinstance(change, Deleted)] == [
        change.id for change in log if isinstance(change, Deleted)
    ]
