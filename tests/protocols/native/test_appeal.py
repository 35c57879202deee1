"""Where people appeal: on refusals of disabled accounts and banned networks, in all protocols."""

import pytest
from msgspec import ValidationError, convert

from chat.domain.limits.address_bans import AddressBan
from chat.domain.limits.bounds import AppealAddress
from tests.protocols.native.site import PASSWORD, Site
from tests.support.account_changes import set_disabled

MAIL = "help@chat.example"


async def test_a_disabled_person_reads_where_to_appeal(site: Site) -> None:
    ada, _ = await site.join("ada")
    await set_disabled(site.storage.users, ada.id, disabled=True)
    login = {"login": "ada", "password": PASSWORD}
    refused = await site.call("POST", "/auth/login", login)
    assert (refused["reason"], refused["error"]) == ("account_disabled", "this account is disabled")
    assert "appeal" not in refused.body
    assert "appeal" not in (await site.call("GET", "/setup")).body

    await site.services.settings.change(None, {"appeal_address": MAIL})
    refused = await site.call("POST", "/auth/login", login)
    assert (refused.status, refused["appeal"]) == (401, MAIL)
    assert refused["error"] == refused["text"] == f"this account is disabled; to appeal: {MAIL}"
    assert (await site.call("GET", "/setup"))["appeal"] == MAIL
    wrong = await site.call("POST", "/auth/login", {"login": "ada", "password": "another"})
    assert "appeal" not in wrong.body
    client = site.app.test_client(use_cookies=False)
    older = await client.post("/", json={"name": "ada", "password": PASSWORD})
    assert (await older.get_json()) == {"error": f"this account is disabled; to appeal: {MAIL}"}


async def test_a_banned_network_reads_where_to_appeal(site: Site) -> None:
    await site.services.settings.change(None, {"appeal_address": "https://help.example/appeal"})
    site.services.budgets.bans.replace([AddressBan(id=1, network="203.0.113.0/24")])
    client = site.app.test_client(use_cookies=False)
    answer = await client.get("/api/v1/setup", scope_base={"client": ("203.0.113.5", 1)})
    got = await answer.get_json()
    assert (answer.status_code, got["reason"], got["appeal"]) == (
        403,
        "address_banned",
        "https://help.example/appeal",
    )


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("", True),
        (MAIL, True),
        ("https://help.example/appeal?x=1#y", True),
        *(
            (bad, False)
            for bad in ("javascript:alert(1)", "help", "a b@c.example", "https://x/ y", "a@b@c", "ftp://x")
        ),
    ],
)
def test_an_address_is_a_page_or_a_mail_address(text: str, is_good: bool) -> None:
    if is_good:
        assert convert(text, AppealAddress) == text
    else:
        with pytest.raises(ValidationError):
            convert(text, AppealAddress)
