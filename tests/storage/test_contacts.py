"""Reads about other people, on memory and on PostgreSQL: finding them, changed profiles, blocks."""

import time

import trio

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Draft, MessageKind, Person
from chat.domain.ports import NewPerson, ProfileChange, Storage
from tests.storage.test_contract import add, direct_room, make_room, support_room
from tests.support.account_changes import end_tokens, set_roles


async def test_people_are_found_by_a_part_of_their_name_page_by_page(storage: Storage) -> None:
    await add(storage, "Ben", "ada", "Adam", "Madame", "cem")
    gone = (await add(storage, "Adalbert"))[0]
    await storage.users.delete(gone.id)

    async def names(part: str, after: str = "", limit: int = 10) -> list[str]:
        return [each.name for each in await storage.contacts.find(part, after, limit)]

    assert await names("ADA") == ["ada", "Adam", "Madame"]
    assert await names("", limit=2) == ["ada", "Adam"]
    assert await names("", "ADAM", limit=2) == ["Ben", "cem"]
    assert await names("%") == await names("x") == []


async def test_others_profiles_contain_only_public_fields(storage: Storage) -> None:
    new = NewPerson(name="ada", password_hash=b"x", email="ada@example.com", display_name="Ada L.")
    added = await storage.users.add(new)
    assert isinstance(added, Person)
    ada = await storage.users.administer(added.id, AccountChange(is_moderator=True), None)
    assert isinstance(ada, Person)
    (recipients_of,) = await storage.contacts.find("ada", "", 10)
    assert (recipients_of.id, recipients_of.display_name, recipients_of.email) == (ada.id, "Ada L.", None)
    assert recipients_of.is_moderator
    assert abs(recipients_of.changed_at - ada.changed_at) < 0.001


async def test_profile_changes_reach_people_in_common_rooms(storage: Storage) -> None:
    ada, ben, cem, dan, eve, olga, zoe = await add(storage, "ada", "ben", "cem", "dan", "eve", "olga", "zoe")
    operators = {olga.id, zoe.id}
    for each in operators:
        await set_roles(storage.users, each, operator=True, admin=False)
    garden = await make_room(storage, ada.id)
    await storage.messages.save([Draft(garden.id, ben.id, "ben", "", 1.0, MessageKind.JOIN)])
    await direct_room(storage, ada.id, cem.id)
    for person in (dan, eve):
        conversation = await support_room(storage, person.id)
        if person is dan:  # nobody has written to support but him
            await storage.messages.save([Draft(conversation.id, dan.id, "dan", "help", 1.0)])
    since = time.time() - 60
    met = {
        ada: {ada, ben, cem},
        ben: {ada, ben},
        cem: {ada, cem},
        dan: {dan, olga, zoe},
        eve: {eve},
        olga: {dan, olga, zoe},
    }
    changing = [ada, ben, cem, dan, eve]
    for person in changing:
        await trio.sleep(0.002)
        change = ProfileChange(display_name=f"{person.name} D")
        assert isinstance(await storage.users.change_profile(person.id, change), Person)

    async def recipients_of(person: Person) -> list[int]:
        found = await storage.contacts.changed_since(person.id, since, 10)
        assert found == sorted(found, key=lambda each: each.changed_at, reverse=True)
        return [each.id for each in found]

    for person, others in met.items():
        assert set(await recipients_of(person)) == {each.id for each in others}, person.name
    assert len(await storage.contacts.changed_since(ada.id, since, 2)) == 2
    assert await storage.contacts.changed_since(ada.id, time.time() + 60, 10) == []
    await storage.users.delete(cem.id)
    assert set(await recipients_of(ada)) == {ada.id, ben.id}
    assert await storage.contacts.changed_since(cem.id, since, 10) == []


async def test_unchanged_profiles_are_not_returned(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    await direct_room(storage, ada.id, ben.id)
    assert await storage.contacts.changed_since(ada.id, 0.0, 10) == []
    await end_tokens(storage.users, ben.id)
    assert await storage.contacts.changed_since(ada.id, 0.0, 10) == []


async def test_blocks_are_kept_listed_and_taken_back(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "ada", "ben", "cem")
    for _ in range(2):
        assert await storage.contacts.block(ada.id, cem.id)
    assert await storage.contacts.block(ada.id, ben.id)
    assert not await storage.contacts.block(ada.id, 99)
    assert await storage.contacts.blocked_ids(ada.id) == {ben.id, cem.id}
    assert await storage.contacts.blocked_ids(ben.id) == frozenset()
    assert [each.name for each in await storage.contacts.blocked(ada.id, "", 1)] == ["ben"]
    assert [each.name for each in await storage.contacts.blocked(ada.id, "BEN", 9)] == ["cem"]
    for _ in range(2):
        await storage.contacts.unblock(ada.id, ben.id)
    await storage.users.delete(cem.id)
    assert await storage.contacts.blocked(ada.id, "", 9) == []
    assert not await storage.contacts.block(ada.id, cem.id)


async def test_changed_blocks_are_known_by_their_time(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "ada", "ben", "cem")
    contacts, everybody = storage.contacts, [ada.id, ben.id, cem.id]
    assert await contacts.blocks_since(everybody, 0.0) == {}
    for each in (ben, cem):
        await contacts.block(ada.id, each.id)
    first = (await contacts.blocks_since(everybody, 0.0))[ada.id]
    assert first.people == (ben.id, cem.id)
    assert await contacts.blocks_since(everybody, first.at + 1e-6) == {}
    await contacts.block(ada.id, cem.id)  # is blocked already
    assert await contacts.blocks_since(everybody, 0.0) == {ada.id: first}
    for each in (ben, cem):
        await contacts.unblock(ada.id, each.id)
    await contacts.block(ben.id, cem.id)
    now = await contacts.blocks_since(everybody, first.at)
    assert {person_id: each.people for person_id, each in now.items()} == {ada.id: (), ben.id: (cem.id,)}
    assert await contacts.blocks_since([cem.id], 0.0) == {}


async def test_a_blocked_persons_block_concerns_only_the_direct_room(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "ada", "ben", "cem")
    garden = await make_room(storage, ada.id)
    rooms = [(await direct_room(storage, ada.id, each.id)).id for each in (ben, cem, ada)]
    await storage.contacts.block(ada.id, ben.id)

    async def is_blocked(room_id: int, person: Person) -> bool:
        access = await storage.rooms.access(room_id, person.id)
        assert access is not None
        return access.is_blocked

    assert [await is_blocked(rooms[0], each) for each in (ada, ben, cem)] == [False, True, False]
    assert [await is_blocked(rooms[1], each) for each in (ada, cem)] == [False, False]
    assert not await is_blocked(rooms[2], ada)
    assert not await is_blocked(garden.id, ben)


async def test_watchers_of_people_are_notified_of_blocks(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    recipients_of: list[int | None] = []
    received = trio.Event()

    def people(person_id: int | None) -> None:
        recipients_of.append(person_id)
        received.set()

    async def hear_of(change: object) -> None:
        nonlocal received
        received = trio.Event()
        await change  # type: ignore[misc]
        with trio.fail_after(20):
            await received.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(storage.watch, people, lambda _room: None, lambda _setting: None)
        with trio.fail_after(20):
            await received.wait()
        await hear_of(storage.contacts.block(ada.id, ben.id))
        await hear_of(storage.contacts.unblock(ada.id, ben.id))
        nursery.cancel_scope.cancel()
    assert recipients_of == [None, ada.id, ada.id]
