"""Confirming an address: one contract, on memory and on PostgreSQL; then over HTTP."""

from collections.abc import AsyncGenerator

import pytest

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, ProfileChange, Storage
from chat.features.addresses.port import ADDRESSES, PER_HOUR, Confirmation
from chat.mail.queue import MAILS
from tests.protocols.native.site import PASSWORD, Site, open_site


async def person(storage: Storage, name: str, email: str | None) -> Person:
    made = await storage.users.add(NewPerson(name=name, password_hash=b"x", email=email))
    assert isinstance(made, Person)
    return made


async def test_a_link_confirms_the_address_that_the_account_has(storage: Storage) -> None:
    addresses, ada = storage.feature_ports[ADDRESSES], await person(storage, "ada", "Ada@Example.com")
    assert not await addresses.is_confirmed(ada.id)
    found = await addresses.begin(ada.id, b"1" * 32, "en")
    assert found is not None
    assert (found.name, found.email) == ("ada", "Ada@Example.com")
    ben = await person(storage, "ben", None)
    assert await addresses.confirm(b"2" * 32, ada.id) is Confirmation.OVER
    assert await addresses.confirm(b"1" * 32, ben.id) is Confirmation.OF_ANOTHER
    assert not await addresses.is_confirmed(ada.id)
    assert await addresses.confirm(b"1" * 32, ada.id) is Confirmation.CONFIRMED
    assert await addresses.confirm(b"1" * 32, ada.id) is Confirmation.OVER
    assert await addresses.is_confirmed(ada.id)
    await storage.users.change_profile(ada.id, ProfileChange(email="other@example.com"))
    assert not await addresses.is_confirmed(ada.id)


async def test_a_link_is_void_once_the_account_has_another_address(storage: Storage) -> None:
    addresses, ada = storage.feature_ports[ADDRESSES], await person(storage, "ada", "ada@example.com")
    await addresses.begin(ada.id, b"1" * 32, "en")
    await storage.users.change_profile(ada.id, ProfileChange(email="victim@example.com"))
    assert await addresses.confirm(b"1" * 32, ada.id) is Confirmation.OVER
    assert not await addresses.is_confirmed(ada.id)


async def test_an_address_stays_confirmed_while_ascii_case_alone_changes(storage: Storage) -> None:
    addresses, ada = storage.feature_ports[ADDRESSES], await person(storage, "ada", "ada@strasse.example")

    async def change(email: str) -> None:
        await storage.users.change_profile(ada.id, ProfileChange(email=email))

    await addresses.begin(ada.id, b"1" * 32, "en")
    await addresses.begin(ada.id, b"2" * 32, "en")
    await addresses.confirm(b"1" * 32, ada.id)
    await change("Ada@Strasse.example")
    assert await addresses.is_confirmed(ada.id)
    await change("ada@straße.example")  # the same name, but another mail server
    assert not await addresses.is_confirmed(ada.id)
    await change("ada@strasse.example")
    assert not await addresses.is_confirmed(ada.id)
    assert await addresses.confirm(b"2" * 32, ada.id) is Confirmation.OVER  # mailed to where it was


async def test_an_account_and_an_address_get_three_links_in_an_hour(storage: Storage) -> None:
    addresses = storage.feature_ports[ADDRESSES]
    ada = await person(storage, "ada", "ada@example.com")
    made = [await addresses.begin(ada.id, bytes([n]) * 32, "en") for n in range(PER_HOUR + 1)]
    assert [each is not None for each in made] == [True] * PER_HOUR + [False]
    await storage.users.change_profile(ada.id, ProfileChange(email="other@example.com"))
    assert await addresses.begin(ada.id, b"8" * 32, "en") is None  # another address, the same account
    ben = await person(storage, "ben", "Ada@example.com")
    assert await addresses.begin(ben.id, b"9" * 32, "en") is None  # another account, the same address


async def test_without_an_address_there_is_nothing_to_confirm(storage: Storage) -> None:
    addresses, ada = storage.feature_ports[ADDRESSES], await person(storage, "ada", None)
    assert await addresses.begin(ada.id, b"1" * 32, "en") is None
    assert not await addresses.is_confirmed(ada.id)


# --- over HTTP ---


@pytest.fixture
async def mailing() -> AsyncGenerator[Site]:
    async with open_site(
        mail_url="smtps://mail.example", mail_from="chat@chat.example", public_url="https://chat.example"
    ) as site:
        yield site


async def test_a_mailed_link_confirms_and_only_a_post_uses_it(mailing: Site) -> None:
    _, token = await mailing.join("ada", email="ada@example.com")
    state = await mailing.call("GET", "/me/email", token=token)
    assert state.body == {"email": "ada@example.com", "confirmed": False, "mail": True}
    asked = await mailing.call("POST", "/me/email/confirmation", {"language": "ru"}, token=token)
    assert asked.status == 204
    mails = mailing.services.feature_ports[MAILS]
    mail = await mails.waiting((await mails.listed(1))[0].id)
    assert mail is not None
    assert mail.to == "ada@example.com"
    assert "Здравствуйте, ada!" in mail.text
    code = mail.text.partition("https://chat.example/confirm#")[2].split()[0]
    assert len(code) >= 43
    assert (await mailing.call("POST", "/auth/confirm", {"code": code}, token=token)).status == 204
    again = await mailing.call("POST", "/auth/confirm", {"code": code}, token=token)
    assert (again.refused, again["reason"]) == ((410, "gone", "code"), "address_link_over")
    assert (await mailing.call("GET", "/me/email", token=token))["confirmed"]


async def test_who_follows_a_link_that_another_asked_for_confirms_nothing(mailing: Site) -> None:
    # Eve registers with Ada's address and asks for a link; Ada, who gets the mail, follows it.
    eve, token = await mailing.join("eve", email="ada@example.com")
    _, of_ada = await mailing.join("ada")
    await mailing.call("POST", "/me/email/confirmation", token=token)
    mails = mailing.services.feature_ports[MAILS]
    mail = await mails.waiting((await mails.listed(1))[0].id)
    assert mail is not None
    code = mail.text.partition("https://chat.example/confirm#")[2].split()[0]
    assert (await mailing.call("POST", "/auth/confirm", {"code": code})).status == 401
    refused = await mailing.call("POST", "/auth/confirm", {"code": code}, token=of_ada)
    assert (refused.refused, refused["reason"]) == ((403, "forbidden", "code"), "address_link_of_another")
    assert not await mailing.services.feature_ports[ADDRESSES].is_confirmed(eve.id)
    program = await mailing.call("POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=token)
    refused = await mailing.call("POST", "/auth/confirm", {"code": code}, token=program["token"])
    assert refused["reason"] == "not_for_tokens"


async def test_too_many_links_and_no_address_are_refused(mailing: Site) -> None:
    _, token = await mailing.join("ada")
    refused = await mailing.call("POST", "/me/email/confirmation", token=token)
    assert (refused.refused, refused["reason"]) == ((409, "conflict", None), "no_address")
    _, token = await mailing.join("ben", email="ben@example.com")
    answers = [await mailing.call("POST", "/me/email/confirmation", token=token) for _ in range(4)]
    assert [answer.status for answer in answers] == [204, 204, 204, 429]


async def test_names_add_no_markup_to_a_mail() -> None:
    where = {"mail_url": "smtps://mail.example", "mail_from": "chat@chat.example"}
    async with open_site(**where, public_url="https://chat.example", server_name="<a href=x>chat") as site:
        _, token = await site.join("ada", email="ada@example.com")
        await site.call("POST", "/me/email/confirmation", token=token)
        mails = site.services.feature_ports[MAILS]
        mail = await mails.waiting((await mails.listed(1))[0].id)
        assert mail is not None
        assert "&lt;a href=x&gt;chat" in mail.html
        assert mail.html.count("<a ") == 1  # the link


async def test_without_a_mail_server_nothing_is_mailed() -> None:
    async with open_site() as site:
        _, token = await site.join("ada", email="ada@example.com")
        refused = await site.call("POST", "/me/email/confirmation", token=token)
        assert (refused.refused, refused["reason"]) == ((409, "conflict", None), "no_mail_here")
        assert not (await site.call("GET", "/me/email", token=token))["mail"]
