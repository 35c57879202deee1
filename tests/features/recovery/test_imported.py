"""Imported people are invited by mail: each once, and nobody who has come."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Storage
from chat.features.recovery.imported import IMPORTED_PEOPLE
from chat.features.recovery.port import RESETS
from chat.mail.queue import MAILS
from chat.storage.postgres.storage import PostgresStorage
from tests.protocols.native.site import PASSWORD, Site, open_site

DAY = 86_400.0


async def brought(storage: Storage, *names: str) -> dict[str, int]:
    """Add people as an import does, and return their ids; `nobody` has no address."""
    ids: dict[str, int] = {}
    for name in names:
        email = None if name == "nobody" else f"{name}@example.com"
        person = await storage.users.add(NewPerson(name=name, password_hash=b"!", email=email))
        assert isinstance(person, Person)
        ids[name] = person.id
    if not isinstance(storage, PostgresStorage):
        model: Any = storage.feature_ports[IMPORTED_PEOPLE]
        model.imported += ids.values()
        return ids
    rows = """
        WITH made AS (INSERT INTO imports (source, is_whole) VALUES ('elsewhere', false) RETURNING id)
        INSERT INTO imported_people (import_id, key, person_id, is_new)
        SELECT made.id, person::text, person, true FROM made, unnest($1::bigint[]) AS person"""
    await storage.database.write(lambda c: c.execute(rows, [*ids.values()]))
    return ids


async def test_who_has_an_address_and_has_not_come_is_invited_once(storage: Storage) -> None:
    people, resets = storage.feature_ports[IMPORTED_PEOPLE], storage.feature_ports[RESETS]
    assert (await people.waiting(), await people.invite_next(1)) == (0, None)
    ids = await brought(storage, "ada", "ben", "cem", "nobody")
    assert await people.waiting() == 3
    assert await resets.begin("cem@example.com", b"c" * 32) is not None
    known = await storage.users.by_email("cem@example.com")
    assert known is not None
    assert await resets.use(b"c" * 32, known, b"$2b$04$new") is not None  # cem has come
    assert await people.waiting() == 2
    invited: list[str | None] = []

    async def invite() -> None:
        invited.append(await people.invite_next(ids["ada"]))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(invite)
    assert set(invited) == {None, "ada@example.com", "ben@example.com"}
    assert await people.waiting() == 0
    acts = await storage.audit.acts(None, 10)
    assert [act.person and act.person.name for act in acts if act.what == "reset_made"] in (
        ["ada", "ben"],
        ["ben", "ada"],
    )


async def test_a_link_lasts_as_long_as_it_is_kept_for(storage: Storage) -> None:
    resets = storage.feature_ports[RESETS]
    await brought(storage, "ada")
    assert await resets.begin("ada@example.com", b"1" * 32, lasts=DAY) is not None
    assert await resets.begin("ada@example.com", b"2" * 32, lasts=-1.0) is not None
    assert await resets.person_of(b"1" * 32) is not None
    assert await resets.person_of(b"2" * 32) is None


@pytest.fixture
async def mailing() -> AsyncGenerator[Site]:
    async with open_site(
        mail_url="smtps://mail.example", mail_from="chat@chat.example", public_url="https://chat.example"
    ) as site:
        yield site


async def test_an_admin_invites_all_of_them_and_a_link_gives_the_account(mailing: Site) -> None:
    _, token = await mailing.join("olga", admin=True)
    _, member = await mailing.join("mia")
    await brought(mailing.storage, *(f"p{nth:02}" for nth in range(27)))
    state = await mailing.call("GET", "/admin/imported-people", token=token)
    assert (state["waiting"], state["can_invite"]) == (27, True)
    path = "/admin/imported-people/invite"
    assert (await mailing.call("POST", path, {}, token=member)).status == 403
    done = await mailing.call("POST", path, {"language": "de"}, token=token)
    assert (done["invited"], done["waiting"]) == (25, 2)
    done = await mailing.call("POST", path, {}, token=token)
    assert (done["invited"], done["waiting"]) == (2, 0)
    done = await mailing.call("POST", path, {}, token=token)
    assert (done["invited"], done["waiting"]) == (0, 0)
    mails = mailing.services.feature_ports[MAILS]
    entries = await mails.listed(100)
    assert len({entry.to for entry in entries}) == len(entries) == 27
    mail = await mails.waiting(entries[0].id)
    assert mail is not None
    assert "olga moved your earlier chat" in mail.text
    code = mail.text.partition("https://chat.example/reset#")[2].split()[0]
    session = await mailing.call("POST", "/auth/recover", {"code": code, "password": PASSWORD})
    assert session["me"]["name"] == mail.to.partition("@")[0]


async def test_without_mail_or_passwords_nobody_is_invited() -> None:
    async with open_site() as site:
        _, token = await site.join("olga", admin=True)
        await brought(site.storage, "ada")
        state = await site.call("GET", "/admin/imported-people", token=token)
        assert (state["waiting"], state["can_invite"]) == (1, False)
        refused = await site.call("POST", "/admin/imported-people/invite", {}, token=token)
        assert (refused.status, refused["reason"]) == (409, "no_mail_server")
