"""Search: one contract. Each test runs on memory and on PostgreSQL."""

import itertools
from typing import Any

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Addition, Deletion, Edit, Reaction, Removal, RoomDeletion
from chat.domain.ports import NewFile, NewPerson, Storage
from chat.features.search import statements
from chat.features.search.index import INDEX, Progress, Search
from chat.features.search.queries import PostgresSearchIndex, Sample
from chat.features.search.query import Query, parse_query
from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import fetch

NOW = 1_700_000_000.0


async def add(storage: Storage, *names: str) -> list[int]:
    added = [await storage.users.add(NewPerson(name=name, password_hash=b"x")) for name in names]
    return [person.id for person in added if isinstance(person, Person)]


async def make_room(storage: Storage, owner: int, name: str) -> int:
    room = await storage.rooms.create(name, owner, is_private=True)
    assert isinstance(room, Room)
    return room.id


async def say(storage: Storage, sender: int, *texts: str, room: int = LOBBY_ID) -> list[Message]:
    """Say texts a second after each other."""
    begin = await storage.messages.newest_id()
    drafts = [Draft(room, sender, "?", text, NOW + begin + nth) for nth, text in enumerate(texts)]
    return [each for each in await storage.messages.save(drafts) if isinstance(each, Message)]


async def index(storage: Storage, most_bytes: int = 1 << 20) -> None:
    """Let everything be found that was said so far."""
    newest = await storage.messages.newest_id()
    while (await storage.feature_ports[INDEX].index(most_bytes)).last_id < newest:
        pass


async def found(storage: Storage, person: int, q: str, **fields: Any) -> list[str]:
    query = parse_query(q, may_be_empty="has" in fields)
    assert isinstance(query, Query)
    asked = Search(person_id=person, query=query, **{"limit": 50, "most_bytes": 1 << 20, **fields})
    return [message.text for message in await storage.feature_ports[INDEX].find(asked)]


TEXTS = (
    "Good morning, Ben",
    "see db.json for PLT-3699",
    "größe und GROSSE Träume",
    "東京都に行く",
    "関東",
    "สวัสดีครับ",
    "morning is good",
    "it's a.b 'quoted' & | ! :* <-> \\",
    "日本database",
    "नमस्ते दुनिया",
)


@pytest.fixture(params=["the newest", "more", "the index"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL looks in three places; here the first or the second never suffices."""
    if request.param != "the newest":
        monkeypatch.setattr(statements, "NEWEST", 1)
        more = 1000 if request.param == "more" else 0
        monkeypatch.setattr(Sample, "more_to_scan", lambda _sample, _wanted: more)


@pytest.mark.usefixtures("_way")
async def test_words_beginnings_and_phrases_are_found(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, *TEXTS)
    await index(storage)
    for q, places in (
        ("good", (0, 6)),
        ("GOOD morn", (0, 6)),
        ('"good morning"', (0,)),
        ('"morn"', ()),
        ("good -ben", (6,)),
        ('morning -"morning is"', (0,)),
        ("db.json", (1,)),
        ("b.json", ()),
        ("plt-3699", (1,)),
        ("plt-36", (1,)),
        ("3699 plt", (1,)),
        ('"3699 plt"', ()),
        ("grösse", (2,)),
        ("traume", (2,)),
        ("東京", (3,)),
        ("京都", (3,)),
        ("東", (3, 4)),
        ('"東"', (3, 4)),
        ("東都", ()),
        ("東京に", ()),
        ("ดีครับ", (5,)),
        ("日本database", (8,)),
        ("本d", (8,)),
        ("दुनि", (9,)),
        ("नम दुन", (9,)),
        ("'quoted'", (7,)),
        ("quot & | !", (7,)),
        ("nothing", ()),
    ):
        assert await found(storage, ada, q) == [TEXTS[place] for place in reversed(places)], q


@pytest.mark.usefixtures("_way")
async def test_only_ones_own_rooms_are_searched_and_less_where_that_is_asked(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden, cellar = await make_room(storage, ada, "garden"), await make_room(storage, ben, "cellar")
    first = (await say(storage, ada, "tea in the lobby"))[0]
    garden_s = (await say(storage, ada, "tea in the garden", room=garden))[0]
    await say(storage, ben, "tea in the cellar", room=cellar)
    last = (await say(storage, ben, "more tea"))[0]
    await index(storage)
    assert await found(storage, ada, "tea") == ["more tea", "tea in the garden", "tea in the lobby"]
    assert await found(storage, ada, "tea", limit=1) == ["more tea"]
    assert await found(storage, ada, "tea", most_bytes=1) == ["more tea"]
    assert await found(storage, ada, "tea", before_id=last.id, limit=1) == ["tea in the garden"]
    assert await found(storage, ada, "tea", room_id=garden) == ["tea in the garden"]
    assert await found(storage, ada, "tea", room_id=cellar) == []
    assert await found(storage, ada, "tea", room_id=LOBBY_ID, sender_id=ben) == ["more tea"]
    assert await found(storage, ada, "tea", sender_id=ada, since=garden_s.created_at) == ["tea in the garden"]
    assert await found(storage, ada, "tea", before=garden_s.created_at) == ["tea in the lobby"]
    assert await found(storage, ada, "tea", before=first.created_at) == []
    assert await found(storage, ada, "tea", since=last.created_at + 1) == []
    assert await found(storage, 999, "tea") == []
    await storage.messages.save([Addition(Draft(garden, ben, "?", "", NOW, MessageKind.JOIN), ada)])
    assert await found(storage, ben, "tea", room_id=garden) == ["tea in the garden"]
    await storage.messages.save([Removal(garden, ben, ada, NOW)])
    assert await found(storage, ben, "tea", room_id=garden) == []


async def test_edits_are_found_and_deleted_messages_are_not(
    storage: Storage, place: DatabaseAddress | None
) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada, "garden")
    tea, milk = await say(storage, ada, "tea", "milk tea")
    await say(storage, ada, "tea in the garden", room=garden)
    await index(storage, 1)  # one by one
    await storage.messages.save(
        [
            Edit(LOBBY_ID, tea.seq, ada, "coffee", NOW),
            Reaction(LOBBY_ID, tea.seq, ada, "👍", True, NOW),
            Deletion(LOBBY_ID, milk.seq, ada, NOW),
        ]
    )
    assert await found(storage, ada, "milk") == [], "also before its words are taken away"
    await index(storage)
    assert await found(storage, ada, "coffee") == ["coffee"]
    assert await found(storage, ada, "tea") == ["tea in the garden"]
    words = storage.feature_ports[INDEX]
    assert await words.index(1) == await words.index(1), "there is nothing more to do"
    await storage.messages.save([RoomDeletion(garden, ada, NOW)])
    assert await found(storage, ada, "garden") == []
    while await storage.rooms.remove_deleted(1):
        pass
    await index(storage)
    if place is not None:
        assert await fetch(place, "SELECT count(*) FROM message_words") == 1


async def test_servers_index_one_at_a_time_and_nothing_twice(
    storage: Storage, place: DatabaseAddress | None
) -> None:
    if place is None:
        pytest.skip("one process has one memory")
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, *(f"tea {nth}" for nth in range(50)))
    steps: list[Progress] = []

    async def index_some() -> None:  # on a connection of its own, as another server would
        while not steps or steps[-1].last_id < 50:
            steps.append(await storage.feature_ports[INDEX].index(20))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(index_some)
    assert {step.is_ours for step in steps} == {False, True}
    done = [step.last_id for step in steps if step.is_ours and step.last_id < 50]
    assert len(done) == len(set(done)), "two did the same step"
    assert len(await found(storage, ada, "tea", limit=100)) == 50
    assert await fetch(place, "SELECT count(*) FROM message_words") == 50


@pytest.mark.usefixtures("_way")
async def test_the_best_match_is_first_if_requested(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, "tea tea tea", "tea for one of us", "coffee")
    await index(storage)
    assert await found(storage, ada, "tea", is_best=True) == ["tea tea tea", "tea for one of us"]
    assert await found(storage, ada, "tea", is_best=True, limit=1) == ["tea tea tea"]


async def test_texts_that_take_long_are_indexed_few_at_once(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is the time for which the event loop is held, not the bytes of the texts."""
    if not isinstance(storage.feature_ports[INDEX], PostgresSearchIndex):
        pytest.skip("there is no index in memory")
    (ada,) = await add(storage, "Ada")
    said = await say(storage, ada, *("tea \ufdfa" * 9 for _ in range(7)))
    ticks = itertools.count()
    monkeypatch.setattr(storage.feature_ports[INDEX], "_clock", lambda: next(ticks) * 0.001)
    steps = [await storage.feature_ports[INDEX].index(1 << 20) for _ in range(3)]
    assert [step.last_id for step in steps] == [said[2].id, said[5].id, said[6].id]
    assert len(await found(storage, ada, "tea")) == 7


async def test_texts_of_any_kind_are_indexed(storage: Storage) -> None:
    """Long words, many words, words that come a thousand times, and every sign of a query."""
    (ada,) = await add(storage, "Ada")
    texts = [
        "x" * 4000,
        "ab " * 1300,
        "漢" * 4000,
        " ".join(map(str, range(1000))),
        "'\\:*&|!<->()@#7\n\t",
        "𐐨" * 2000,
        "\ufdfa" * 4000,
        "ก" + "\u0e48" * 2000 + "\u0e38" * 1999,
    ]
    await say(storage, ada, *texts)
    await index(storage)
    assert await found(storage, ada, "x" * 70) == [texts[0]]
    assert await found(storage, ada, "漢漢漢") == [texts[2]]
    assert await found(storage, ada, "998 999") == [texts[3]]
    assert await found(storage, ada, "#7 @1") == await found(storage, ada, "7 1") == [texts[3]]


async def test_a_message_is_found_by_the_names_of_its_files_as_long_as_it_has_them(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    room = await make_room(storage, ada, "plans")
    about = {"room_id": room, "owner_id": ada, "type": "text/plain", "size": 1, "digest": b"1" * 32}
    names = ("Beds by the wall.pdf", "größe 東京.png")
    files = [await storage.files.keep_file(NewFile(name=name, **about)) for name in names]
    drafts = [
        Draft(room, ada, "ada", "", NOW, file_ids=(files[0].id,)),
        Draft(room, ada, "ada", "see this", NOW, file_ids=(files[1].id,)),
    ]
    said = [each for each in await storage.messages.save(drafts) if isinstance(each, Message)]
    await index(storage)
    assert await found(storage, ada, "wall.pdf") == [""]
    assert await found(storage, ada, '"beds by"') == [""]
    assert await found(storage, ada, "grosse") == await found(storage, ada, "京 see") == ["see this"]
    assert await found(storage, ben, "wall") == []
    await storage.messages.save([Edit(room, said[1].seq, ada, "not this", NOW)])
    await index(storage)
    assert await found(storage, ada, "png this -see") == ["not this"]
    await storage.messages.save([Deletion(room, said[1].seq, ada, NOW)])
    await index(storage)
    assert await found(storage, ada, "png") == []


async def attach(storage: Storage, sender: int, text: str, **files: str) -> Message:
    """Say a text with files of these types, by their names."""
    kept = [
        await storage.files.keep_file(
            NewFile(room_id=LOBBY_ID, owner_id=sender, name=name, type=media_type, size=1, digest=b"x" * 32)
        )
        for name, media_type in files.items()
    ]
    draft = Draft(LOBBY_ID, sender, "?", text, NOW, file_ids=tuple(file.id for file in kept))
    (message,) = await storage.messages.save([draft])
    assert isinstance(message, Message)
    return message


@pytest.mark.usefixtures("_way")
async def test_messages_are_found_by_what_they_have(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, "tea", "see http://x.example", "http:// is no link")
    await attach(storage, ada, "roses", **{"red rose.png": "image/png", "plan.pdf": "application/pdf"})
    gone = await attach(storage, ada, "gone", **{"rose.png": "image/png"})
    await attach(storage, ada, "HTTPS://roses", **{"tea.zip": "application/zip"})
    await storage.messages.save([Deletion(LOBBY_ID, gone.seq, ada, NOW)])
    await index(storage)
    for has, texts in (
        (("file",), ["HTTPS://roses", "roses"]),
        (("image",), ["roses"]),
        (("image", "document"), ["roses"]),
        (("image", "other"), []),
        (("video",), []),
        (("link",), ["HTTPS://roses", "see http://x.example"]),
        (("link", "file"), ["HTTPS://roses"]),
    ):
        assert await found(storage, ada, "", has=has) == texts, has
    assert await found(storage, ada, "tea", has=("file",)) == ["HTTPS://roses"]
    assert await found(storage, ada, "-tea", has=("file",)) == ["roses"]
    assert await found(storage, ada, "", has=("file",), limit=1) == ["HTTPS://roses"]


@pytest.mark.usefixtures("_way")
async def test_words_are_found_in_names_of_files_alone(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, "rose")
    await attach(storage, ada, "tulip", **{"Red Rosé.png": "image/png", "plan.pdf": "application/pdf"})
    await attach(storage, ada, "rose", **{"plan 東京都.txt": "text/plain"})
    await index(storage)
    for q, texts in (
        ("ro", ["tulip"]),
        ('"red rose"', ["tulip"]),
        ('"png plan"', []),  # in two names
        ("plan -rose", ["rose"]),
        ("tulip", []),
        ("京都", ["rose"]),
    ):
        assert await found(storage, ada, q, in_names=True) == texts, q
    assert await found(storage, ada, "plan", in_names=True, has=("document", "image")) == ["tulip"]
