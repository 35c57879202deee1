"""Links by mail that log in: off at first, for confirmed addresses, once, and with the second factor."""

from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.administration.administration import Wanted
from chat.domain.entities import Person
from chat.domain.ports import ProfileChange, Storage
from chat.features.addresses.port import ADDRESSES
from chat.features.recovery.port import RESETS
from chat.features.recovery.requests import REQUESTS
from chat.mail.queue import MAILS
from tests.features.recovery.test_links import ada_in, mailed
from tests.features.second_factor.test_log_ins import set_up
from tests.protocols.native.site import Answer, Site, open_site

ADDRESS = "ada@example.com"


async def confirm(storage: Storage, ada: Person) -> None:
    addresses = storage.feature_ports[ADDRESSES]
    assert await addresses.begin(ada.id, b"c" * 32, "en") is not None
    await addresses.confirm(b"c" * 32, ada.id)
    assert await addresses.is_confirmed(ada.id)


async def test_a_link_to_log_in_is_for_a_confirmed_address_and_good_once(storage: Storage) -> None:
    resets, ada = storage.feature_ports[RESETS], await ada_in(storage)
    assert await resets.begin(ADDRESS, b"1" * 32, to_log_in=True) is None
    await confirm(storage, ada)
    found = await resets.begin(ADDRESS, b"1" * 32, to_log_in=True)
    assert found is not None
    assert found.person_id == ada.id
    assert await resets.person_of(b"1" * 32) == ada.id
    assert not await resets.log_in(b"2" * 32, ada)
    assert not await resets.log_in(b"1" * 32, Person(id=ada.id, name="ada", has_second_factor=True))
    assert not await resets.log_in(b"1" * 32, Person(id=ada.id + 1, name="ben"))
    good: list[bool] = []

    async def use() -> None:
        good.append(await resets.log_in(b"1" * 32, ada))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(use)
    assert sorted(good) == [False] * 4 + [True]
    assert await resets.begin(ADDRESS, b"3" * 32, to_log_in=True) is not None
    await storage.users.change_profile(ada.id, ProfileChange(email="other@example.com"))
    assert not await resets.log_in(b"3" * 32, ada)


# --- over HTTP ---


@pytest.fixture
async def mailing() -> AsyncGenerator[Site]:
    async with open_site(
        mail_url="smtps://mail.example", mail_from="chat@chat.example", public_url="https://chat.example"
    ) as site:
        await site.services.settings.change(None, {"login_links": "on"})
        yield site


async def confirmed(site: Site) -> tuple[Person, str]:
    ada, token = await site.join("ada", email=ADDRESS)
    await confirm(site.storage, ada)
    return ada, token


async def link_in(site: Site, path: str = "link") -> str:
    """Ask for a link, and return the code in the mail."""
    assert (await site.call("POST", "/auth/link", {"email": ADDRESS})).status == 204
    text = await mailed(site)
    assert text is not None
    return text.partition(f"https://chat.example/{path}#")[2].split()[0]


async def use(site: Site, code: str, **fields: str) -> Answer:
    return await site.call("POST", "/auth/link/login", {"code": code, **fields})


async def whose(site: Site, code: str) -> Answer:
    return await site.call("POST", "/auth/link/account", {"code": code})


def reason(answer: Answer) -> tuple[int, str]:
    return answer.status, answer["reason"]


async def test_a_link_is_good_once_and_for_its_purpose(mailing: Site) -> None:
    ada, token = await confirmed(mailing)
    assert (await mailing.call("GET", "/setup"))["login_links"]
    code = await link_in(mailing)
    assert (await whose(mailing, code)).body == {"name": "ada"}
    body = {"code": "m-" + code[2:], "password": "another word"}
    assert reason(await mailing.call("POST", "/auth/recover", body)) == (410, "reset_over")
    session = await use(mailing, code, device="phone")
    assert session.status == 200
    assert session["me"]["id"] == ada.id
    assert await mailing.is_good(session["access"])
    assert await mailing.is_good(token)  # nothing else ends
    assert reason(await use(mailing, code)) == (410, "reset_over")
    assert reason(await whose(mailing, code)) == (410, "reset_over")
    await mailing.call("POST", "/auth/forgot", {"email": ADDRESS})
    reset = str(await mailed(mailing)).partition("/reset#m-")[2].split()[0]
    assert reason(await use(mailing, "l-" + reset)) == (410, "reset_over")
    assert reason(await whose(mailing, "l-" + reset)) == (410, "reset_over")
    # A link to reset the password says so too, also where links to log in are off.
    await mailing.services.settings.change(None, {"login_links": "off"})
    assert (await whose(mailing, "m-" + reset)).body == {"name": "ada"}
    assert reason(await whose(mailing, "m-" + code[2:])) == (410, "reset_over")
    assert reason(await whose(mailing, "l-" + reset)) == (409, "login_links_off")


async def test_of_many_uses_at_once_one_logs_in(mailing: Site) -> None:
    await confirmed(mailing)
    code = await link_in(mailing)
    statuses: list[int] = []

    async def try_it() -> None:
        statuses.append((await use(mailing, code)).status)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(try_it)
    assert sorted(statuses) == [200, 410, 410, 410]


async def test_a_second_factor_is_asked_for(mailing: Site) -> None:
    _, token = await confirmed(mailing)
    phone, _ = await set_up(mailing, token)
    code = await link_in(mailing)
    assert reason(await use(mailing, code)) == (401, "code_needed")
    assert reason(await use(mailing, code, second_factor="000000")) == (401, "wrong_code")
    assert (await use(mailing, code, second_factor=phone.code())).status == 200


async def test_an_address_that_is_not_confirmed_gets_a_reset_link(mailing: Site) -> None:
    await mailing.join("eve", email=ADDRESS)
    code = await link_in(mailing, "reset")
    assert code.startswith("m-")


async def test_the_answer_does_not_say_whether_an_account_has_the_address(mailing: Site) -> None:
    unknown = await mailing.call("POST", "/auth/link", {"email": "nobody@example.com"})
    assert (unknown.status, unknown.body) == (204, None)
    assert await mailed(mailing) is None
    waits = [await _ask(mailing) for _ in range(3)]
    assert waits == [204] * 3
    assert len(await mailing.services.feature_ports[MAILS].listed(10)) == 0


async def _ask(site: Site) -> int:
    asked = await site.call("POST", "/auth/link", {"email": "nobody@example.com"})
    with trio.fail_after(5):
        await site.services.feature_ports[REQUESTS].receive.receive()
    return asked.status


async def test_a_disabled_person_does_not_come_in(mailing: Site) -> None:
    ada, _ = await confirmed(mailing)
    code = await link_in(mailing)
    await mailing.services.administration.change(ada.id, Wanted(disabled=True))
    assert reason(await use(mailing, code)) == (410, "reset_over")


async def test_links_are_off_unless_an_admin_allows_them_and_with_the_provider_alone(mailing: Site) -> None:
    await confirmed(mailing)
    code = await link_in(mailing)
    services = mailing.services

    async def is_off() -> bool:
        asked = await mailing.call("POST", "/auth/link", {"email": ADDRESS})
        used = await use(mailing, code)
        assert reason(await whose(mailing, code)) == reason(used)
        shown = (await mailing.call("GET", "/setup")).body.get("login_links", False)
        return (reason(asked), reason(used), shown) == ((409, "login_links_off"),) * 2 + (False,)

    services.accounts.login = "sso"
    assert await is_off()
    services.accounts.login = "both"
    await services.settings.change(None, {"login_links": None})
    assert await is_off()
    await services.settings.change(None, {"login_links": "on"})
    assert (await use(mailing, code)).status == 200
