"""What a storage keeps of hooks, and which of their messages it saves; each test runs in memory and on PostgreSQL."""

from typing import Any

import pytest

from chat.domain.accounts.hooks import HOOKS, Hook, HookAccess, HookChange, NewHook, digest_of
from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Addition, RoomChange, RoomDeletion
from chat.domain.messages.mentions import ALL
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import ARCHIVED, NO_ROOM, NOT_ADMIN, NOT_MEMBER, Refusal
from chat.domain.rooms.room_rights import NOT_LEADING
from chat.features.hooks.changes import NO_HOOK, HookPost
from chat.features.slow_mode.changes import SetSlowMode

NOW = 1_700_000_005.0
TOKEN = digest_of("a token")


async def people(storage: Storage) -> list[int]:
    """Ada, who owns the room; Ben, who is in it; Cem, who is not; and Olga, an admin."""
    ids = []
    for name in ("ada", "ben", "cem"):
        person = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
        assert isinstance(person, Person)
        ids.append(person.id)
    olga = await storage.users.add(NewPerson(name="olga", password_hash=b"x", is_admin=True))
    assert isinstance(olga, Person)
    return [*ids, olga.id]


async def room_of(storage: Storage, owner: int, *others: int, is_private: bool = False) -> int:
    room = await storage.rooms.create(f"room of {owner} {is_private}", owner, is_private=is_private)
    assert isinstance(room, Room)
    for each in others:
        joining = Draft(room.id, each, "x", "", NOW, MessageKind.JOIN)
        await storage.messages.save([Addition(joining, owner)])
    return room.id


async def hook_in(storage: Storage, room_id: int, by_id: int, *, may_mention: bool = False) -> Hook:
    new = NewHook(room_id=room_id, name="Alarms (hook)", token=TOKEN, may_mention=may_mention)
    made = await storage.feature_ports[HOOKS].add(new, by_id)
    assert isinstance(made, Hook)
    return made


def post(hook: Hook, text: str, key: str = "", at: float = NOW, token: bytes = TOKEN) -> HookPost:
    return HookPost(
        room_id=hook.room_id,
        actor_id=hook.id,
        created_at=at,
        token=token,
        text=text,
        key=key or text,
        is_body=not key,
    )


async def save(storage: Storage, *posts: HookPost) -> list[Saved]:
    return await storage.messages.save(posts)


def texts(saved: list[Saved]) -> list[Any]:
    return [each.text if isinstance(each, Message) else each for each in saved]


async def test_a_hook_posts_as_an_account_that_nobody_finds(storage: Storage) -> None:
    ada, ben, *_ = await people(storage)
    garden = await room_of(storage, ada, ben)
    hook = await hook_in(storage, garden, ada)
    assert (hook.name, hook.room_name, hook.by and hook.by.name) == ("Alarms", f"room of {ada} False", "ada")
    assert await storage.feature_ports[HOOKS].by_token(TOKEN) == HookAccess(hook.id, garden, False)
    (saved,) = await save(storage, post(hook, "disk is full"))
    assert isinstance(saved, Message)
    assert (saved.sender_id, saved.sender_name, saved.text) == (hook.id, "Alarms (hook)", "disk is full")
    assert hook.id not in [person.id for person in await storage.users.everyone()]
    assert await storage.users.by_name("Alarms (hook)") is None
    account = await storage.users.by_id(hook.id)
    assert account is not None
    assert account.is_visitor
    assert [account.is_admin, account.is_operator, account.is_moderator] == [False, False, False]


async def test_two_hooks_may_have_one_name(storage: Storage) -> None:
    ada, *_ = await people(storage)
    garden = await room_of(storage, ada)
    first = await hook_in(storage, garden, ada)
    new = NewHook(room_id=garden, name="Alarms (hook)", token=digest_of("another"), may_mention=False)
    second = await storage.feature_ports[HOOKS].add(new, ada)
    assert isinstance(second, Hook)
    listed = await storage.feature_ports[HOOKS].in_room(garden, ada)
    assert not isinstance(listed, Refusal)
    assert [each.id for each in listed] == [first.id, second.id]
    page = await storage.feature_ports[HOOKS].page(first.id, 10)
    assert [each.id for each in page] == [second.id]


async def test_a_body_is_one_message_for_ten_seconds_whatever_the_clock_shows(storage: Storage) -> None:
    ada, *_ = await people(storage)
    hook = await hook_in(storage, await room_of(storage, ada), ada)
    first, again, other = await save(storage, post(hook, "a"), post(hook, "a", at=NOW + 1), post(hook, "b"))
    assert (type(first), type(again), type(other)) == (Message, Repeated, Message)
    # The window of the first one ends between these two.
    (late,) = await save(storage, post(hook, "a", at=NOW + 9))
    assert isinstance(late, Repeated)
    assert isinstance(first, Message)
    assert late.message.seq == first.seq
    (over,) = await save(storage, post(hook, "a", at=NOW + 11))
    assert isinstance(over, Message)


async def test_a_key_is_one_message_for_ever(storage: Storage) -> None:
    ada, *_ = await people(storage)
    hook = await hook_in(storage, await room_of(storage, ada), ada)
    (first,) = await save(storage, post(hook, "a", "key"))
    again, other = await save(
        storage, post(hook, "a", "key", at=NOW + 999), post(hook, "b", "key", at=NOW + 999)
    )
    assert isinstance(first, Message)
    assert isinstance(again, Repeated)
    assert isinstance(other, KeyUsed)


async def test_a_removed_hook_and_an_old_token_save_nothing_and_others_in_the_batch_do(
    storage: Storage,
) -> None:
    ada, ben, *_ = await people(storage)
    garden = await room_of(storage, ada, ben)
    hook = await hook_in(storage, garden, ada)
    hooks = storage.feature_ports[HOOKS]
    said = Draft(garden, ben, "ben", "hello", NOW)
    saved = await storage.messages.save([post(hook, "a", token=digest_of("wrong")), said, post(hook, "b")])
    assert texts(saved) == [NO_HOOK, "hello", "b"]
    new = digest_of("new")
    assert isinstance(await hooks.change(garden, hook.id, HookChange(token=new), ada), Hook)
    assert texts(await save(storage, post(hook, "c"), post(hook, "d", token=new))) == [NO_HOOK, "d"]
    assert await hooks.by_token(TOKEN) is None
    assert await hooks.remove(garden, hook.id, ada) is None
    assert texts(await save(storage, post(hook, "e", token=new))) == [NO_HOOK]
    assert await hooks.by_token(new) is None
    assert await hooks.in_room(garden, ada) == []
    assert await hooks.remove(garden, hook.id, ada) == NO_HOOK
    acts = [act.what for act in await storage.audit.acts(None, 10)]
    assert acts[:3] == ["hook_removed", "hook_token_renewed", "hook_made"]
    # What it wrote stays.
    assert [each.text for each in await storage.messages.timeline(garden, 10, 1 << 20)][-1] == "d"


async def test_a_disabled_account_of_a_hook_posts_nothing(storage: Storage) -> None:
    ada, _, _, olga = await people(storage)
    hook = await hook_in(storage, await room_of(storage, ada), ada)
    assert await storage.users.delete(hook.id, olga)
    assert await storage.feature_ports[HOOKS].by_token(TOKEN) is None
    assert texts(await save(storage, post(hook, "a"))) == [NO_HOOK]


@pytest.mark.parametrize("gone", [True, False])
async def test_nothing_is_said_in_a_room_that_is_gone_or_archived(storage: Storage, gone: bool) -> None:
    ada, *_ = await people(storage)
    garden = await room_of(storage, ada)
    hook = await hook_in(storage, garden, ada)
    archiving = RoomChange(room_id=garden, actor_id=ada, created_at=NOW, is_archived=True)
    change = RoomDeletion(garden, ada, NOW) if gone else archiving
    await storage.messages.save([change])
    assert texts(await save(storage, post(hook, "a"))) == [None if gone else ARCHIVED]
    assert len(await storage.feature_ports[HOOKS].page(0, 10)) == (0 if gone else 1)


async def test_a_hook_mentions_nobody_unless_it_may(storage: Storage) -> None:
    ada, ben, cem, *_ = await people(storage)
    garden = await room_of(storage, ada, ben)
    hook = await hook_in(storage, garden, ada)
    (silent,) = await save(storage, post(hook, "@ben and @all and @cem"))
    assert isinstance(silent, Message)
    assert silent.mentions == ()
    changed = await storage.feature_ports[HOOKS].change(garden, hook.id, HookChange(may_mention=True), ada)
    assert isinstance(changed, Hook)
    (loud,) = await save(storage, post(hook, "@ben, @all and @cem"))
    assert isinstance(loud, Message)
    assert loud.mentions == (ben, ALL)
    assert cem not in loud.mentions


async def test_those_who_lead_and_admins_look_after_hooks(storage: Storage) -> None:
    ada, ben, cem, olga = await people(storage)
    hooks = storage.feature_ports[HOOKS]
    garden, secret = await room_of(storage, ada, ben), await room_of(storage, ada, ben, is_private=True)
    for room, stranger in ((garden, NOT_MEMBER), (secret, NO_ROOM)):
        assert await hooks.in_room(room, ada) == []
        assert await hooks.in_room(room, olga) == []
        assert await hooks.in_room(room, ben) == NOT_LEADING
        assert await hooks.in_room(room, cem) == stranger
    assert await hooks.in_room(LOBBY_ID, ada) == NOT_ADMIN
    assert await hooks.in_room(LOBBY_ID, olga) == []
    assert await hooks.in_room(999, olga) == NO_ROOM
    hook = await hook_in(storage, garden, ada)
    change = HookChange(name="Other (hook)")
    assert await hooks.change(garden, hook.id, change, ben) == NOT_LEADING
    assert await hooks.change(secret, hook.id, change, ada) == NO_HOOK
    assert await hooks.remove(garden, hook.id, cem) == NOT_MEMBER
    renamed = await hooks.change(garden, hook.id, change, olga)
    assert isinstance(renamed, Hook)
    assert renamed.name == "Other"
    (said,) = await save(storage, post(hook, "a"))
    assert isinstance(said, Message)
    assert said.sender_name == "Other (hook)"


async def test_slow_mode_does_not_hold_up_a_hook(storage: Storage) -> None:
    ada, *_ = await people(storage)
    garden = await room_of(storage, ada)
    hook = await hook_in(storage, garden, ada)
    await storage.messages.save([SetSlowMode(room_id=garden, actor_id=ada, created_at=NOW, seconds=30)])
    assert texts(await save(storage, post(hook, "a"), post(hook, "b"))) == ["a", "b"]


async def test_the_last_use_and_the_last_error_are_kept(storage: Storage) -> None:
    ada, *_ = await people(storage)
    garden = await room_of(storage, ada)
    hook = await hook_in(storage, garden, ada)
    hooks = storage.feature_ports[HOOKS]
    await hooks.note_use(hook.id)
    await hooks.note_error(hook.id, "invalid_payload: the body is no JSON")
    (listed,) = await hooks.page(0, 10)
    assert listed.used_at is not None
    assert listed.error_at is not None
    assert (listed.error, listed.used_at > 1, listed.error_at > 1) == (
        "invalid_payload: the body is no JSON",
        True,
        True,
    )
