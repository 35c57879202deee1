"""An archive is added to a server that has people and messages of its own."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.archive.directory import HEAD, ArchiveReader, ArchiveWriter, BadArchive
from chat.archive.export import Export
from chat.archive.format import FORMAT, Head, Scope
from chat.archive.load import ADDRESSES, OTHER_NAMES, PAIRS, Load
from chat.archive.plan import BOTS as BOTS_ALONE
from chat.archive.plan import CHANGES, EXPIRED, LOBBY, SUPPORT, Plan
from chat.backup.proving import _ROOMS
from chat.domain.accounts.account_changes import AccountChange
from chat.domain.accounts.bots import BOTS, BotAccount
from chat.domain.entities import Draft, Person
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import Deletion, Edit, Reaction
from chat.domain.ports import NewPerson
from chat.domain.startup import CannotStart
from chat.features.push import ledger_statements
from chat.features.search.index import INDEX, Search
from chat.features.search.query import Query, parse_query
from chat.storage.postgres.database import Database
from tests.archive.conftest import Site
from tests.archive.test_round_trip import UNUSABLE, exported
from tests.archive.worlds import Builder

OF_ANOTHER = "of another server"


async def made(site: Site, directory: Path, seed: int = 7, steps: int = 80) -> Builder:
    """Make a world and its archive, as if it were of a system of its own."""
    builder = Builder(site.storage, site.store, seed)
    await builder.build(steps)
    await exported(site, directory)
    rename(directory, OF_ANOTHER)
    return builder


def rename(directory: Path, source: str) -> None:
    """Let an archive have another source."""
    head = directory / HEAD
    lines = head.read_text().splitlines()
    head.write_text("\n".join(f'  "source": "{source}",' if '"source"' in line else line for line in lines))


async def added(site: Site, directory: Path, database: Database | None = None) -> Plan:
    """Import an archive."""
    load = Load(database or site.storage.database, site.store, ArchiveReader(directory), UNUSABLE, share=1.0)
    plan = await load.plan()
    await load.run(plan)
    return plan


async def fetch(site: Site, query: str, *values: object) -> list[Any]:
    """Return rows."""
    return await site.storage.database.read(lambda c: c.fetch(query, *values))


async def person(site: Site, name: str, email: str | None = None, *, is_confirmed: bool = False) -> Person:
    """Add somebody."""
    new = await site.storage.users.add(NewPerson(name=name, password_hash=b"$2b$04$", email=email))
    assert isinstance(new, Person)
    if is_confirmed:
        await site.storage.database.write(
            lambda c: c.execute(
                "INSERT INTO confirmed_addresses (user_id, email_key) SELECT id, email_key FROM users WHERE id = $1",
                new.id,
            )
        )
    return new


async def test_people_rooms_and_messages_are_added(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, there = sites
    await made(here, tmp_path / "a")
    ben = await person(there, "benjamin", "ben@example.org", is_confirmed=True)
    squatter = await person(there, "cem", "cem@example.org")
    said = Draft(1, ben.id, ben.name, "before", 1_790_000_000.0)
    await there.storage.messages.save([said])
    (settings_since,) = await fetch(there, "SELECT pg_conf_load_time()")
    plan = await added(there, tmp_path / "a")
    with trio.fail_after(30):  # PostgreSQL reads its settings of the WAL's segments after the answer
        while await fetch(there, "SELECT pg_conf_load_time()") == [settings_since]:  # noqa: ASYNC110
            await trio.sleep(0.01)
    assert {name: plan.lost[name] for name in (LOBBY, SUPPORT, OTHER_NAMES, ADDRESSES)} == {
        LOBBY: 1,
        SUPPORT: 1,
        OTHER_NAMES: 2,  # there is a cem, whose address nobody has confirmed; and a bot that was removed
        ADDRESSES: 1,
    }
    assert plan.lost[CHANGES] > 10
    assert await fetch(there, _ROOMS) == []
    people = {row["name"]: row for row in await fetch(there, "SELECT * FROM users")}
    bots = {"Dice (bot)", "Cards (bot)", "Theirs (bot)"}
    assert people.keys() == {"benjamin", "cem", "ada", "cem-2", "dora", "Éva", "Old bot"} | bots
    assert (people["cem-2"]["email"], people["cem"]["id"]) == (None, squatter.id)
    assert not people["ada"]["is_admin"]
    assert people["dora"]["deleted_at"] is not None
    texts = """SELECT sender_id, text, created_at, reply_seq FROM messages
        WHERE room_id = {} AND deleted_at IS NULL ORDER BY seq"""
    (garden,) = await fetch(there, "SELECT * FROM rooms WHERE name = 'garden'")
    old = await fetch(here, texts.format("(SELECT id FROM rooms WHERE name = 'garden')"))
    new = await fetch(there, texts.format(garden["id"]))
    assert [row[1:] for row in new] == [row[1:] for row in old]
    assert sum(row["sender_id"] == ben.id for row in new) == sum(row["sender_id"] == 2 for row in old) > 0
    states = await fetch(
        there,
        "SELECT user_id, joined_seq FROM memberships WHERE room_id = $1 AND role = 'moderator'",
        garden["id"],
    )
    assert [row["user_id"] for row in states] == [ben.id]
    # Whom does it notify? Nobody, not even of a mention or in a conversation of two.
    everybody = ledger_statements.candidates("(SELECT id AS user_id FROM users)")
    assert await fetch(there, everybody, 1, 2**62) == []


async def test_bots_are_added_with_their_owners(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, there = sites
    await made(here, tmp_path / "a", steps=5)
    ada = await person(there, "ada", "ada@example.org", is_confirmed=True)
    port = there.storage.feature_ports[BOTS]
    taken = await port.add((await person(there, "zoe")).id, "Dice (bot)", ["read"])
    assert isinstance(taken, BotAccount)
    await there.storage.users.administer(ada.id, AccountChange(is_disabled=True), None)
    await added(there, tmp_path / "a")
    before = {each.name: each for each in await here.storage.feature_ports[BOTS].page(0, 9)}
    dice, cards = await port.of(ada.id)
    assert [(each.name, each.scopes) for each in (dice, cards)] == [
        ("Dice-2", before["Dice"].scopes),
        ("Cards", before["Cards"].scopes),
    ]
    assert [each.name for each in dice.rooms] == ["garden"]
    assert (dice.is_disabled, cards.is_disabled) == (True, True)
    await there.storage.users.administer(ada.id, AccountChange(is_disabled=False), None)
    assert [each.is_disabled for each in await port.of(ada.id)] == [False, True], (
        "as the owner is, or as it was"
    )
    said = await fetch(there, "SELECT text FROM messages WHERE sender_id = $1 AND kind = 'message'", dice.id)
    assert [row["text"] for row in said] == ["six"]
    await added(there, tmp_path / "a")
    assert len(await port.of(ada.id)) == 2, "the same source finds them again"


BOT = '{"id":2,"name":"Dice (bot)","is_visitor":true,"created":1,"owner":1,"scopes":["read"]}'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("(bot)", "bot"), "has a bot 2 that is none"),
        (('"is_visitor":true,', ""), "has a bot 2 that is none"),
        (('"scopes":["read"]', '"scopes":["administer"]'), "people.jsonl, line 2"),
        (('"owner":1', '"owner":2'), "does not have the owner of the bot 2"),
        (('"owner":1', '"owner":7'), "does not have the owner of the bot 2"),
        (("}", '}\n{"id":3,' + BOT[8:]), "has two bots called 'Dice'"),
    ],
)
def test_a_bot_that_no_server_has_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    lines = ['{"id":1,"name":"ada","created":1}', BOT.replace(*change, 1)]
    with pytest.raises(BadArchive, match=said):
        Plan(archive(tmp_path / "a", people=lines), is_whole=True)


def test_a_bot_of_an_earlier_archive_loses_the_mark_of_hooks(tmp_path: Path) -> None:
    lines = [
        '{"id":1,"name":"ada","created":1}',
        BOT.replace("(bot)", "(hook)"),
        '{"id":3,"name":"Old (hook)","is_visitor":true,"created":1}',
    ]
    plan = Plan(archive(tmp_path / "a", people=lines), is_whole=True)
    assert [each.name for each in plan.people.values()] == ["ada", "Dice (bot)", "Old (hook)"]
    both = [*lines, '{"id":4,' + BOT[8:]]
    with pytest.raises(BadArchive, match="has two bots called 'Dice'"):
        Plan(archive(tmp_path / "b", people=both), is_whole=True)


def test_a_bot_is_in_no_room_without_its_owner(tmp_path: Path) -> None:
    member = '{"room":2,"person":2,"joined":1}'
    parts = {
        "people": ['{"id":1,"name":"ada","created":1}', BOT],
        "rooms": ['{"id":2,"kind":"room","name":"garden","created":1}'],
    }
    given = archive(tmp_path / "a", **parts, members=[member.replace("}", ',"role":"owner"}')])
    with pytest.raises(BadArchive, match="gives the bot 2 a role in room 2"):
        Plan(given, is_whole=True)
    alone = Plan(archive(tmp_path / "b", **parts, members=[member]), is_whole=True)
    assert (alone.lost[BOTS_ALONE], alone.members[2]) == (1, [])
    both = [member.replace('"person":2', '"person":1'), member]
    assert len(Plan(archive(tmp_path / "c", **parts, members=both), is_whole=True).members[2]) == 2


def archive(directory: Path, **parts: list[str]) -> ArchiveReader:
    """Write an archive with these lines, and open it."""
    writer = ArchiveWriter(directory)
    for name, lines in parts.items():
        (directory / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    writer.finish(lambda found: Head(format=FORMAT, source=OF_ANOTHER, parts=found))
    return ArchiveReader(directory)


async def test_a_plan_says_what_the_server_does_not_keep(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, there = sites
    await made(here, tmp_path / "a", steps=20)
    load = Load(there.storage.database, there.store, ArchiveReader(tmp_path / "a"), UNUSABLE)
    assert (await load.plan()).lost[EXPIRED] == 0
    await there.storage.settings.change_settings({"message_days": 100_000}, None)
    assert (await load.plan()).lost[EXPIRED] == 0
    await there.storage.settings.change_settings({"message_days": 1}, None)
    plan = await load.plan()
    assert plan.lost[EXPIRED] == plan.new > 0


async def test_a_conversation_of_two_beside_their_own_is_a_room(
    sites: tuple[Site, Site], tmp_path: Path
) -> None:
    here, there = sites
    await made(here, tmp_path / "a")
    ada = await person(there, "ada", "ada@example.org", is_confirmed=True)
    ben = await person(there, "ben", "ben@example.org", is_confirmed=True)
    await there.storage.rooms.direct_room(ada.id, ben.id)
    plan = await added(there, tmp_path / "a")
    assert plan.lost[PAIRS] == 1
    (room,) = await fetch(there, "SELECT * FROM rooms WHERE name = 'ada ben'")
    assert room["is_private"]
    assert room["last_seq"] > 0
    assert await fetch(
        there, "SELECT user_id FROM memberships WHERE room_id = $1 ORDER BY 1", room["id"]
    ) == [
        (ada.id,),
        (ben.id,),
    ]


async def test_imported_messages_are_found_by_words_and_by_time(
    sites: tuple[Site, Site], tmp_path: Path
) -> None:
    here, there = sites
    await made(here, tmp_path / "a")
    ben = await person(there, "ben", "ben@example.org", is_confirmed=True)
    for nth in range(3):
        await there.storage.messages.save([Draft(1, ben.id, ben.name, f"timer {nth}", 1_790_000_000.0 + nth)])
    await added(there, tmp_path / "a")
    await there.storage.messages.save([Draft(1, ben.id, ben.name, "timer at last", 1_790_000_009.0)])
    index = there.storage.feature_ports[INDEX]
    while (await index.index(10**6)).last_id < (await fetch(there, "SELECT last_id FROM lanes"))[0][0]:
        pass
    times = await fetch(
        there,
        "SELECT id, extract(epoch FROM created_at)::float8 AS at FROM messages WHERE text LIKE '%timer%'",
    )

    async def found(**bounds: float) -> set[int]:
        query = parse_query("timer")
        assert isinstance(query, Query)
        rooms = await fetch(there, "SELECT DISTINCT room_id FROM memberships WHERE user_id = $1", ben.id)
        assert rooms
        hits = await index.find(
            Search(person_id=ben.id, query=query, limit=1000, most_bytes=10**7, **bounds)  # type: ignore[arg-type]
        )
        return {hit.id for hit in hits}

    mine = await found()
    assert len(mine) > 5
    ats = sorted(row["at"] for row in times if row["id"] in mine)
    for since, before in (
        (ats[2], None),
        (None, ats[-3]),
        (ats[1], ats[-2]),
        (ats[-1], None),
        (ats[-1] + 1, None),
    ):
        wanted = {
            row["id"] for row in times if row["id"] in mine and (since or 0) <= row["at"] < (before or 2**40)
        }
        bounds = {"since": since, "before": before}
        assert await found(**{name: at for name, at in bounds.items() if at is not None}) == wanted


class CutOff:
    """A database that fails from its nth write on."""

    def __init__(self, database: Database, writes: int) -> None:
        self._database = database
        self.left = writes
        self.read, self.write_statement = database.read, database.write_statement

    async def write(self, operation: Callable[[Any], Awaitable[Any]]) -> Any:
        """Run it, unless it comes too late."""
        if not self.left:
            raise StorageDown("cut off")
        self.left -= 1
        return await self._database.write(operation)


@pytest.mark.parametrize("is_whole", [False, True])
async def test_an_import_that_is_cut_off_anywhere_goes_on(
    sites: tuple[Site, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    monkeypatch.setattr("chat.archive.load._BATCH", 7)
    here, there = sites
    source = await made(here, tmp_path / "a", steps=40)
    if is_whole:
        shutil.rmtree(tmp_path / "a")
        before = await exported(here, tmp_path / "a")
    cut = 0
    for _ in range(200):
        try:
            await added(there, tmp_path / "a", CutOff(there.storage.database, 4))  # type: ignore[arg-type]
            break
        except (StorageDown, CannotStart):  # the latter by the index of names
            cut += 1
    assert cut > 3
    assert await fetch(there, _ROOMS) == []
    if is_whole:
        assert await exported(there, tmp_path / "b") == before
        return
    messages = "SELECT count(*) FROM messages m JOIN rooms r ON r.id = m.room_id WHERE r.kind <> 'support'"
    assert await fetch(there, messages) == await fetch(here, f"{messages} AND r.deleted_at IS NULL")
    assert len(await fetch(there, "SELECT FROM users")) == len(source.people)


async def test_the_same_source_again_adds_what_is_new(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, there = sites
    source = await made(here, tmp_path / "a")
    await added(there, tmp_path / "a")
    (garden,) = await fetch(there, "SELECT * FROM rooms WHERE name = 'garden'")
    ada = source.people[0]
    own = await there.storage.users.by_name("ada")
    assert own is not None
    await there.storage.messages.save(
        [Draft(garden["id"], own.person.id, "ada", "meanwhile", 1_790_000_000.0)]
    )
    again = await added(there, tmp_path / "a")
    assert (again.new, again.added) == (0, 0)
    room = (await fetch(here, "SELECT id FROM rooms WHERE name = 'garden'"))[0]["id"]
    answered = next(
        row["seq"]
        for row in await fetch(
            here, "SELECT seq FROM messages WHERE room_id = $1 AND text <> '' ORDER BY seq", room
        )
    )
    await source.say(room, ada, "one more", answered)
    await source.say(room, ada, "and its answer", source.said[-1][1])
    await Export(here.storage.database, here.store, tmp_path / "b", Scope()).run()
    rename(tmp_path / "b", OF_ANOTHER)
    later = await added(there, tmp_path / "b")
    assert (later.new, later.added) == (0, 2)
    rows = await fetch(
        there,
        "SELECT seq, text, reply_seq, (SELECT text FROM messages a WHERE a.room_id = m.room_id AND a.seq = m.reply_seq)"
        " AS answered FROM messages m WHERE room_id = $1 ORDER BY seq DESC LIMIT 3",
        garden["id"],
    )
    first = (await fetch(here, "SELECT text FROM messages WHERE room_id = $1 AND seq = $2", room, answered))[
        0
    ]["text"]
    assert [(row["text"], row["answered"]) for row in rows] == [
        ("and its answer", "one more"),
        ("one more", first),
        ("meanwhile", None),
    ]
    assert await fetch(there, _ROOMS) == []


LATER = 1_795_000_000.25


@pytest.mark.parametrize("is_cut_off", [False, True])
async def test_later_edits_deletions_and_reactions_come_along(
    sites: tuple[Site, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_cut_off: bool
) -> None:
    monkeypatch.setattr("chat.archive.load._BATCH", 7 if is_cut_off else 200)
    here, there = sites
    source = await made(here, tmp_path / "a", steps=30)
    ada, ben = source.people[:2]
    garden = source.rooms[1]
    for nth in range(5):
        await source.say(garden, ada, f"number {nth}")
    first, second, third, fourth, fifth = (seq for _, seq, _ in source.said[-5:])
    await source.save(Reaction(garden, fifth, ben.id, "👍", True, LATER))
    again = iter("bcdefg")

    async def brought() -> Plan:
        directory = tmp_path / next(again)
        await Export(here.storage.database, here.store, directory, Scope()).run()
        rename(directory, OF_ANOTHER)
        while is_cut_off:
            try:
                return await added(there, directory, CutOff(there.storage.database, 4))  # type: ignore[arg-type]
            except StorageDown:
                continue
        return await added(there, directory)

    await brought()
    ids = {row["name"]: row["id"] for row in await fetch(there, "SELECT id, name FROM users")}
    (room,) = await fetch(there, "SELECT id FROM rooms WHERE name = 'garden'")
    own = "SELECT seq FROM messages WHERE room_id = $1 AND text = 'number 3'"
    (place,) = await fetch(there, own, room["id"])
    await there.storage.messages.save([Edit(room["id"], place["seq"], ids["ada"], "edited here", LATER - 1)])

    await source.save(Edit(garden, first, ada.id, "edited @ben", LATER, mentions=(ben.id,)))
    await source.save(Deletion(garden, second, ada.id, LATER + 1))
    await source.save(Reaction(garden, third, ben.id, "🎉", True, LATER + 2))
    await source.save(Edit(garden, fourth, ada.id, "edited there", LATER + 3))
    await source.save(Reaction(garden, fifth, ben.id, "👍", False, LATER + 4))
    changed = (await brought()).changed  # by the last run
    assert is_cut_off or changed == {"edited": 1, "deleted": 1, "reacted": 2}
    now = """SELECT text, deleted_at IS NOT NULL AS is_deleted, extract(epoch FROM edited_at)::float8 AS edited,
        mentions, (SELECT array_agg(emoji) FROM reactions r WHERE r.room_id = m.room_id AND r.seq = m.seq) AS emoji
        FROM messages m WHERE room_id = $1 ORDER BY seq DESC LIMIT 5"""
    rows = [tuple(row) for row in await fetch(there, now, room["id"])]
    assert rows[::-1] == [
        ("edited @ben", False, LATER, [ids["ben"]], None),
        ("", True, None, None, None),
        ("number 2", False, None, None, ["🎉"]),
        ("edited here", False, LATER - 1, None, None),
        ("number 4", False, None, None, None),
    ]
    assert (await brought()).changed == {}
    await source.save(Edit(garden, first, ada.id, "edited again", LATER + 9))
    await brought()
    (row,) = await fetch(there, "SELECT text FROM messages WHERE room_id = $1 AND text ~ 'again'", room["id"])
    assert row["text"] == "edited again"
    assert await fetch(there, _ROOMS) == []
    everybody = ledger_statements.candidates("(SELECT id AS user_id FROM users)")
    assert await fetch(there, everybody, 1, 2**62) == []


async def test_of_two_runs_the_later_one_goes_on(
    sites: tuple[Site, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.archive.load._BATCH", 7)
    here, there = sites
    await made(here, tmp_path / "a", steps=40)
    database = Paused(there.storage.database, 12)
    async with trio.open_nursery() as nursery:
        failed = trio.Event()

        async def import_it() -> None:
            with pytest.raises(BadArchive, match="another import"):
                await added(there, tmp_path / "a", database)  # type: ignore[arg-type]
            failed.set()

        nursery.start_soon(import_it)
        await database.is_waiting.wait()
        await added(there, tmp_path / "a")
        database.go_on.set()
        await failed.wait()
    messages = "SELECT count(*) FROM messages m JOIN rooms r ON r.id = m.room_id WHERE r.kind <> 'support'"
    assert await fetch(there, messages) == await fetch(here, f"{messages} AND r.deleted_at IS NULL")
    assert await fetch(there, _ROOMS) == []


class Paused:
    """A database that waits before its nth write until it may go on."""

    def __init__(self, database: Database, writes: int) -> None:
        self._database = database
        self._left = writes
        self.read = database.read
        self.is_waiting, self.go_on = trio.Event(), trio.Event()

    async def write(self, operation: Callable[[Any], Awaitable[Any]]) -> Any:
        """Run it, when it may."""
        self._left -= 1
        if not self._left:
            self.is_waiting.set()
            await self.go_on.wait()
        return await self._database.write(operation)
