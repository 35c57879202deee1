"""The transfers that admins start: one contract. Each test runs on memory and on PostgreSQL."""

import pytest
from msgspec import structs

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, NewSession, Storage
from chat.features.transfers.found import Cause, Counts, Found
from chat.features.transfers.transfers import TRANSFERS, Failure, Transfers

EVER = 3600.0
CAUSE = Cause("no_zip", {"file": "export.zip"})
LINK = b"a digest of a link, 32 bytes too"
FOUND = Found(source="slack T1", inside=Counts(people=2, messages=3), before=Counts(), lost={"polls": 1})


async def admin_in(storage: Storage) -> tuple[Transfers, Person]:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
    assert isinstance(ada, Person)
    return storage.feature_ports[TRANSFERS], ada


async def test_one_export_is_made_at_a_time(storage: Storage) -> None:
    transfers, ada = await admin_in(storage)
    assert await transfers.find("export") is None
    assert await transfers.begin_export("none", ada.id, 99, True) is None  # there is no such room
    assert await transfers.begin_export("none", ada.id, None, True, 99) is None  # nor such a person
    assert [await transfers.has_person(each) for each in (ada.id, 99)] == [True, False]
    begun = await transfers.begin_export("one", ada.id, 1, False)
    assert begun is not None
    assert (begun.name, begun.room_id, begun.of, begun.has_files) == ("one", 1, "lobby", False)
    assert begun.is_due
    assert await transfers.begin_export("two", ada.id, None, True) is None
    assert await transfers.claim(1, EVER) == begun
    assert await transfers.claim(2, EVER) is None  # another server
    assert await transfers.claimed(2, "one") is None
    assert await transfers.claimed(1, "one") == begun
    assert await transfers.note(1, "one", "log", 3, 9)
    assert not await transfers.note(2, "one", "log", 4, 9)
    found = await transfers.find("export")
    assert found is not None
    assert (found.stage, found.done, found.whole) == ("log", 3, 9)
    assert await transfers.finish_export(1, "one", 7)
    assert not await transfers.finish_export(1, "one", 8)
    assert not await transfers.renew(1, "one", EVER)
    again = await transfers.begin_export("two", ada.id, None, True, ada.id)
    assert again is not None
    assert (again.size, again.stage, again.room_id, again.ended_at) == (None, None, None, None)
    assert (again.person_id, again.of) == (ada.id, "ada")
    assert await transfers.expire() == {"two"}


async def test_a_claim_that_lapses_is_another_servers(storage: Storage) -> None:
    transfers, ada = await admin_in(storage)
    await transfers.begin_export("one", ada.id, None, True)
    assert await transfers.claim(1, 0.0) is not None
    assert await transfers.claim(2, EVER) is not None
    assert not await transfers.renew(1, "one", EVER)
    assert await transfers.renew(2, "one", EVER)
    await transfers.fail(1, "one", Failure.DISK, "of the first")
    await transfers.fail(2, "one", Failure.BAD, "of the second", CAUSE)
    failed = await transfers.find("export")
    assert failed is not None
    assert (failed.failure, failed.problem, failed.cause) == ("bad", "of the second", CAUSE)
    assert not failed.is_due
    assert await transfers.make_link(ada.id, None, 0, LINK) is None
    assert await transfers.remove("export", ada.id)
    assert not await transfers.remove("export", ada.id)


@pytest.mark.parametrize("end", ["session", "generation", "disabled", "no admin", "replaced", "removed"])
async def test_a_link_ends(storage: Storage, end: str) -> None:
    transfers, ada = await admin_in(storage)
    session = await storage.sessions.begin(NewSession(person_id=ada.id, generation=0, lasts=EVER))
    assert session is not None
    await transfers.begin_export("one", ada.id, None, True)
    assert await transfers.make_link(ada.id, session.id, 0, LINK) is None  # nothing is made yet
    await transfers.claim(1, EVER)
    await transfers.finish_export(1, "one", 7)
    assert await transfers.make_link(ada.id, session.id, 0, LINK) is not None
    (act,) = await storage.audit.acts(None, 10, kinds=("archive_link_made",))
    assert act.by is not None
    assert act.by.id == ada.id
    found = await transfers.by_link(LINK)
    assert found is not None
    assert found.name == "one"
    assert await transfers.by_link(LINK[::-1]) is None
    match end:
        case "session":
            await storage.sessions.end(ada.id, session.id)
        case "generation":
            await storage.users.administer(ada.id, AccountChange(ends_sessions=True), None)
        case "disabled":
            await storage.users.administer(ada.id, AccountChange(is_disabled=True), None)
        case "no admin":
            await storage.users.administer(ada.id, AccountChange(is_admin=False), None)
        case "replaced":
            await transfers.make_link(ada.id, session.id, 0, LINK[::-1])
        case "removed":
            await transfers.remove("export", ada.id)
    assert await transfers.by_link(LINK) is None


async def test_an_import_is_uploaded_checked_and_done(storage: Storage) -> None:
    transfers, ada = await admin_in(storage)
    begun = await transfers.begin_import("in", ada.id, "slack", "export.zip", 10)
    assert begun is not None
    assert (begun.step, begun.received, begun.is_due) == ("upload", 0, False)
    assert await transfers.begin_import("more", ada.id, "slack", "export.zip", 10) is None
    assert await transfers.claim(1, EVER) is None  # nothing is due
    assert await transfers.start_import() is None
    first = await transfers.receive("in", 0, 4)
    assert first is not None
    assert (first.received, first.step) == (4, "upload")
    assert await transfers.receive("in", 0, 4) is None  # once more, after a lost answer
    assert await transfers.receive("other", 4, 6) is None
    last = await transfers.receive("in", 4, 6)
    assert last is not None
    assert (last.received, last.step, last.is_due) == (10, "check", True)
    assert await transfers.claim(1, EVER) == last
    assert await transfers.checked(1, "in", FOUND)
    ready = await transfers.find("import")
    assert ready is not None
    assert (ready.step, ready.is_due, ready.found, ready.ended_at) == ("ready", False, FOUND, None)
    started = await transfers.start_import()
    assert started is not None
    assert (started.step, started.is_due) == ("import", True)
    assert await transfers.start_import() is None
    assert await transfers.claim(1, EVER) == started
    await transfers.fail(1, "in", Failure.BAD, "no zip file", CAUSE)
    gone_on = await transfers.start_import()
    assert gone_on is not None
    assert (gone_on.problem, gone_on.cause) == (None, None)
    stopped = await transfers.stop_import(ada.id)
    assert stopped is not None
    assert (stopped.failure, stopped.is_due) == ("cancelled", False)
    assert await transfers.stop_import(ada.id) is None
    assert not await transfers.finish_import(1, "in", FOUND)
    assert await transfers.begin_import("more", ada.id, "slack", "export.zip", 10) is None
    again = await transfers.start_import()
    assert again is not None
    assert (again.step, again.is_due, again.failure) == ("import", True, None)
    assert await transfers.claim(1, EVER) == again
    assert await transfers.finish_import(1, "in", structs.replace(FOUND, here=Counts(people=1)))
    done = await transfers.find("import")
    assert done is not None
    assert done.found is not None
    assert done.found.here == Counts(people=1)
    assert done.failure is None
    assert await transfers.start_import() is None
    again = await transfers.begin_import("again", ada.id, "zulip", "export.tar", 3)
    assert again is not None
    assert (again.found, again.received, again.ended_at) == (None, 0, None)
    assert await transfers.expire() == {"again"}


async def test_one_is_done_at_a_time_of_both_kinds(storage: Storage) -> None:
    transfers, ada = await admin_in(storage)
    await transfers.begin_import("in", ada.id, "slack", "export.zip", 1)
    await transfers.receive("in", 0, 1)
    await transfers.begin_export("out", ada.id, None, True)
    claimed = await transfers.claim(1, EVER)
    assert claimed is not None
    assert claimed.kind == "import"
    assert await transfers.claim(2, EVER) is None
    await transfers.fail(1, "in", Failure.BAD, "no zip file")
    claimed = await transfers.claim(2, EVER)
    assert claimed is not None
    assert claimed.kind == "export"
    assert await transfers.expire() == {"in", "out"}


async def test_the_audit_has_who_stopped_and_removed_one(storage: Storage) -> None:
    transfers, ada = await admin_in(storage)
    await transfers.begin_export("one", ada.id, 1, True)
    await transfers.remove("export", ada.id)
    await transfers.begin_export("two", ada.id, None, True, ada.id)
    await transfers.claim(1, EVER)
    await transfers.finish_export(1, "two", 7)
    await transfers.make_link(ada.id, None, 0, LINK)
    await transfers.remove("export", ada.id)
    await transfers.begin_import("in", ada.id, "slack", "export.zip", 2)
    await transfers.receive("in", 0, 2)
    await transfers.stop_import(ada.id)
    await transfers.start_import()
    await transfers.claim(1, EVER)
    await transfers.checked(1, "in", FOUND)
    await transfers.start_import()
    await transfers.remove("import", ada.id)
    await transfers.begin_import("again", ada.id, "slack", "export.zip", 2)
    await transfers.remove("import", ada.id)
    await transfers.begin_import("whole", ada.id, "slack", "export.zip", 2)
    await transfers.receive("whole", 0, 2)
    await transfers.claim(1, EVER)
    await transfers.finish_import(1, "whole", FOUND)
    await transfers.remove("import", ada.id)  # its file is gone already
    assert not await transfers.remove("import", ada.id)
    acts = await storage.audit.acts(None, 10)
    assert {act.by and act.by.name for act in acts} == {"ada"}
    of_ada = [act.what for act in reversed(acts) if act.person is not None]
    assert of_ada == ["archive_link_made", "archive_removed"]
    assert [(act.what, act.room_id, act.detail) for act in reversed(acts)] == [
        ("archive_stopped", 1, ""),
        ("archive_link_made", None, ""),
        ("archive_removed", None, ""),
        ("import_stopped", None, "export.zip"),
        ("import_stopped", None, FOUND.source),
        ("import_removed", None, "export.zip"),
    ]
