"""Invitations by mail: what an admin gives, and what becomes of each address."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from msgspec import structs

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Storage
from chat.features.invites.mailed import INVITED
from chat.mail.letter import Letter
from chat.mail.queue import MAILS, new_mail
from chat.storage.postgres.storage import PostgresStorage
from tests.protocols.native.site import PASSWORD, Site, open_site


async def test_accounts_and_invitations_of_the_last_day_are_known(storage: Storage) -> None:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", email="Ada@example.com"))
    assert isinstance(ada, Person)
    for address, person_id in (
        ("dora@example.com", None),
        ("Ben@example.com", None),
        ("ada@new.example", ada.id),
    ):
        mail = new_mail(address, Letter("Come", ()), "chat.example")
        await storage.feature_ports[MAILS].add(mail, person_id, None)
        if address == "dora@example.com":
            await _let_a_day_pass(storage)
    keys = ["ada@example.com", "ben@example.com", "cleo@example.com"]
    known = await storage.feature_ports[INVITED].known(keys)
    assert known.here == {"ada@example.com"}
    assert known.mailed == {"ben@example.com"}


async def _let_a_day_pass(storage: Storage) -> None:
    """Make the mails that there are a day older."""
    if isinstance(storage, PostgresStorage):
        older = "UPDATE mails SET created_at = created_at - interval '1 day'"
        await storage.database.write_statement(lambda connection: connection.execute(older))
        return
    mails: Any = storage.feature_ports[MAILS]
    for number, (mail, entry, until) in mails._mails.items():
        mails._mails[number] = mail, structs.replace(entry, created_at=entry.created_at - 86_400), until


@pytest.fixture
async def mailing() -> AsyncGenerator[Site]:
    async with open_site(
        mail_url="smtps://mail.example",
        mail_from="chat@chat.example",
        public_url="https://chat.example",
        registration="invite",
    ) as site:
        yield site


async def test_each_address_of_a_list_has_an_outcome_and_a_link_admits_one(mailing: Site) -> None:
    _, token = await mailing.join("olga", admin=True)
    await mailing.join("ada", email="ada@example.com")
    given = ["ben@example.com", "ADA@example.com", "no address", "Ben@Example.com", "a@b@c\n.example"]
    done = await mailing.call("POST", "/admin/invites/mail", {"addresses": given}, token=token)
    assert [each["state"] for each in done["addresses"]] == [
        "sent",
        "already_here",
        "bad_address",
        "sent",
        "bad_address",
    ]
    mails = mailing.services.feature_ports[MAILS]
    (entry,) = await mails.listed(10)
    mail = await mails.waiting(entry.id)
    assert mail is not None
    assert "olga invites you" in mail.text
    code = mail.text.partition("https://chat.example/i/")[2].split()[0]
    new = {"name": "ben", "password": PASSWORD, "invite": code}
    assert (await mailing.call("POST", "/auth/register", new)).status == 201
    assert (await mailing.call("POST", "/auth/register", {**new, "name": "eve"})).status in (403, 410)
    again = await mailing.call("POST", "/admin/invites/mail", {"addresses": given[:1]}, token=token)
    assert again["addresses"][0]["state"] == "invited_today"


async def test_others_and_too_many_and_no_mail_server_are_refused(mailing: Site) -> None:
    _, token = await mailing.join("ada")
    body = {"addresses": ["ben@example.com"]}
    assert (await mailing.call("POST", "/admin/invites/mail", body, token=token)).status == 403
    _, token = await mailing.join("olga", admin=True)
    many = {"addresses": ["ben@example.com"] * 101}
    refused = await mailing.call("POST", "/admin/invites/mail", many, token=token, valid=False)
    assert refused.refused == (400, "invalid", "addresses")
    async with open_site() as site:
        _, token = await site.join("olga", admin=True)
        refused = await site.call("POST", "/admin/invites/mail", body, token=token)
        assert refused["reason"] == "no_mail_for_invites"
