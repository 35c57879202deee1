"""What a storage holds for review, and keeps of it; each test runs in memory and on PostgreSQL."""

from typing import Any

import pytest
from msgspec import structs

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.administration.audit import What
from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages import review as domain
from chat.domain.messages.changes import Deletion, Edit, Edited, RoleChange, RoomDeletion
from chat.domain.messages.outcomes import Repeated
from chat.domain.messages.review import HELD, REMOVED, REVIEW, TOO_MANY_HELD
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_ROOM, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.due.port import DUE
from chat.features.review import queries
from chat.features.review.port import (
    DUE_KIND,
    HELD_MESSAGES,
    NO_HELD,
    NOT_REVIEWER,
    OUTDATED,
    REVIEWED,
    TOO_MANY_WORDS,
    Decided,
    HeldMessage,
    HeldMessages,
)
from chat.storage.postgres import reviewing
from tests.features.review import model

ADA, MOD, OP, BEN = 1, 2, 3, 4
PLENTY = 1 << 20
FAR = 4_000_000_000.0


@pytest.fixture
async def store(storage: Storage) -> HeldMessages:
    for name, more in (
        ("ada", {}),
        ("mod", {"is_moderator": True}),
        ("op", {"is_operator": True}),
        ("ben", {}),
    ):
        new: Any = NewPerson(name=name, password_hash=b"x", **more)
        assert isinstance(await storage.users.add(new), Person)
    storage.feature_ports[REVIEW].replace(["bad", "傻瓜"])
    return storage.feature_ports[HELD_MESSAGES]


def said(text: str, key: str | None = None, by: int = ADA, room: int = LOBBY_ID) -> Draft:
    return Draft(room, by, "somebody", text, 1.0, key=key)


async def one(storage: Storage, write: Any) -> Any:
    (saved,) = await storage.messages.save([write])
    return saved


async def log(storage: Storage) -> list[str]:
    found = await storage.messages.read_log(0, 100, PLENTY)
    return [each.text for each in found if isinstance(each, Message) and each.kind is MessageKind.TEXT]


async def waiting(store: HeldMessages) -> list[HeldMessage]:
    return await store.page(MOD, 2**60, 50, handled=False)


async def test_a_text_with_a_word_is_held_and_the_others_are_saved(
    storage: Storage, store: HeldMessages
) -> None:
    notified: list[set[int]] = []
    storage.feature_ports[REVIEW].on_held(lambda ids: notified.append(set(ids)))
    saved = await storage.messages.save(
        [
            said("hello", "a"),
            said("a Bad word", "b"),
            said("bad", "c", MOD),
            said("bad", "d", OP),
            said("你是傻瓜吗"),
        ]
    )
    assert [type(each) for each in saved] == [Message, Refusal, Message, Message, Refusal]
    assert saved[1] == saved[4] == HELD
    assert await log(storage) == ["hello", "bad", "bad"]
    assert {each for ids in notified for each in ids} == {ADA, MOD}
    last, first = await waiting(store)
    assert (first.author.name, first.text, first.key, first.word, first.state) == (
        "ada",
        "a Bad word",
        "b",
        "bad",
        "waiting",
    )
    assert (last.word, last.key is not None) == ("傻瓜", True)
    assert await one(storage, said("a Bad word", "b")) == HELD  # the same once more
    assert await store.count(MOD) == 2
    assert [each.id for each in await store.own(ADA)] == [first.id, last.id]
    assert await store.own(BEN) == []


async def test_where_and_whose_messages_are_held(storage: Storage, store: HeldMessages) -> None:
    private = await storage.rooms.create("den", BEN, is_private=True)
    public = await storage.rooms.create("garden", BEN, is_private=False)
    assert isinstance(private, Room)
    assert isinstance(public, Room)
    await storage.messages.save([structs.replace(said("", room=public.id), kind=MessageKind.JOIN)])
    assert isinstance(await one(storage, said("bad", by=BEN, room=private.id)), Message)
    assert isinstance(await one(storage, said("bad", by=BEN, room=public.id)), Message)  # its owner
    assert await one(storage, said("bad", room=public.id)) == HELD
    await storage.messages.save([RoleChange(public.id, ADA, RoomRole.MODERATOR, BEN, 1.0)])
    assert isinstance(await one(storage, said("bad", room=public.id)), Message)
    (held,) = await waiting(store)
    assert (held.room_id, held.room_name) == (public.id, "garden")


async def test_an_edit_is_held_and_a_later_one_takes_its_place(storage: Storage, store: HeldMessages) -> None:
    message = await one(storage, said("good", "a"))
    for text in ("bad", "very bad"):
        assert await one(storage, Edit(LOBBY_ID, message.seq, ADA, text, FAR)) == HELD
    (held,) = await waiting(store)
    assert (held.seq, held.text, held.key) == (message.seq, "very bad", None)
    assert isinstance(await store.decide(MOD, held.id, allow=True), Decided)
    assert (
        await one(storage, Edit(LOBBY_ID, message.seq, ADA, "bad", FAR)) == HELD
    )  # another text than the allowed one
    assert (await store.allowed(held.id)) is not None
    assert isinstance(await one(storage, Edit(LOBBY_ID, message.seq, ADA, "very bad", FAR)), Edited)
    found = await store.allowed(held.id)
    assert isinstance(found, HeldMessage)  # as after a kill: it is tried again, and changes nothing
    assert isinstance(await one(storage, Edit(LOBBY_ID, message.seq, ADA, "good again", FAR)), Edited)
    assert await store.allowed(held.id) == OUTDATED


async def test_a_deleted_message_is_not_edited(storage: Storage, store: HeldMessages) -> None:
    message = await one(storage, said("good", "a"))
    await storage.messages.save([Deletion(LOBBY_ID, message.seq, ADA, 1.0)])
    assert await one(storage, Edit(LOBBY_ID, message.seq, ADA, "bad", 1.0)) is None
    assert await waiting(store) == []


async def test_what_is_allowed_is_saved_once_under_its_key(storage: Storage, store: HeldMessages) -> None:
    await one(storage, said("bad", "a"))
    (held,) = await waiting(store)
    assert await store.decide(BEN, held.id, allow=True) == NOT_REVIEWER
    assert await store.decide(MOD, 99, allow=True) == NO_HELD
    decided = await store.decide(MOD, held.id, allow=True)
    assert isinstance(decided, Decided)
    assert (set(decided.notified), decided.held.by and decided.held.by.id) == ({ADA, MOD}, MOD)
    assert await store.decide(MOD, held.id, allow=False) == REVIEWED
    assert await store.put_away(ADA, held.id) == NO_HELD
    (item,) = await storage.feature_ports[DUE].claim([DUE_KIND], 9, 60.0)
    assert item.key == str(held.id)
    assert await one(storage, said("bad", "b")) == HELD  # another key
    assert isinstance(await one(storage, said("bad", "a")), Message)
    assert isinstance(await one(storage, said("bad", "a")), Repeated)
    await store.sent(held.id)
    assert await store.allowed(held.id) is None
    assert isinstance(await one(storage, said("bad", "a")), Repeated)
    assert len(await store.own(ADA)) == 1
    acts = await storage.audit.acts(None, 9)
    assert [(each.what, each.person and each.person.id, each.room_id, each.detail) for each in acts] == [
        (What.HELD_ALLOWED, ADA, LOBBY_ID, "")
    ]


async def test_what_is_removed_or_refused_is_shown_until_it_is_put_away(
    storage: Storage, store: HeldMessages
) -> None:
    for key in ("a", "b", "c"):
        await one(storage, said("bad", key))
    third, second, first = await waiting(store)
    assert isinstance(await store.decide(MOD, first.id, allow=False), Decided)
    assert await one(storage, said("bad", "a")) == REMOVED
    assert isinstance(await store.decide(MOD, second.id, allow=True), Decided)
    await store.refuse(second.id, NO_ROOM)
    await store.sent(second.id)  # too late
    assert await store.put_away(BEN, third.id) == NO_HELD
    assert set(await store.put_away(ADA, third.id)) == {ADA, MOD}  # type: ignore[arg-type]
    own = await store.own(ADA)
    assert [(each.state, each.refusal and each.refusal.reason) for each in own] == [
        ("removed", None),
        ("refused", "no_room"),
    ]
    handled = await store.page(MOD, 2**60, 50, handled=True)
    assert [each.id for each in handled] == [second.id, first.id]
    assert await store.page(MOD, second.id, 50, handled=True) == handled[1:]
    assert await store.put_away(ADA, first.id) == [ADA]
    assert await store.put_away(ADA, first.id) == NO_HELD
    assert [each.id for each in await store.own(ADA)] == [second.id]
    assert await store.count(MOD) == 0
    await storage.users.delete(ADA)
    assert await store.page(MOD, 2**60, 50, handled=True) == []


async def test_one_person_has_so_many_that_wait(
    storage: Storage, store: HeldMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (domain, reviewing, model):
        monkeypatch.setattr(module, "MOST_HELD", 2)
    keys = ["a", "b", "c"]
    assert await storage.messages.save([said("bad", key) for key in keys]) == [HELD, HELD, TOO_MANY_HELD]
    assert await one(storage, said("bad", "a")) == HELD
    assert await one(storage, said("bad", "a", BEN)) == HELD


async def test_moderators_do_not_review_their_own(storage: Storage, store: HeldMessages) -> None:
    await one(storage, said("bad", "a"))
    (held,) = await waiting(store)
    await storage.users.administer(ADA, AccountChange(is_moderator=True), None)
    assert await store.page(ADA, 2**60, 50, handled=False) == []
    assert await store.count(ADA) == 0
    assert await store.decide(ADA, held.id, allow=True) == NO_HELD


async def test_the_room_of_a_held_message_is_deleted(storage: Storage, store: HeldMessages) -> None:
    room = await storage.rooms.create("garden", BEN, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([structs.replace(said("", room=room.id), kind=MessageKind.JOIN)])
    assert await one(storage, said("bad", "a", room=room.id)) == HELD
    await storage.messages.save([RoomDeletion(room.id, BEN, 1.0)])
    assert await waiting(store) == await store.own(ADA) == []


async def test_words_are_added_and_removed(
    storage: Storage, store: HeldMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await store.words() == []
    assert await store.change_words(["Bad", "free money", "BAD"], [], MOD) == ["BAD", "free money"]
    assert await store.change_words(["bad"], ["nothing"], MOD) == ["BAD", "free money"]
    assert await store.change_words(["other"], ["bad"], MOD) == ["free money", "other"]
    assert await store.words() == ["free money", "other"]
    acts = await storage.audit.acts(None, 9)
    assert [(each.what, each.detail) for each in acts] == [
        (What.REVIEW_WORDS, "+1 -1"),
        (What.REVIEW_WORDS, "+2 -0"),
    ]
    for module in (queries, model):
        monkeypatch.setattr(module, "MOST_WORDS", 2)
    assert await store.change_words(["third"], [], MOD) == TOO_MANY_WORDS
    assert await store.change_words(["third"], ["other"], MOD) == ["free money", "third"]
