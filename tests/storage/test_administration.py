"""Changes by administrators, on both storages: accounts, settings, and their audit in the same transaction."""

import time
from typing import Any

import pytest
import trio
from msgspec import structs

from chat.domain.accounts.account_changes import AccountChange, Role
from chat.domain.administration.audit import ACTS_KEPT, Act, Named, What
from chat.domain.entities import Draft, MessageKind, Person, Room
from chat.domain.messages.changes import Acceptance, Deletion, Removal, RoleChange, RoomChange, RoomDeletion
from chat.domain.ports import NewInvite, NewPerson, NewSession, Storage, Taken
from chat.domain.refusals import NOT_ADMIN
from chat.storage.postgres.database import DatabaseAddress
from tests.reference.storage import MemoryStorage
from tests.support.databases import execute

PLENTY = 99


async def add(storage: Storage, name: str, **about: Any) -> Person:
    person = await storage.users.add(NewPerson(name=name, password_hash=b"$2b$04$x", **about))
    assert isinstance(person, Person)
    return person


async def acts(storage: Storage) -> list[tuple[str, str, str, int | None, str]]:
    """What is in the audit, the oldest first: who did what, to whom, where, and the detail."""
    found = await storage.audit.acts(None, PLENTY)
    return [
        (
            each.by.name if each.by else "",
            each.what,
            each.person.name if each.person else "",
            each.room_id,
            each.detail,
        )
        for each in reversed(found)
    ]


async def test_an_account_is_changed_as_a_whole_and_each_act_is_in_the_audit(storage: Storage) -> None:
    olga = await add(storage, "olga", is_admin=True)
    ada = await add(storage, "ada", email="ada@example.com")
    await storage.sessions.begin(NewSession(person_id=ada.id, generation=0, lasts=60.0))
    assert await storage.sessions.counts([ada.id, olga.id]) == {ada.id: 1}

    every = AccountChange(
        name="Zoë",
        is_operator=True,
        is_moderator=True,
        is_admin=True,
        is_disabled=True,
        password_hash=b"$2b$04$y",
        ends_sessions=True,
    )
    changed = await storage.users.administer(ada.id, every, olga.id)
    assert isinstance(changed, Person)
    assert changed.changed_at > ada.changed_at
    assert changed == structs.replace(
        ada,
        name="Zoë",
        is_operator=True,
        is_moderator=True,
        is_admin=True,
        is_disabled=True,
        token_generation=1,
        changed_at=changed.changed_at,
    )
    known = await storage.users.by_name("zoë")
    assert known is not None
    assert (known.person, known.password_hash) == (changed, b"$2b$04$y")
    assert await storage.users.by_name("ada") is None
    assert await storage.sessions.counts([ada.id]) == {}

    again = await storage.users.administer(ada.id, structs.replace(every, ends_sessions=False), None)
    assert again == structs.replace(changed, token_generation=2)
    assert await storage.users.administer(ada.id, AccountChange(), None) == again
    assert (
        await storage.users.administer(ada.id, AccountChange(is_moderator=False, is_disabled=False), None)
        is not None
    )
    assert await storage.users.administer(99, every, None) is None
    assert await storage.users.administer(ada.id, AccountChange(name="Olga", is_admin=False), None) == Taken(
        "name"
    )
    assert await storage.users.administer(ada.id, AccountChange(name="оlga", is_admin=False), None) == Taken(
        "look"
    )
    now = await storage.users.by_id(ada.id)
    assert now is not None
    assert (now.is_admin, now.is_moderator, now.is_disabled) == (True, False, False)
    assert await acts(storage) == [
        ("olga", "renamed", "Zoë", None, "ada -> Zoë"),
        ("olga", "roles_changed", "Zoë", None, "member -> operator, moderator, admin"),
        ("olga", "password_set", "Zoë", None, ""),
        ("olga", "disabled", "Zoë", None, ""),
        ("olga", "sessions_ended", "Zoë", None, ""),
        ("", "password_set", "Zoë", None, ""),
        ("", "roles_changed", "Zoë", None, "operator, moderator, admin -> operator, admin"),
        ("", "enabled", "Zoë", None, ""),
    ], "what was so before is no act"


async def test_of_two_admins_who_remove_each_other_one_stays(storage: Storage) -> None:
    olga, pia = await add(storage, "olga", is_admin=True), await add(storage, "pia", is_admin=True)
    await add(storage, "gone", is_admin=True)
    assert await storage.users.delete(3)
    await add(storage, "out", is_admin=True)
    await storage.users.administer(4, AccountChange(is_disabled=True), None)
    outcomes: list[object] = []

    async def end(whom: Person, by: Person) -> None:
        if whom is olga:
            outcomes.append(await storage.users.administer(whom.id, AccountChange(is_admin=False), by.id))
        else:
            outcomes.append(await storage.users.delete(whom.id, by.id))

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end, olga, pia)
            nursery.start_soon(end, pia, olga)
    assert outcomes.count(NOT_ADMIN) == 1, "who is none any more ends nobody"
    assert sum(person.is_admin and not person.is_disabled for person in await storage.users.everyone()) == 1
    ended = {"roles_changed", "person_deleted"}
    done = await acts(storage)
    assert len([what for by, what, *_ in done if by and what in ended]) == 1, "what is refused is no act"


async def test_people_added_by_command_or_set_up_code_are_in_the_audit(storage: Storage) -> None:
    ada = await add(storage, "ada", is_operator=True, is_moderator=True, by_command=True)
    assert (ada.is_operator, ada.is_moderator, ada.is_admin) == (True, True, False)
    await storage.set_up.prepare(b"nonce", 5)
    await storage.set_up.make_admin(NewPerson(name="olga", password_hash=b"$2b$04$x", is_admin=True))
    await add(storage, "nora")
    assert await acts(storage) == [
        ("", "person_added", "ada", None, "operator, moderator"),
        ("olga", "person_added", "olga", None, "admin"),
    ]


async def test_messages_and_rooms_that_others_delete_are_in_the_audit(storage: Storage) -> None:
    ada, olga = await add(storage, "ada"), await add(storage, "olga", is_admin=True)
    rooms = [await storage.rooms.create(name, ada.id, is_private=False) for name in ("garden", "attic")]
    garden, attic = [room.id for room in rooms if isinstance(room, Room)]
    await storage.messages.save([Draft(garden, olga.id, "olga", "", 1.0, MessageKind.JOIN)])
    await storage.messages.save([Draft(garden, ada.id, "ada", f"{n}", 1.0) for n in range(4)])
    await storage.messages.save(
        [
            Deletion(garden, 2, ada.id, 2.0),
            Deletion(garden, 3, olga.id, 2.0),
            Deletion(garden, 4, None, 2.0),
            Deletion(garden, 3, None, 2.0),
            Deletion(garden, 9, olga.id, 2.0),
        ]
    )
    await storage.messages.save([RoomDeletion(garden, ada.id, 3.0), RoomDeletion(attic, None, 3.0)])
    await storage.messages.save([RoomDeletion(attic, None, 3.0)])
    assert await acts(storage) == [
        ("olga", "message_deleted", "ada", garden, "seq 3"),
        ("", "message_deleted", "ada", garden, "seq 4"),
        ("", "room_deleted", "", attic, "attic"),
    ]


async def test_bans_and_archived_rooms_are_in_the_audit_once(storage: Storage) -> None:
    ada, ben, cyd = [await add(storage, name) for name in ("ada", "ben", "cyd")]
    room = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(room, Room)
    at: Any = {"room_id": room.id, "actor_id": ada.id, "created_at": 2.0}
    await storage.messages.save([Draft(room.id, ben.id, "ben", "", 1.0, MessageKind.JOIN)])
    ban, stranger = [Removal(person_id=each.id, is_ban=True, **at) for each in (ben, cyd)]
    lifted = RoleChange(person_id=ben.id, role=None, **at)
    await storage.messages.save([ban, ban, stranger, Removal(person_id=ben.id, **at)])
    await storage.messages.save([ban])
    await storage.messages.save([lifted])
    await storage.messages.save([lifted])
    await storage.messages.save([RoomChange(topic="roses", **at), RoomChange(is_archived=True, **at)])
    await storage.messages.save([RoomChange(is_archived=True, **at)])
    await storage.messages.save([RoomChange(is_archived=False, **at)])
    assert await acts(storage) == [
        ("ada", "banned", "ben", room.id, ""),
        ("ada", "banned", "cyd", room.id, ""),
        ("ada", "unbanned", "ben", room.id, ""),
        ("ada", "room_archived", "", room.id, "garden"),
        ("ada", "room_unarchived", "", room.id, "garden"),
    ]


async def test_settings_stay_until_withdrawn_and_watchers_are_notified(storage: Storage) -> None:
    olga = await add(storage, "olga", is_admin=True)
    send, got = trio.open_memory_channel[int | None](100)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(storage.watch, lambda _id: None, lambda _id: None, send.send_nowait)
            await got.receive()
            settings = storage.settings
            assert await settings.changed_settings() == {}
            first = await settings.change_settings({"registration": "closed", "message_rate": 2.5}, olga.id)
            await got.receive()
            assert {name: (each.value, each.by) for name, each in first.items()} == {
                "message_rate": (2.5, Named(olga.id, "olga")),
                "registration": ("closed", Named(olga.id, "olga")),
            }
            assert await settings.change_settings({"registration": "closed"}, None) == first, (
                "nothing is changed"
            )
            second = await settings.change_settings({"registration": None, "message_rate": 3}, None)
            while True:
                await got.receive()
                if await settings.changed_settings() == second:
                    break
            assert {name: (each.value, each.by) for name, each in second.items()} == {
                "message_rate": (3, None)
            }
            nursery.cancel_scope.cancel()
    assert await acts(storage) == [
        ("olga", "setting_changed", "", None, "message_rate: 2.5"),
        ("olga", "setting_changed", "", None, "registration: closed"),
        ("", "setting_changed", "", None, "message_rate: 3"),
        ("", "setting_changed", "", None, "registration: taken back"),
    ]


async def test_people_are_found_by_a_part_of_a_name_or_an_address_page_by_page(storage: Storage) -> None:
    for name in ("Ada", "Ben", "Adam"):
        await add(storage, name, email=f"{name}@example.com")
    await add(storage, "Nora")

    async def found(part: str, after: int = 0, limit: int = PLENTY, role: Role | None = None) -> list[str]:
        return [person.name for person in await storage.users.page(part, after, limit, role)]

    assert await found("") == ["Ada", "Ben", "Adam", "Nora"]
    assert await found("AD") == ["Ada", "Adam"]
    assert await found("ad", limit=1) == ["Ada"]
    assert await found("ad", after=1) == ["Adam"]
    assert await found("n@EX") == ["Ben"]
    assert await found("%") == []
    for name, change in (
        ("Ben", AccountChange(is_operator=True)),
        ("Adam", AccountChange(is_moderator=True)),
    ):
        (person,) = await storage.users.page(name, 0, 1)
        await storage.users.administer(person.id, change, None)
    assert await found("", role="operator") == ["Ben"]
    assert await found("a", role="moderator") == ["Adam"]
    assert await found("", role="admin") == await found("b", role="moderator") == []
    await storage.users.delete(1)
    assert await found("example") == ["Ben", "Adam"]


async def test_the_audit_is_read_in_pages_and_drops_old_records(
    storage: Storage, place: DatabaseAddress | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await add(storage, "ada")
    for _ in range(5):
        await storage.users.administer(ada.id, AccountChange(ends_sessions=True), None)
    newest = await storage.audit.acts(None, 2)
    older = await storage.audit.acts(newest[-1].id, PLENTY)
    assert [each.id for each in newest + older] == [5, 4, 3, 2, 1]
    assert [each.at for each in older] == sorted((each.at for each in older), reverse=True)
    assert not await storage.audit.forget_acts(PLENTY), "nothing is old"
    if place is None:
        assert isinstance(storage, MemoryStorage)
        storage.audit._noted[:] = [
            structs.replace(each, at=each.at - ACTS_KEPT * (each.id < 4)) for each in storage.audit._noted
        ]
    else:
        await execute(place, f"UPDATE audit SET at = at - interval '{ACTS_KEPT} s' WHERE id < 4")
    assert await storage.audit.forget_acts(2)
    assert await storage.audit.forget_acts(2)
    assert not await storage.audit.forget_acts(2)
    assert [each.id for each in await storage.audit.acts(None, PLENTY)] == [5, 4]


async def test_making_using_and_withdrawing_invites_is_in_the_audit(
    storage: Storage,
) -> None:
    olga = await add(storage, "olga", is_admin=True)
    ends = time.time() + 7 * 86_400

    def invite(digest: bytes, maker: int | None, *, registers: bool = True) -> NewInvite:
        return NewInvite(digest=digest, uses=2, expires_at=ends, maker_id=maker, registers=registers)

    await storage.users.invite(invite(b"hers", olga.id))
    await storage.users.invite(invite(b"a command's", None))
    await add(storage, "ben", invite=b"hers")
    await add(storage, "cem", invite=b"a command's")
    assert await storage.users.withdraw_invite(b"hers", olga.id)
    assert not await storage.users.withdraw_invite(b"hers", olga.id)
    await storage.users.invite(invite(b"to a room", olga.id, registers=False))
    assert await acts(storage) == [
        ("olga", "invite_made", "", None, "2 uses, 7 days"),
        ("", "invite_made", "", None, "2 uses, 7 days"),
        ("ben", "invite_used", "olga", None, ""),
        ("cem", "invite_used", "", None, ""),
        ("olga", "invite_withdrawn", "olga", None, ""),
        ("olga", "invite_made", "", None, "2 uses, 7 days"),
    ]


async def test_invites_to_a_room_are_in_the_audit_also_those_of_members(storage: Storage) -> None:
    ada, olga = await add(storage, "ada"), await add(storage, "olga", is_admin=True)
    ben, cem = await add(storage, "ben"), await add(storage, "cem")
    garden = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(garden, Room)
    ends = time.time() + 86_400

    def invite(digest: bytes, maker: Person, *, registers: bool) -> NewInvite:
        return NewInvite(
            digest=digest, uses=2, expires_at=ends, room_id=garden.id, maker_id=maker.id, registers=registers
        )

    def join(person: Person, digest: bytes, *, is_used: bool = False) -> Acceptance:
        joining = Draft(garden.id, person.id, person.name, "", 1.0, MessageKind.JOIN)
        return Acceptance(joining, digest, is_used)

    await storage.users.invite(invite(b"ada's", ada, registers=False))
    await storage.messages.save([join(olga, b"ada's"), join(olga, b"ada's"), join(ben, b"no such one")])
    await storage.users.invite(invite(b"olga's", olga, registers=True))
    await storage.messages.save([join(ben, b"olga's")])
    dan = await add(storage, "dan", invite=b"olga's")
    await storage.messages.save([join(dan, b"olga's", is_used=True), join(cem, b"olga's")])
    assert await storage.users.withdraw_invite(b"ada's", ada.id)
    assert await acts(storage) == [
        ("ada", "invite_made", "", garden.id, "2 uses, 1 days"),
        ("olga", "invite_used", "ada", garden.id, ""),
        ("olga", "invite_made", "", garden.id, "2 uses, 1 days"),
        ("ben", "invite_used", "olga", garden.id, ""),
        ("dan", "invite_used", "olga", None, ""),
        ("ada", "invite_withdrawn", "ada", garden.id, ""),
    ]


async def test_the_audit_is_asked_for_one_person_and_for_kinds_of_acts(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", is_admin=True), await add(storage, "ben", added_by=1)
    await storage.users.administer(ben.id, AccountChange(is_disabled=True), ada.id)
    await storage.users.administer(ada.id, AccountChange(is_operator=True), None)
    await storage.audit.record(
        [Act(by_id=None, what=What.LOGIN_FAILED, person_id=ben.id, detail="192.0.2.1")]
    )

    async def found(person: int | None = None, *kinds: str, before: int | None = None) -> list[str]:
        return [each.what for each in await storage.audit.acts(before, PLENTY, person_id=person, kinds=kinds)]

    assert await found() == ["login_failed", "roles_changed", "disabled", "person_added"]
    assert await found(ada.id) == ["roles_changed", "disabled", "person_added"]
    assert await found(ben.id) == ["login_failed", "disabled", "person_added"]
    assert await found(None, "disabled", "login_failed") == ["login_failed", "disabled"]
    assert await found(ada.id, "disabled", before=2) == []
    assert await found(99) == await found(None, "nothing known") == []


async def test_a_password_that_is_set_by_a_link_is_in_the_audit(storage: Storage) -> None:
    ada = await add(storage, "ada")
    assert await storage.users.set_password(ada.id, b"$2b$04$y", instead_of=b"other", by_link=True) is None
    assert await storage.users.set_password(ada.id, b"$2b$04$y", instead_of=b"$2b$04$x", by_link=True)
    assert await acts(storage) == [("ada", "password_reset", "ada", None, "")]
