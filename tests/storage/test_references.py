"""Replies, mentions and the texts of before: one contract. Each test runs on memory and on PostgreSQL."""

from msgspec import structs

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Deletion, Edit, Edited, Removal, RoomDeletion, Write
from chat.domain.messages.mentions import ALL, MOST_MEMBERS, NO_SUCH_REPLY
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved
from chat.domain.messages.reading import ReadMark, ReadState
from chat.domain.messages.sync_types import ChangeRange, MessageNow, TextVersion
from chat.domain.ports import NewPerson, Storage
from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import fetch
from tests.support.replays import replay, snapshots

NOW = 1_700_000_000.123456
EVER = 2**63 - 1
PLENTY = 1 << 20


async def add(storage: Storage, *names: str, is_operator: bool = False, is_admin: bool = False) -> list[int]:
    added = [
        await storage.users.add(
            NewPerson(name=name, password_hash=b"x", is_operator=is_operator, is_admin=is_admin)
        )
        for name in names
    ]
    return [person.id for person in added if isinstance(person, Person)]


async def make_room(storage: Storage, owner: int, *members: int, name: str = "Garden") -> int:
    room = await storage.rooms.create(name, owner, is_private=False)
    assert isinstance(room, Room)
    for member in members:
        await save(storage, Draft(room.id, member, "?", "", NOW, MessageKind.JOIN))
    return room.id


async def save(storage: Storage, *writes: Write) -> list[Saved]:
    return await storage.messages.save(writes)


def draft(room: int, sender: int, text: str, *, key: str | None = None, reply: int | None = None) -> Draft:
    return Draft(room, sender, "?", text, NOW, key=key, reply=reply)


def mentioned(saved: Saved) -> tuple[int, ...]:
    assert isinstance(saved, Message | Edited)
    return saved.mentions


async def now(storage: Storage, reader: int, room: int, seq: int) -> MessageNow:
    page = await storage.timelines.history(reader, room, 1, PLENTY, EVER, after=seq - 1, before=seq + 1)
    assert page is not None
    (message,) = page.messages
    return message


async def counts(storage: Storage, person: int, room: int) -> tuple[int, int]:
    """How many messages are unread, and how many of them mention the person; both ways to ask agree."""
    (got,) = await snapshots(storage, person, EVER, [room])
    for state in await storage.timelines.reads_since(person, 0):
        if state.room_id == room:
            assert state == ReadState(room, got.read, got.unread, got.mentions, state.has_spoken)
    return got.unread, got.mentions


async def test_a_mention_matches_the_longest_name_in_the_room(storage: Storage) -> None:
    ada, ben, smith, cleo, gone = await add(storage, "Ada", "Ben", "Ben Smith", "Zoë", "Dan")
    (desk,) = await add(storage, "Desk", is_operator=True)
    room = await make_room(storage, ada, ben, smith, cleo)
    await storage.users.delete(gone)
    for text, whom in (
        ("@ben hello", (ben,)),
        ("@BEN SMITH, @Ben", (smith, ben)),
        ("@ben smithy", (ben,)),
        ("@bent and mail to ada@ben.example", ()),
        ("(@zoe\u0308)", (cleo,)),
        ("@ZO\u00cb.", (cleo,)),
        ("@desk @dan @nobody", ()),
        ("@ada, by oneself", (ada,)),
        ("@ @@ben @", (ben,)),
    ):
        (saved,) = await save(storage, draft(room, ada, text))
        assert mentioned(saved) == whom, text
        assert isinstance(saved, Message)
        assert (await now(storage, ben, room, saved.seq)).mentions == whom
        (logged,) = await storage.messages.read_log(saved.id - 1, 1, PLENTY)
        assert structs.replace(logged, sender_name="?") == saved
    (everybody,) = await save(storage, draft(LOBBY_ID, ada, "@desk @dan @ben smith"))
    assert mentioned(everybody) == (desk, smith)
    support = await storage.rooms.support_room(ben)
    assert support is not None
    (asked,) = await save(storage, draft(support.id, ben, "@desk @ada @ben"))
    assert mentioned(asked) == (desk, ben)
    direct = await storage.rooms.direct_room(ada, ben)
    assert direct is not None
    (got,) = await save(storage, draft(direct.id, ada, "@desk @ben"))
    assert mentioned(got) == (ben,)
    (joined,) = await save(storage, Draft(room, desk, "?", "@ben", NOW, MessageKind.JOIN))
    assert mentioned(joined) == ()


async def test_moderators_or_members_of_small_rooms_may_mention_all(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    (root,) = await add(storage, "Root", is_admin=True)
    few = await make_room(storage, ada, ben, root)
    (saved,) = await save(storage, draft(few, ben, "@all: tea"))
    assert mentioned(saved) == (ALL,)
    others = await add(storage, *(f"person {nth}" for nth in range(MOST_MEMBERS)))
    many = await make_room(storage, ada, ben, root, *others, name="Many")
    saved_by = await save(storage, *(draft(many, each, "@ben @ALL!") for each in (ada, ben, root)))
    assert [mentioned(each) for each in saved_by] == [(ben, ALL), (ben,), (ben, ALL)]
    most = await make_room(storage, ada, ben, *others[: MOST_MEMBERS - 2], name="Most")
    (saved,) = await save(storage, draft(most, ben, "@all"))
    assert mentioned(saved) == (ALL,)
    joining = Draft(most, others[-1], "?", "", NOW, MessageKind.JOIN)
    await save(storage, joining)
    (saved,) = await save(storage, draft(most, ben, "@all"))
    assert mentioned(saved) == (), "there is one more than that"
    (lobby,) = await save(storage, draft(LOBBY_ID, ben, "@all"))
    assert mentioned(lobby) == ()
    await add(storage, "All")
    (lobby,) = await save(storage, draft(LOBBY_ID, ben, "@all"))
    assert len(mentioned(lobby)) == 1, "who has that name is mentioned by it where nobody else is"
    assert ALL not in mentioned(lobby)


async def test_mentions_after_the_mark_are_counted_and_listed(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "Ada", "Ben", "Cem")
    room = await make_room(storage, ada, ben, cem)  # two joinings
    await save(
        storage,
        draft(room, ada, "@ben one"),  # 3
        draft(room, ada, "two"),
        draft(room, cem, "@all @ben three"),
        draft(room, ada, "@cem four"),
        draft(room, ben, "@ben and @all, by myself"),  # 7
    )
    assert await counts(storage, ben, room) == (4, 2)  # nothing of what they said themselves
    assert await counts(storage, cem, room) == (4, 2)
    listed = await storage.timelines.mentions(ben, EVER, 10, PLENTY)
    assert [message.seq for message in listed] == [5, 3]
    assert listed[0] == await now(storage, ben, room, 5)
    assert await storage.timelines.mentions(ben, EVER, 1, PLENTY) == listed[:1]
    assert await storage.timelines.mentions(ben, EVER, 10, 1) == listed[:1]
    assert await storage.timelines.mentions(ben, listed[0].id, 10, PLENTY) == listed[1:]
    await storage.timelines.mark_read({(room, ben): ReadMark(3)})
    assert await counts(storage, ben, room) == (3, 1)
    # An edit mentions others instead; a deletion nobody.
    (edited,) = await save(storage, Edit(room, 5, cem, "@cem three", NOW + 1))
    assert mentioned(edited) == (cem,)
    assert await counts(storage, ben, room) == (3, 0)
    await save(storage, Edit(room, 4, ada, "@ben two", NOW + 1))
    assert await counts(storage, ben, room) == (3, 1)
    assert [message.seq for message in await storage.timelines.mentions(ben, EVER, 9, PLENTY)] == [4, 3]
    await save(storage, Edit(room, 4, ada, "@ben, two @all", NOW + 2), Deletion(room, 4, ada, NOW + 3))
    assert await counts(storage, ben, room) == (2, 0)
    assert (await now(storage, ben, room, 4)).mentions == ()
    assert [message.seq for message in await storage.timelines.mentions(ben, EVER, 9, PLENTY)] == [3]
    await storage.timelines.mark_read({(room, ben): ReadMark(0, is_back=True)})
    assert await counts(storage, ben, room) == (3, 1)
    await save(storage, Removal(room, ben, ada, NOW))
    assert await storage.timelines.mentions(ben, EVER, 10, PLENTY) == []


async def test_a_replayed_edited_message_has_the_current_mentions(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "Ada", "Ben", "Cem")
    room = await make_room(storage, ada, ben, cem)
    await save(storage, draft(room, ada, "one"), draft(room, ada, "@cem two", reply=1))
    await save(storage, Edit(room, 3, ada, "@ben one", NOW + 1))
    await save(storage, Edit(room, 3, ada, "@cem one", NOW + 2))
    said, reply, first, second = await replay(storage, ben, [ChangeRange(room, 2, 6)], PLENTY)
    assert [
        each.mentions for each in (said, reply, first, second) if isinstance(each, MessageNow | Edited)
    ] == [(cem,)] * 4
    assert isinstance(reply, MessageNow)
    assert reply.reply == 1
    log = await storage.messages.read_log(0, 10, PLENTY)
    assert [each.mentions for each in log if isinstance(each, Message | Edited)] == [(), (), *[(cem,)] * 4]
    assert [each.reply for each in log if isinstance(each, Message)] == [None, None, None, 1]


async def test_a_reply_is_within_the_room_and_part_of_the_keys_digest(
    storage: Storage,
) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    room = await make_room(storage, ada, ben)
    first, beyond, *_ = await save(
        storage,
        draft(room, ada, "one", key="k", reply=1),
        draft(room, ada, "beyond", reply=2),
        draft(room, ada, "two"),
    )
    assert isinstance(first, Message)
    assert (first.reply, beyond) == (1, NO_SUCH_REPLY)
    (late,) = await save(storage, draft(room, ada, "late", reply=4))
    assert late == NO_SUCH_REPLY, "it takes no number"
    (again, other, none) = await save(
        storage,
        draft(room, ada, "one", key="k", reply=1),
        draft(room, ada, "one", key="k", reply=2),
        draft(room, ada, "one", key="k"),
    )
    assert isinstance(again, Repeated)
    assert again.message.seq == first.seq
    assert isinstance(other, KeyUsed)
    assert isinstance(none, KeyUsed)
    await save(storage, Deletion(room, first.seq, ada, NOW))
    (to_deleted,) = await save(storage, draft(room, ben, "why?", reply=first.seq))
    assert isinstance(to_deleted, Message)
    assert (await now(storage, ada, room, first.seq)).reply == 1
    (nowhere,) = await save(storage, draft(room + 1, ada, "@ben", reply=1))
    assert nowhere is None


async def test_the_texts_of_a_message_go_with_it(storage: Storage, place: DatabaseAddress | None) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    room = await make_room(storage, ada, ben)

    async def texts(limit: int = 10, most_bytes: int = PLENTY, seq: int = 2) -> list[TextVersion]:
        return await storage.timelines.texts(room, seq, limit, most_bytes)

    await save(storage, draft(room, ada, "one"), Edit(room, 2, ada, "two", NOW + 1))
    await save(storage, Edit(room, 2, ada, "two", NOW + 2))  # changes nothing
    await save(storage, Edit(room, 2, ada, "three @ben", NOW + 3), Edit(room, 2, ada, "four", NOW + 4))
    had = [
        TextVersion("one", NOW),
        TextVersion("two", NOW + 1),
        TextVersion("three @ben", NOW + 3),
        TextVersion("four", NOW + 4),
    ]
    assert await texts() == had
    assert await texts(limit=2) == had[2:]
    assert await texts(most_bytes=0) == had[3:]
    assert await texts(most_bytes=len('"four""three @ben"')) == had[2:]
    assert await texts(seq=3) == await texts(seq=0) == []
    await save(storage, draft(room, ada, "as said"))
    assert await texts(seq=3) == [TextVersion("as said", NOW)]
    await save(storage, Edit(room, 2, ada, "five", NOW + 5), Deletion(room, 2, ada, NOW + 6))
    assert await texts() == []
    await save(storage, Edit(room, 3, ada, "@ben", NOW))
    await save(storage, RoomDeletion(room, ada, NOW))
    assert await texts(seq=3) == []
    while await storage.rooms.remove_deleted(1):
        pass
    if place is not None:
        assert (
            await fetch(place, "SELECT (SELECT count(*) FROM edits) + (SELECT count(*) FROM mentions)") == 0
        )


async def test_a_blocked_persons_mentions_do_not_count(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "ada", "ada l", "cem")
    garden = await make_room(storage, ada, ben, cem)
    assert await storage.contacts.block(ben, cem)

    async def mentioned_by(author: int, text: str) -> tuple[int, ...]:
        (saved,) = await save(storage, Draft(garden, author, "?", text, NOW))
        assert isinstance(saved, Message)
        return saved.mentions

    assert await mentioned_by(cem, "@ada l @ada") == (ada,)
    assert await mentioned_by(cem, "@ada l") == (), "nor is somebody with a shorter name"
    assert await mentioned_by(ada, "@ada l @cem") == (ben, cem)
    assert await mentioned_by(ben, "@cem") == (cem,)
    assert await mentioned_by(cem, "@all") == (ALL,)
    (edited,) = await save(storage, Edit(garden, 4, cem, "@ada l hi", NOW))
    assert isinstance(edited, Edited)
    assert edited.mentions == ()
    await storage.contacts.unblock(ben, cem)
    assert await mentioned_by(cem, "@ada l @ada") == (ben, ada)
