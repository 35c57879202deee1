"""What a storage keeps of bots, and how they follow their owners; each test runs in memory and on PostgreSQL."""

import pytest

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.accounts.bots import BOTS, BotAccount, BotHere, Bots
from chat.domain.accounts.outgoing_hooks import OUTGOING, NewOutgoingHook, OutgoingChange, OutgoingHook
from chat.domain.administration.audit import Named
from chat.domain.entities import Draft, MessageKind, Person, Room
from chat.domain.messages.changes import Addition, Removal, Removed
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import NewSession, Storage
from chat.domain.refusals import NO_PERSON
from chat.domain.rooms.membership import RoomRole
from chat.features.bots.rules import BOT_TAKEN, MOST_BOTS, NO_BOT, OFF_BY_ADMIN, TOO_MANY_BOTS
from chat.features.hooks.changes import NO_HOOK
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import known_migrations
from tests.features.hooks.test_storage import hook_in, people, room_of
from tests.support.databases import fetch

NOW = 1_700_000_005.0
ACCOUNT = "Dice (bot)"


def bots_of(storage: Storage) -> Bots:
    return storage.feature_ports[BOTS]


async def bot_of(storage: Storage, owner: int, account: str = ACCOUNT) -> BotAccount:
    made = await bots_of(storage).add(owner, account, ["read", "speak"])
    assert isinstance(made, BotAccount)
    return made


async def adds(storage: Storage, by: int, room: int, bot: int) -> Saved:
    joining = Draft(room, bot, ACCOUNT, "", NOW, MessageKind.JOIN)
    (saved,) = await storage.messages.save([Addition(joining, by)])
    return saved


async def person(storage: Storage, person_id: int) -> Person:
    found = await storage.users.by_id(person_id)
    assert found is not None
    return found


async def test_a_bot_is_a_visitor_with_scopes_and_an_owner(storage: Storage) -> None:
    ada, ben, *_ = await people(storage)
    bots, bot = bots_of(storage), await bot_of(storage, ada)
    assert (bot.name, bot.owner.name, bot.scopes, bot.is_disabled) == (
        "Dice",
        "ada",
        ("read", "speak"),
        False,
    )
    account = await person(storage, bot.id)
    assert (account.name, account.is_visitor, account.scopes) == (ACCOUNT, True, ("read", "speak"))
    assert (await person(storage, ada)).scopes is None
    other = await bot_of(storage, ben, "Cards (bot)")
    assert await bots.of(ada) == [bot]
    assert await bots.page(0, 9) == [bot, other]
    assert await bots.page(bot.id, 1) == [other]
    assert (await bots.one(bot.id), await bots.one(ada)) == (bot, None)


async def test_the_migration_gives_bots_a_mark_of_their_own(
    storage: Storage, place: DatabaseAddress | None
) -> None:
    if place is None:
        pytest.skip("the model has no migrations")
    ada, ben, *_ = await people(storage)
    bot, gone = await bot_of(storage, ada), await bot_of(storage, ada, "Old (bot)")
    assert await bots_of(storage).remove(gone.id, ada) is None
    room = await room_of(storage, ada)
    hook = await hook_in(storage, room, ada)
    now = "SELECT array_agg(each::text ORDER BY each::text) FROM (SELECT name, name_key, skeleton FROM users"
    now += " LEFT JOIN name_skeletons ON user_id = id) AS each"
    after = await fetch(place, now)
    for table, columns in (("users", ("name", "name_key")), ("name_skeletons", ("skeleton",))):
        for column in columns:
            earlier = f"UPDATE {table} SET {column} = replace({column}, ' (bot)', ' (hook)')"
            await fetch(place, earlier)
    assert (await person(storage, bot.id)).name == "Dice (hook)"
    (migration,) = (each for each in known_migrations() if each.name == "bot_names")
    await fetch(place, migration.text)
    assert await fetch(place, now) == after
    assert (await person(storage, hook.id)).name == "Alarms (hook)"
    assert await bots_of(storage).add(ben, ACCOUNT, ["read"]) == BOT_TAKEN


async def test_a_name_is_one_bots_and_free_when_it_is_removed(storage: Storage) -> None:
    ada, ben, _, olga = await people(storage)
    bots, bot = bots_of(storage), await bot_of(storage, ada)
    assert await bots.add(ben, "DICE (bot)", ["read"]) == BOT_TAKEN
    other = await bot_of(storage, ben, "Cards (bot)")
    assert await bots.change(other.id, ben, ACCOUNT, None) == BOT_TAKEN
    assert await bots.change(bot.id, ben, "Mine (bot)", None) == NO_BOT
    changed = await bots.change(bot.id, ada, "dice (bot)", ["react"])
    assert isinstance(changed, BotAccount)
    assert (changed.name, changed.scopes, (await person(storage, bot.id)).scopes) == (
        "dice",
        ("react",),
        ("react",),
    )
    assert await bots.remove(bot.id, ben) == NO_BOT
    assert await bots.remove(other.id, olga) is None
    assert await bots.remove(bot.id, ada) is None
    assert await bots.remove(bot.id, ada) == NO_BOT
    assert await bots.page(0, 9) == []
    assert (await bot_of(storage, ben)).name == "Dice"


async def test_a_person_has_a_number_of_bots(storage: Storage) -> None:
    ada, ben, *_ = await people(storage)
    for n in range(MOST_BOTS):
        await bot_of(storage, ada, f"Dice {n} (bot)")
    assert await bots_of(storage).add(ada, ACCOUNT, ["read"]) == TOO_MANY_BOTS
    bot = await bot_of(storage, ben)
    assert await bots_of(storage).add(bot.id, "Child (bot)", ["read"]) == NO_PERSON


async def test_a_bot_leaves_with_its_owner_in_one_write(storage: Storage) -> None:
    ada, ben, cem, _ = await people(storage)
    room, other = await room_of(storage, cem, ada, ben), await room_of(storage, ada)
    bot = await bot_of(storage, ada)
    assert await storage.rooms.is_member(other, ada)
    for each, by in ((room, cem), (other, ada)):
        await adds(storage, by, each, bot.id)
    seen = await bots_of(storage).one(bot.id)
    assert seen is not None
    assert [each.id for each in seen.rooms] == [room, other]
    (mine, bots) = await storage.messages.save([Removal(room, ada, ada, NOW)])
    assert isinstance(mine, Removed)
    assert isinstance(bots, Removed)
    assert (bots.person_id, bots.id, bots.pos) == (bot.id, mine.id + 1, mine.pos + 1)
    assert not await storage.rooms.is_member(room, bot.id)
    assert await storage.rooms.is_member(other, bot.id)
    # Whose bot is not there takes nobody along, and a bot that leaves takes no owner along.
    assert len(await storage.messages.save([Removal(room, ben, cem, NOW)])) == 1
    assert len(await storage.messages.save([Removal(other, bot.id, bot.id, NOW)])) == 1
    assert await storage.rooms.is_member(other, ada)


async def test_a_ban_of_the_owner_takes_the_bot_along(storage: Storage) -> None:
    ada, _, cem, _ = await people(storage)
    room = await room_of(storage, cem, ada)
    bot = await bot_of(storage, ada)
    await adds(storage, cem, room, bot.id)
    assert len(await storage.messages.save([Removal(room, ada, cem, NOW, is_ban=True)])) == 2
    access = await storage.rooms.access(room, ada)
    assert access is not None
    assert access.role is RoomRole.BANNED
    assert not await storage.rooms.is_member(room, bot.id)


async def test_a_bot_is_disabled_enabled_and_deleted_with_its_owner(storage: Storage) -> None:
    ada, ben, *_ = await people(storage)
    bot, own = await bot_of(storage, ada), await bot_of(storage, ada, "Off (bot)")
    other = await bot_of(storage, ben, "Cards (bot)")
    await storage.users.administer(own.id, AccountChange(is_disabled=True, keeps_sessions=True), None)
    before = await person(storage, bot.id)
    begun = await storage.sessions.begin(NewSession(person_id=bot.id, generation=0, lasts=60, name="x"))
    assert begun is not None
    await bots_of(storage).note_use(begun.id)
    (first,) = await storage.sessions.of_person(bot.id)
    assert first.used_at > begun.used_at
    await bots_of(storage).note_use(begun.id)
    (session,) = await storage.sessions.of_person(bot.id)
    assert session.used_at == first.used_at, "within a minute nothing is written again"
    assert [each.used_at for each in await bots_of(storage).of(ada)] == [first.used_at, None]
    await storage.users.administer(ada, AccountChange(is_disabled=True), None)
    after = await person(storage, bot.id)
    assert (after.is_disabled, after.token_generation) == (True, before.token_generation + 1)
    assert await storage.sessions.of_person(bot.id) == []
    assert [each.is_disabled for each in await bots_of(storage).of(ada)] == [True, True]
    assert not (await person(storage, other.id)).is_disabled
    await storage.users.administer(ada, AccountChange(is_disabled=False), None)
    assert [each.is_disabled for each in await bots_of(storage).of(ada)] == [False, True]
    await storage.users.delete(ada)
    assert await storage.users.by_id(bot.id) is None
    assert [each.id for each in await bots_of(storage).page(0, 9)] == [other.id]


async def switched(storage: Storage, bot_id: int, by: int | None, *, is_on: bool) -> BotAccount:
    bot = await bots_of(storage).switch(bot_id, by, is_on=is_on)
    assert isinstance(bot, BotAccount)
    return bot


async def test_an_owner_switches_a_bot_off_and_on_and_an_admin_holds_it(storage: Storage) -> None:
    ada, ben, _, olga = await people(storage)
    bots, bot = bots_of(storage), await bot_of(storage, ada)
    assert await bots.switch(bot.id, ben, is_on=False) == NO_BOT
    off = await switched(storage, bot.id, ada, is_on=False)
    assert (off.is_disabled, off.is_off_by_admin) == (True, False)
    assert (await person(storage, bot.id)).token_generation == 0, "its tokens stay"
    assert not (await switched(storage, bot.id, ada, is_on=True)).is_disabled
    for by in (olga, None):  # None is a command
        assert (await switched(storage, bot.id, by, is_on=False)).is_off_by_admin
        assert await bots.switch(bot.id, ada, is_on=True) == OFF_BY_ADMIN
        assert (await switched(storage, bot.id, ada, is_on=False)).is_off_by_admin, (
            "its owner's changes nothing"
        )
        assert await switched(storage, bot.id, by, is_on=True) == bot
    await switched(storage, bot.id, ada, is_on=False)
    disabled = AccountChange(is_disabled=True)  # as a report of its message does
    await storage.users.administer(bot.id, disabled, olga)
    assert await bots.switch(bot.id, ada, is_on=True) == OFF_BY_ADMIN
    assert await switched(storage, bot.id, olga, is_on=True) == bot
    own = await bot_of(storage, olga, "Own (bot)")
    assert not (await switched(storage, own.id, olga, is_on=False)).is_off_by_admin
    acts = [
        each.what for each in await storage.audit.acts(None, 20) if each.person and each.person.id == bot.id
    ]
    assert acts == ["enabled", "disabled"] * 4 + ["bot_made"]


async def test_a_bot_that_is_switched_on_is_as_its_owner_is(storage: Storage) -> None:
    ada, *_ = await people(storage)
    bot = await bot_of(storage, ada)
    await storage.users.administer(ada, AccountChange(is_disabled=True), None)
    followed = await switched(storage, bot.id, None, is_on=True)
    assert (followed.is_disabled, followed.is_off_by_admin) == (True, False)
    assert (await switched(storage, bot.id, None, is_on=False)).is_off_by_admin
    await storage.users.administer(ada, AccountChange(is_disabled=False), None)
    assert (await bots_of(storage).of(ada))[0].is_off_by_admin
    assert not (await switched(storage, bot.id, None, is_on=True)).is_disabled


async def test_a_command_changes_and_removes_any_bot(storage: Storage) -> None:
    ada, *_ = await people(storage)
    bots = bots_of(storage)
    bot = await bots.add(ada, ACCOUNT, ["read"], by_command=True)
    assert isinstance(bot, BotAccount)
    changed = await bots.change(bot.id, None, "Cards (bot)", ["react"])
    assert isinstance(changed, BotAccount)
    assert (changed.name, changed.scopes, changed.owner.id) == ("Cards", ("react",), ada)
    assert await bots.change(ada, None, None, ["read"]) == NO_BOT
    assert await bots.remove(bot.id, None) is None
    assert await bots.remove(bot.id, None) == await bots.switch(bot.id, None, is_on=True) == NO_BOT
    assert {each.by for each in await storage.audit.acts(None, 20) if each.what.startswith("bot_")} == {None}


async def test_a_bot_is_called_in_its_rooms_and_no_others(storage: Storage) -> None:
    ada, ben, *_ = await people(storage)
    room, other = await room_of(storage, ada, ben), await room_of(storage, ada, ben, is_private=True)
    bot, outgoing = await bot_of(storage, ada), storage.feature_ports[OUTGOING]
    await adds(storage, ada, room, bot.id)

    def calls(owner: int, bot_id: int | None) -> NewOutgoingHook:
        return NewOutgoingHook(
            owner_id=owner, room_id=None, kinds=(), url="https://x.example/", secret="s", bot_id=bot_id
        )

    assert await outgoing.add(calls(ben, bot.id), ben) == NO_HOOK
    assert await outgoing.add(calls(ada, ada), ada) == NO_HOOK
    made = await outgoing.add(calls(ada, bot.id), ada)
    assert isinstance(made, OutgoingHook)
    assert made.bot is not None
    assert (made.bot.id, made.bot.name, made.bot.is_account, made.room_id) == (bot.id, "Dice", True, None)
    await storage.messages.save([Draft(room, ben, "ben", "@dice", NOW)])
    (waiting,) = await outgoing.waiting()
    assert waiting.bot == made.bot
    assert await outgoing.rooms_to_send(waiting, {room, other, 1}) == {room}
    claimed = await outgoing.claim(waiting, 30)
    assert claimed is not None
    assert claimed.bot_token is None
    await storage.users.administer(ada, AccountChange(is_disabled=True), None)
    assert await outgoing.rooms_to_send(waiting, {room}) == frozenset()


async def test_people_of_a_room_see_whose_bots_are_in_it_and_their_commands(storage: Storage) -> None:
    ada, ben, _, olga = await people(storage)
    room, other = await room_of(storage, ada, ben), await room_of(storage, ada, is_private=True)
    bots, outgoing = bots_of(storage), storage.feature_ports[OUTGOING]
    bot, hook = await bot_of(storage, ada), await hook_in(storage, room, ada)
    await adds(storage, ada, room, bot.id)

    async def calls(owner: int, where: int | None, bot_id: int | None, command: str | None = None) -> int:
        new = NewOutgoingHook(
            owner_id=owner,
            room_id=where,
            kinds=(),
            url="https://x.example/",
            secret="s",
            bot_id=bot_id,
            command=command,
        )
        made = await outgoing.add(new, owner)
        assert isinstance(made, OutgoingHook)
        return made.id

    await calls(ada, room, None)  # calls no bot
    for command in ("roll", "deal", None):
        await calls(ada, None, bot.id, command)
    assert await bots.in_room(room, 9) == [BotHere(bot.id, "Dice", Named(ada, "ada"), ("deal", "roll"))]
    assert await bots.in_room(other, 9) == []
    answers = await calls(ada, room, hook.id, "alarm")
    assert [(each.name, each.commands) for each in await bots.in_room(room, 9)] == [
        ("Dice", ("deal", "roll")),
        ("Alarms", ("alarm",)),
    ]
    assert [each.name for each in await bots.in_room(room, 1)] == ["Dice"]
    await outgoing.change(answers, OutgoingChange(is_on=False), ada)
    await switched(storage, bot.id, olga, is_on=False)
    assert [(each.name, each.commands) for each in await bots.in_room(room, 9)] == [("Dice", ())]


@pytest.mark.parametrize("is_private", [False, True])
async def test_a_bot_is_in_no_lobby_and_no_direct_room(storage: Storage, is_private: bool) -> None:
    ada, *_ = await people(storage)
    bot, room = await bot_of(storage, ada), await room_of(storage, ada, is_private=is_private)
    assert await storage.rooms.direct_room(ada, bot.id) is None
    lobby = await storage.rooms.by_id(1)
    assert isinstance(lobby, Room)
    assert bot.id not in [each.person.id for each in await storage.rooms.members(1, 0, 99)]
    await adds(storage, ada, room, bot.id)
    assert bot.id in [each.person.id for each in await storage.rooms.members(room, 0, 99)]
