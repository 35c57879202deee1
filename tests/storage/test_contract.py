"""One contract for every storage. Each test runs on memory and on PostgreSQL."""

from collections.abc import AsyncGenerator

import pytest
import trio
from conftest import new_database

from chat.model.entities import LOBBY_ID, Draft, Message, MessageKind, RoomKind
from chat.storage.failures import WriteRejected
from chat.storage.memory import MemoryStorage
from chat.storage.ports import NewPerson, Storage, Taken
from chat.storage.postgres.storage import open_postgres_storage

ADA = NewPerson(name="Ada", email="Ada@Example.com", password_hash=b"$2b$04$hash", is_operator=True)
BEN = NewPerson(name="Ben", password_hash=b"$2b$04$other", display_name="Benjamin")


@pytest.fixture(params=["memory", "postgres"])
async def storage(request: pytest.FixtureRequest) -> AsyncGenerator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
        return
    async with (
        new_database(request.getfixturevalue("server")) as address,
        open_postgres_storage(address, pool_size=4, query_timeout=10, commit_timeout=10) as storage,
    ):
        yield storage


async def add_both(storage: Storage) -> tuple[int, int]:
    ada, ben = await storage.users.add(ADA), await storage.users.add(BEN)
    assert not isinstance(ada, Taken)
    assert not isinstance(ben, Taken)
    return ada.id, ben.id


def draft(sender: int, text: str, *, room: int = LOBBY_ID, key: str | None = None) -> Draft:
    return Draft(room, sender, "Ada", text, 1_700_000_000.123456, MessageKind.TEXT, key)


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


async def test_of_many_who_take_one_name_at_once_one_gets_it(storage: Storage) -> None:
    results: list[object] = []

    async def add() -> None:
        results.append(await storage.users.add(ADA))

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(add)
    assert sum(isinstance(result, Taken) for result in results) == 7


async def test_raising_the_generation_is_kept(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    raised = await storage.users.raise_token_generation(ada)
    assert raised is not None
    assert raised.token_generation == 1
    assert await storage.users.by_id(ada) == raised
    assert await storage.users.raise_token_generation(99) is None


async def test_the_lobby_is_there_from_the_start(storage: Storage) -> None:
    lobby = await storage.rooms.by_id(LOBBY_ID)
    assert lobby is not None
    assert (lobby.kind, lobby.last_seq, lobby.is_private) == (RoomKind.LOBBY, 0, False)
    assert await storage.rooms.by_id(99) is None


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


async def test_a_page_shows_what_was_saved_to_the_microsecond(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    saved = await storage.messages.save([draft(ada, text) for text in ("eins", "zwei 😀", "три")])
    assert await storage.messages.page(LOBBY_ID, 0, 3) == saved
    assert await storage.messages.page(LOBBY_ID, 1, 2) == saved[1:2]
    assert await storage.messages.page(LOBBY_ID, 3, 10) == []
    assert await storage.messages.page(99, 0, 10) == []


async def test_a_draft_for_a_room_that_is_gone_is_skipped_without_a_gap(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    saved = await storage.messages.save([draft(ada, "one"), draft(ada, "lost", room=99), draft(ada, "two")])
    assert saved[1] is None
    assert [message.seq for message in saved if message is not None] == [1, 2]


@pytest.mark.parametrize("poison", ["nobody", "nul", "key"])
async def test_a_draft_that_can_not_be_stored_rejects_the_whole_batch(storage: Storage, poison: str) -> None:
    ada, ben = await add_both(storage)
    await storage.messages.save([draft(ada, "first", key="k")])
    bad = {"nobody": draft(99, "x"), "nul": draft(ada, "a\0b"), "key": draft(ada, "again", key="k")}[poison]
    with pytest.raises(WriteRejected):
        await storage.messages.save([draft(ben, "innocent"), bad])
    assert len(await storage.messages.page(LOBBY_ID, 0, 10)) == 1
    after = await storage.messages.save([draft(ben, "innocent", key="k")])
    assert isinstance(after[0], Message)
    assert after[0].seq == 2


async def test_settle_tells_what_was_committed_beyond_what_is_told(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    saved = await storage.messages.save([draft(ada, text) for text in ("one", "two", "three")])
    assert await storage.messages.settle({LOBBY_ID: 1}, 1_700_000_000.0) == saved[1:]
    assert await storage.messages.settle({LOBBY_ID: 3}, 0.0) == []
    assert await storage.messages.settle({LOBBY_ID: 0}, 1_800_000_000.0) == []
    assert await storage.messages.settle({99: 0}, 0.0) == []


async def test_a_big_batch_keeps_its_order(storage: Storage) -> None:
    ada, _ = await add_both(storage)
    texts = [f"line {n}" for n in range(1000)]
    saved = await storage.messages.save([draft(ada, text) for text in texts])
    assert [message.text for message in saved if message is not None] == texts
    page = await storage.messages.page(LOBBY_ID, 0, 1000)
    assert [message.seq for message in page] == list(range(1, 1001))
    assert [message.id for message in page] == sorted(message.id for message in page)


async def test_a_cancelled_read_leaves_the_storage_whole(storage: Storage) -> None:
    await add_both(storage)
    for _ in range(20):
        with trio.CancelScope() as scope:
            scope.cancel()
            await storage.messages.page(LOBBY_ID, 0, 10)
    with trio.fail_after(10):
        await storage.ping()
        assert len(await storage.users.everyone()) == 2
