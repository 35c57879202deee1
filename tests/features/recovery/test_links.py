"""Links to reset a password by mail: one contract, on memory and on PostgreSQL; then over HTTP."""

from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.entities import Credentials, Person
from chat.domain.ports import NewPerson, ProfileChange, Storage
from chat.features.recovery.port import PER_HOUR, RESETS
from chat.features.recovery.requests import REQUESTS, Request, answer_request
from chat.mail.queue import MAILS
from tests.protocols.native.site import PASSWORD, Answer, Site, open_site


async def ada_in(storage: Storage, **about: object) -> Person:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", email="Ada@Example.com", **about))  # type: ignore[arg-type]
    assert isinstance(ada, Person)
    return ada


async def ben_in(storage: Storage) -> Person:
    ben = await storage.users.add(NewPerson(name="ben", password_hash=b"x"))
    assert isinstance(ben, Person)
    return ben


async def known_in(storage: Storage) -> Credentials:
    known = await storage.users.by_name("ada")
    assert known is not None
    return known


async def test_a_link_is_for_the_accounts_own_address_and_good_once(storage: Storage) -> None:
    resets, ada = storage.feature_ports[RESETS], await ada_in(storage)
    found = await resets.begin("ada@example.com", b"1" * 32)
    assert found is not None
    assert (found.person_id, found.name, found.email) == (ada.id, "ada", "Ada@Example.com")
    assert await resets.begin("eve@example.com", b"2" * 32) is None
    assert await resets.person_of(b"2" * 32) is None
    assert await resets.person_of(b"1" * 32) == ada.id
    known = await known_in(storage)
    assert await resets.use(b"1" * 32, Credentials(ada, b"other"), b"y") is None
    assert await resets.use(b"1" * 32, Credentials(await ben_in(storage), b"x"), b"y") is None
    changed = await resets.use(b"1" * 32, known, b"y")
    assert changed is not None
    assert (changed.id, changed.token_generation) == (ada.id, ada.token_generation + 1)
    assert (await known_in(storage)).password_hash == b"y"
    assert await resets.use(b"1" * 32, await known_in(storage), b"z") is None
    assert await resets.person_of(b"1" * 32) is None
    (act,) = await storage.audit.acts(None, 10)
    assert (act.what, act.person and act.person.id) == ("password_reset", ada.id)


async def test_of_many_uses_at_once_one_is_good(storage: Storage) -> None:
    resets = storage.feature_ports[RESETS]
    await ada_in(storage)
    await resets.begin("ada@example.com", b"1" * 32)
    known = await known_in(storage)
    good: list[bool] = []

    async def use() -> None:
        good.append(await resets.use(b"1" * 32, known, b"y") is not None)

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(use)
    assert sorted(good) == [False] * 9 + [True]


async def test_an_account_gets_three_links_in_an_hour(storage: Storage) -> None:
    resets = storage.feature_ports[RESETS]
    await ada_in(storage)
    found = [await resets.begin("ada@example.com", bytes([n]) * 32) for n in range(PER_HOUR + 2)]
    assert [each is not None for each in found] == [True] * PER_HOUR + [False] * 2


async def test_a_link_ends_with_the_address_and_with_the_tokens(storage: Storage) -> None:
    resets, ada = storage.feature_ports[RESETS], await ada_in(storage)
    await resets.begin("ada@example.com", b"1" * 32)
    await storage.users.change_profile(ada.id, ProfileChange(email="other@example.com"))
    assert await resets.person_of(b"1" * 32) is None
    await storage.users.change_profile(ada.id, ProfileChange(email="ada@example.com"))
    assert await resets.person_of(b"1" * 32) is None
    await storage.users.change_profile(ada.id, ProfileChange(email="other@example.com"))
    await resets.begin("other@example.com", b"2" * 32)
    assert await resets.person_of(b"2" * 32) == ada.id
    await storage.users.set_password(ada.id, b"y", instead_of=b"x")
    assert await resets.person_of(b"2" * 32) is None
    assert await resets.use(b"2" * 32, await known_in(storage), b"z") is None


# --- over HTTP ---


@pytest.fixture
async def mailing() -> AsyncGenerator[Site]:
    async with open_site(
        mail_url="smtps://mail.example", mail_from="chat@chat.example", public_url="https://chat.example"
    ) as site:
        yield site


async def ask(site: Site, email: str, **more: object) -> Answer:
    return await site.call("POST", "/auth/forgot", {"email": email, **more})


async def mailed(site: Site) -> str | None:
    """Answer the request that waits as the server's task does; returns the text of the mail."""
    services = site.services
    with trio.fail_after(5):
        await answer_request(services, await services.feature_ports[REQUESTS].receive.receive())
    entries = await services.feature_ports[MAILS].listed(1)
    mail = await services.feature_ports[MAILS].waiting(entries[0].id) if entries else None
    return None if mail is None else mail.text


def code_in(text: str | None) -> str:
    assert text is not None
    return text.partition("https://chat.example/reset#")[2].split()[0]


async def test_a_mailed_link_sets_a_new_password_and_ends_all_sessions(mailing: Site) -> None:
    _, token = await mailing.join("ada", email="ada@example.com")
    assert (await ask(mailing, "ADA@example.com", language="ru")).status == 204
    text = await mailed(mailing)
    assert "Здравствуйте, ada!" in str(text)
    code = code_in(text)
    assert len(code) >= 43
    short = await mailing.call("POST", "/auth/recover", {"code": code, "password": "a"}, valid=False)
    assert short.status == 400
    done = await mailing.call("POST", "/auth/recover", {"code": code, "password": "another word"})
    assert done.status == 200
    assert await mailing.is_good(done["access"])
    assert not await mailing.is_good(token)
    again = await mailing.call("POST", "/auth/recover", {"code": code, "password": "yet another"})
    assert (again.refused, again["reason"]) == ((410, "gone", "code"), "reset_over")
    login = {"login": "ada", "password": "another word"}
    assert (await mailing.call("POST", "/auth/login", login)).status == 200
    assert (await mailing.call("POST", "/auth/login", {**login, "password": PASSWORD})).status == 401


async def test_the_answer_does_not_say_whether_an_account_has_the_address(mailing: Site) -> None:
    await mailing.join("ada", email="ada@example.com")
    known, unknown = await ask(mailing, "ada@example.com"), await ask(mailing, "nobody@example.com")
    assert (known.status, known.body) == (unknown.status, unknown.body) == (204, None)
    assert await mailed(mailing) is not None
    before = len(await mailing.services.feature_ports[MAILS].listed(10))
    await mailed(mailing)
    assert len(await mailing.services.feature_ports[MAILS].listed(10)) == before


async def test_without_a_mail_server_or_an_address_of_its_own_it_says_so() -> None:
    async with open_site(mail_url="smtps://mail.example", mail_from="chat@chat.example") as site:
        refused = await ask(site, "ada@example.com")
        assert (refused.refused, refused["reason"]) == ((409, "conflict", None), "no_mail_server")


async def test_an_address_asks_ten_times_an_hour(mailing: Site) -> None:
    requests = mailing.services.feature_ports[REQUESTS]
    waits = [requests.ask(Request(f"{n}@example.com", "en"), "203.0.113.7") for n in range(11)]
    assert [bool(wait) for wait in waits] == [False] * 10 + [True]
    assert requests.ask(Request("a@example.com", "en"), "203.0.113.8") == 0
