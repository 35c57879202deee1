"""What a storage keeps of reports; each test runs in memory and on PostgreSQL."""

import time
from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.accounts.account_removal import How
from chat.domain.administration.audit import Named, What
from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Deletion, Edit, RoomDeletion
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_MESSAGE, NO_PERSON
from chat.features.reports import queries
from chat.features.reports.port import (
    HANDLED_ALREADY,
    NO_REPORT,
    NOT_MODERATOR,
    OWN_MESSAGE,
    REPORTS,
    TOO_MANY_REPORTS,
    Done,
    Reported,
    ReportedMessage,
    Reports,
)
from chat.features.retention.ports import RETENTION
from chat.features.retention.rules import DAY, Rules
from tests.features.reports import model

NOW = 1_900_000_000.5
ADA, BEN, EVE, MOD, BOSS = 1, 2, 3, 4, 5
ONE, TWO, THREE = 2, 3, 4
"""The seqs of three texts of Eve: her joining stands before them."""
EVER = 2**63 - 1


@pytest.fixture(autouse=True)
async def _in_time() -> AsyncGenerator[None]:
    with trio.fail_after(60):
        yield


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's room with three messages of Eve. Mod and Boss are a moderator and an admin of the server."""
    for name in ("ada", "ben", "eve", "mod", "boss"):
        new = NewPerson(name=name, password_hash=b"x", is_moderator=name == "mod", is_admin=name == "boss")
        assert isinstance(await storage.users.add(new), Person)
    room = await storage.rooms.create("Garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, EVE, "", "", NOW, MessageKind.JOIN)])
    for text in ("one", "two", "three"):
        (said,) = await storage.messages.save([Draft(room.id, EVE, "", text, NOW)])
        assert isinstance(said, Message)
    return room.id


@pytest.fixture
def reports(storage: Storage) -> Reports:
    return storage.feature_ports[REPORTS]


async def seen(reports: Reports, by: int = MOD, *, handled: bool = False) -> list[ReportedMessage]:
    return await reports.page(by, EVER, 20, handled=handled)


async def taken(reports: Reports, by: int, room: int, seq: int, comment: str = "") -> Reported:
    got = await reports.report(by, room, seq, "spam", comment)
    assert isinstance(got, Reported)
    return got


async def test_a_report_quotes_the_message_as_it_was(storage: Storage, garden: int, reports: Reports) -> None:
    first = await taken(reports, ADA, garden, ONE, "look")
    assert (first.is_new, sorted(first.moderators)) == (True, [MOD, BOSS])
    assert await taken(reports, ADA, garden, ONE, "again") == Reported(first.at, False, ())
    await storage.messages.save([Edit(garden, ONE, EVE, "nothing", NOW)])
    await taken(reports, BEN, garden, ONE)
    await taken(reports, BEN, garden, TWO)
    await storage.messages.save([Deletion(garden, ONE, EVE, NOW)])
    two, one = await seen(reports)
    assert (one.room_id, one.seq, one.author, one.said_at) == (garden, ONE, Named(EVE, "eve"), NOW)
    assert (one.text, one.files, one.is_deleted, one.count, one.handled) == ("one", (), True, 2, None)
    assert [(each.by.name, each.reason, each.comment, each.text) for each in one.reports] == [
        ("ada", "spam", "look", None),
        ("ben", "spam", "", "nothing"),
    ]
    assert one.reports[0].at == first.at
    assert (two.text, two.is_deleted) == ("two", False)
    assert await reports.page(MOD, two.id, 20, handled=False) == [one]
    assert await reports.page(MOD, EVER, 1, handled=False) == [two]
    assert await reports.count(MOD) == await reports.count(BOSS) == 2
    assert await seen(reports, handled=True) == []


async def test_what_cannot_be_reported(
    storage: Storage, garden: int, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (queries, model):
        monkeypatch.setattr(module, "REPORTS_A_DAY", 1)
    await storage.messages.save([Deletion(garden, THREE, EVE, NOW)])
    for seq in (1, 99, THREE):
        assert await reports.report(ADA, garden, seq, "spam", "") == NO_MESSAGE
    assert await reports.report(99, garden, ONE, "spam", "") == NO_PERSON
    assert await reports.report(EVE, garden, ONE, "spam", "") == OWN_MESSAGE
    await taken(reports, ADA, garden, ONE)
    assert await reports.report(ADA, garden, TWO, "spam", "") == TOO_MANY_REPORTS
    assert not (await taken(reports, ADA, garden, ONE)).is_new
    await taken(reports, BEN, garden, TWO)


async def test_who_handled_it_stands_there_and_in_the_audit(
    storage: Storage, garden: int, reports: Reports
) -> None:
    await taken(reports, ADA, garden, ONE)
    (open_one,) = await seen(reports)
    assert await reports.close(ADA, open_one.id, Done()) == NOT_MODERATOR
    assert await reports.close(MOD, 99, Done()) == NO_REPORT
    notified = await reports.close(MOD, open_one.id, Done(deleted=True, banned=True))
    assert isinstance(notified, list)
    assert sorted(notified) == [MOD, BOSS]
    assert await reports.close(BOSS, open_one.id, Done()) == HANDLED_ALREADY
    assert await seen(reports) == []
    assert await reports.count(MOD) == 0
    (closed,) = await seen(reports, handled=True)
    assert closed == await reports.find(BOSS, open_one.id)
    assert closed.handled is not None
    assert (closed.handled.by, closed.handled.done) == (Named(MOD, "mod"), Done(deleted=True, banned=True))
    (act,) = await storage.audit.acts(None, 9, kinds=[What.REPORT_HANDLED])
    assert (act.by, act.person, act.room_id) == (Named(MOD, "mod"), Named(EVE, "eve"), garden)
    assert act.detail == f"seq {ONE}: deleted, banned"
    # One report for each person and message; another one's opens it again.
    assert not (await taken(reports, ADA, garden, ONE)).is_new
    await taken(reports, BEN, garden, ONE)
    (again,) = await seen(reports)
    assert again.count == 1
    await reports.close(BOSS, again.id, Done())
    newest, _ = await storage.audit.acts(None, 9, kinds=[What.REPORT_HANDLED])
    assert newest.detail == f"seq {ONE}: dismissed"


async def test_moderators_do_not_see_reports_of_their_own_messages(
    storage: Storage, garden: int, reports: Reports
) -> None:
    await storage.messages.save([Draft(garden, MOD, "", "mine", NOW)])
    assert (await taken(reports, ADA, garden, THREE + 1)).moderators == [BOSS]
    (one,) = await seen(reports, BOSS)
    assert await seen(reports) == []
    assert await reports.count(MOD) == 0
    assert await reports.find(MOD, one.id) == NO_REPORT
    assert await reports.close(MOD, one.id, Done()) == NO_REPORT
    disabled = AccountChange(is_disabled=True)
    assert isinstance(await storage.users.administer(MOD, disabled, None), Person)
    assert (await taken(reports, ADA, garden, ONE)).moderators == [BOSS]


@pytest.mark.parametrize(
    ("who", "how", "left"),
    [
        (ADA, How.LEAVE, [("ada", "look"), ("ben", "")]),
        (ADA, How.ANONYMISE, [(f"deleted-{ADA}", ""), ("ben", "")]),
        (ADA, How.ERASE, [("ben", "")]),
        (EVE, How.ANONYMISE, [("ada", "look"), ("ben", "")]),
        (EVE, How.ERASE, None),
    ],
)
async def test_what_is_left_of_people_who_are_gone(
    storage: Storage, garden: int, reports: Reports, who: int, how: How, left: list[tuple[str, str]] | None
) -> None:
    for by, seq, comment in ((ADA, TWO, "only hers"), (ADA, ONE, "look"), (BEN, ONE, "")):
        await taken(reports, by, garden, seq, comment)
    assert await storage.users.delete(who, None, how)
    removals = storage.account_removals
    if removal := await removals.claim(1, 60, 0):
        await removals.finish(removal.person_id)
    found = {each.seq: each for each in await seen(reports)}
    assert (TWO in found) is (how is not How.ERASE)
    if left is None:
        assert ONE not in found
    else:
        assert [(each.by.name, each.comment) for each in found[ONE].reports] == left


async def test_a_report_goes_with_an_expired_message_and_not_with_a_deleted_room(
    storage: Storage, garden: int, reports: Reports
) -> None:
    old = time.time() - 60 * DAY
    await storage.messages.save([Draft(LOBBY_ID, EVE, "", "old", old), Draft(LOBBY_ID, EVE, "", "new", NOW)])
    for room, seq in ((LOBBY_ID, 1), (garden, ONE)):
        await taken(reports, ADA, room, seq)
    await storage.messages.save([RoomDeletion(garden, ADA, NOW)])
    while await storage.rooms.remove_deleted(100):
        pass
    left, _ = await seen(reports)
    assert (left.text, left.is_deleted, left.count) == ("one", True, 1)
    retention = storage.feature_ports[RETENTION]
    assert await retention.claim(1, 60.0)
    for each in await retention.too_old(Rules(message_days=30, grace=0.0), 0, 100):
        await retention.remove_messages(1, each, 100, is_first=True)
    assert await seen(reports) == [left]


async def test_handled_reports_are_forgotten(
    garden: int, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seq in (ONE, TWO):
        await taken(reports, ADA, garden, seq)
    two, one = await seen(reports)
    for module, name, value in (
        (model, "HANDLED_KEPT", -1.0),
        (queries, "_FORGET", queries._FORGET.replace("7776000.0", "-1")),
    ):
        monkeypatch.setattr(module, name, value)
    for each in (one, two):
        await reports.close(MOD, each.id, Done())
    assert await reports.find(MOD, one.id) == NO_REPORT
