"""The exports that people asked for: one contract. Each test runs on memory and on PostgreSQL."""

import pytest

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, NewSession, Storage
from chat.features.exports.requests import REQUESTS, ExportRequests, Failure, Names

EVER = 3600.0
LINK = b"a digest of a link, 32 bytes too"


async def ada_in(storage: Storage) -> tuple[ExportRequests, Person]:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    return storage.feature_ports[REQUESTS], ada


async def test_a_person_has_one_export_at_a_time(storage: Storage) -> None:
    exports, ada = await ada_in(storage)
    assert await exports.of_person(ada.id) is None
    first = await exports.ask(ada.id, "one")
    assert (first.is_new, first.export.name, first.export.is_under_way) == (True, "one", True)
    again = await exports.ask(ada.id, "two")
    assert (again.is_new, again.export.name) == (False, "one")
    claimed = await exports.claim(1, EVER)
    assert claimed is not None
    assert claimed.name == "one"
    assert await exports.finish(1, "one", 7)
    soon = await exports.ask(ada.id, "two")
    assert (soon.is_new, soon.export.size) == (False, 7)
    assert 3500 < soon.wait <= 3600
    (act,) = await storage.audit.acts(None, 10, kinds=("export_asked",))
    assert act.by is not None
    assert act.by.id == ada.id


async def test_a_failed_export_may_be_asked_for_again_at_once(storage: Storage) -> None:
    exports, ada = await ada_in(storage)
    await exports.ask(ada.id, "one")
    await exports.claim(1, EVER)
    await exports.fail(1, "one", Failure.TOO_BIG)
    failed = await exports.of_person(ada.id)
    assert failed is not None
    assert (failed.failure, failed.is_under_way) == ("too_big", False)
    assert await exports.claim(1, EVER) is None
    assert (await exports.ask(ada.id, "two")).is_new


async def test_one_server_at_a_time_makes_one_and_another_after_its_claim(storage: Storage) -> None:
    exports, ada = await ada_in(storage)
    ben = await storage.users.add(NewPerson(name="ben", password_hash=b"x"))
    assert isinstance(ben, Person)
    await exports.ask(ada.id, "hers")
    await exports.ask(ben.id, "his")
    assert await exports.claim(1, EVER) is not None
    assert await exports.claim(2, EVER) is None
    assert await exports.renew(1, "hers", 0.0, 0.5)  # this claim has lapsed
    assert await exports.expire() == Names(frozenset(), frozenset())
    found = await exports.of_person(ada.id)
    assert found is not None
    assert found.share == 0.5
    taken = await exports.claim(2, EVER)
    assert taken is not None
    assert (taken.name, taken.share) == ("hers", 0.0)
    assert not await exports.renew(1, "hers", EVER, 0.6)
    assert not await exports.finish(1, "hers", 1)
    assert await exports.expire() == Names(frozenset(), frozenset({"hers"}))
    assert await exports.finish(2, "hers", 1)
    assert await exports.expire() == Names(frozenset({"hers"}), frozenset())


@pytest.mark.parametrize("end", ["session", "generation", "disabled", "deleted", "replaced"])
async def test_a_link_ends_with_its_session_and_its_person(storage: Storage, end: str) -> None:
    exports, ada = await ada_in(storage)
    session = await storage.sessions.begin(NewSession(person_id=ada.id, generation=0, lasts=EVER))
    assert session is not None
    await exports.ask(ada.id, "one")
    assert await exports.make_link(ada.id, session.id, 0, LINK) is None  # nothing is made yet
    await exports.claim(1, EVER)
    await exports.finish(1, "one", 7)
    assert await exports.make_link(ada.id, session.id, 0, LINK) is not None
    found = await exports.by_link(LINK)
    assert found is not None
    assert found.name == "one"
    assert await exports.by_link(LINK[::-1]) is None
    match end:
        case "session":
            await storage.sessions.end(ada.id, session.id)
        case "generation":
            await storage.users.administer(ada.id, AccountChange(ends_sessions=True), None)
        case "disabled":
            await storage.users.administer(ada.id, AccountChange(is_disabled=True), None)
        case "deleted":
            await storage.users.delete(ada.id)
        case "replaced":
            await exports.make_link(ada.id, session.id, 0, LINK[::-1])
    assert await exports.by_link(LINK) is None
    is_kept = (await exports.expire()).made == {"one"}
    assert is_kept == (end not in ("disabled", "deleted"))
