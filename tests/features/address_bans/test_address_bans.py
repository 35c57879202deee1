"""Bans of network addresses: which addresses they concern, what is kept of them, and what admins do over HTTP."""

import time

import pytest
from msgspec import structs

from chat.domain.closing import ADDRESS_BANNED
from chat.domain.entities import Person
from chat.domain.limits.address_bans import (
    ADDRESS_BANS,
    LOOPBACK,
    NO_BAN,
    NO_NETWORK,
    TRUSTED_PROXY,
    AddressBan,
    AddressBans,
    network_of,
)
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import Refusal
from chat.features.address_bans.following import apply, open_following
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.storage import PostgresStorage
from tests.protocols.native.site import PASSWORD, Answer, Site

NOW = 1_800_000_000.0


def ban(network: str, *, id: int = 0, **fields: object) -> AddressBan:
    return structs.replace(AddressBan(id=id, network=network), **fields)


def holding(*bans: AddressBan, now: float = NOW) -> AddressBans:
    held = AddressBans(lambda: now)
    held.replace(bans)
    return held


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.7/24 ", "203.0.113.0/24"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        *(
            (wrong, None)
            for wrong in ("", "x", "203.0.113", "1.2.3.4/33", "fe80::1%eth0", "203.0.113.0/24/8")
        ),
    ],
)
def test_a_network_is_read(text: str, network: str | None) -> None:
    found = network_of(text)
    assert found == NO_NETWORK if network is None else str(found) == network


@pytest.mark.parametrize("text", ["0.0.0.0/0", "127.0.0.1", "126.0.0.0/7", "::/0", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_never_banned(text: str) -> None:
    network = network_of(text)
    assert not isinstance(network, Refusal)
    assert AddressBans().wrong(network) == LOOPBACK
    assert holding(ban(str(network))).refusal("127.0.0.1") is None


def test_a_trusted_proxy_is_never_banned() -> None:
    bans = AddressBans()
    bans.spare(["10.1.0.0/16", "2001:db8::7"])
    for text in ("10.1.2.3", "10.0.0.0/8", "2001:db8::/32"):
        network = network_of(text)
        assert not isinstance(network, Refusal)
        assert bans.wrong(network) == TRUSTED_PROXY
    other = network_of("10.2.0.0/16")
    assert not isinstance(other, Refusal)
    assert bans.wrong(other) is None


def test_addresses_of_the_network_are_banned_until_its_end() -> None:
    bans = holding(ban("203.0.113.0/24", until=NOW + 90), ban("2001:db8::/32"), ban("198.51.100.7/32"))
    for address in ("203.0.113.0", "203.0.113.255", "::ffff:203.0.113.9", "2001:db8:ffff::1", "198.51.100.7"):
        assert bans.refusal(address) is not None, address
        assert bans.registering_refusal(address) is not None
    for address in ("203.0.112.255", "2001:db9::1", "198.51.100.8", "unknown", ""):
        assert bans.refusal(address) is None, address
        assert bans.registering_refusal(address) is None
    refusal = bans.refusal("203.0.113.5")
    assert refusal is not None
    assert (refusal.reason, refusal.retry_after) == ("address_banned_until", 90.0)
    assert refusal.text == "this network is banned until 2027-01-15 08:02 UTC"
    assert holding(ban("203.0.113.0/24", until=NOW)).refusal("203.0.113.5") is None


def test_a_ban_of_registering_lets_people_in() -> None:
    bans = holding(ban("203.0.113.0/24", registering_only=True))
    assert bans.refusal("203.0.113.5") is None
    assert bans.registering_refusal("203.0.113.5") is not None
    # The wider ban counts too, in whatever order they are.
    both = ban("203.0.113.0/24", registering_only=True), ban("203.0.0.0/16")
    assert all(holding(*each).refusal("203.0.113.5") for each in (both, both[::-1]))


def test_ten_thousand_bans_are_looked_through_at_once() -> None:
    bans = holding(*(ban(f"10.{n // 256}.{n % 256}.0/24") for n in range(10_000)))
    started = time.process_time()
    for _ in range(1_000):
        assert bans.refusal("10.1.2.3") is not None
        assert bans.refusal("11.1.2.3") is None
    assert time.process_time() - started < 1


async def test_bans_are_kept_and_those_that_are_over_are_not_listed(storage: Storage) -> None:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    table, until = storage.feature_ports[ADDRESS_BANS], round(time.time() + 600, 3)
    first = await table.add(ban("203.0.113.0/24", until=until, reason="spam"), ada.id)
    assert isinstance(first, AddressBan)
    second = await table.add(ban("2001:db8::/32", registering_only=True), None)
    assert isinstance(second, AddressBan)
    found = await table.list()
    assert [
        (each.network, each.registering_only, each.reason, each.by and each.by.name) for each in found
    ] == [
        ("2001:db8::/32", True, "", None),
        ("203.0.113.0/24", False, "spam", "ada"),
    ]
    assert found[1].until == pytest.approx(until, abs=0.001)
    await table.add(ban("203.0.113.0/24"), None)  # in the place of the first
    assert [each.until for each in await table.list()] == [None, None]
    assert not await table.lift(first.id, ada.id)
    assert await table.lift(second.id, ada.id)
    await table.add(ban("198.51.100.7/32", until=time.time() - 1), None)
    assert [each.network for each in await table.list()] == ["203.0.113.0/24"]
    acts = [(act.what, act.detail, act.by and act.by.name) for act in await storage.audit.acts(None, 10)]
    assert acts == [
        ("address_banned", "198.51.100.7/32", None),
        ("address_unbanned", "2001:db8::/32", "ada"),
        ("address_banned", "203.0.113.0/24", None),
        ("address_banned", "2001:db8::/32", None),
        ("address_banned", "203.0.113.0/24", "ada"),
    ]


async def test_a_ban_of_a_deleted_admin_stays(storage: Storage) -> None:
    if not isinstance(storage, PostgresStorage):
        pytest.skip("memory has no keys")
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    await storage.feature_ports[ADDRESS_BANS].add(ban("203.0.113.0/24"), ada.id)
    await storage.users.delete(ada.id)
    assert len(await storage.feature_ports[ADDRESS_BANS].list()) == 1


async def post(site: Site, token: str, network: str, **fields: object) -> Answer:
    return await site.call("POST", "/admin/bans", {"network": network, **fields}, token=token)


async def test_admins_ban_and_lift_over_http(site: Site) -> None:
    _, token = await site.join("ada", admin=True)
    answer = await post(site, token, "203.0.113.9/24", registering=True, reason=" spam ")
    assert answer.status == 201
    (made,) = answer["bans"]
    assert {name: made[name] for name in ("network", "registering", "reason")} == {
        "network": "203.0.113.0/24",
        "registering": True,
        "reason": "spam",
    }
    assert made["by"]["name"] == "ada"
    for network, reason in (("x", "bad_network"), ("127.0.0.0/8", "ban_of_loopback")):
        refused = await post(site, token, network)
        assert (refused.refused, refused["reason"]) == ((400, "invalid", "network"), reason)
    refused = await post(site, token, "203.0.113.0/24", until=1)
    assert (refused.refused, refused["reason"]) == ((400, "invalid", "until"), "ban_is_over")
    lifted = await site.call("DELETE", f"/admin/bans/{made['id']}", token=token)
    assert lifted["bans"] == []
    refused = await site.call("DELETE", f"/admin/bans/{made['id']}", token=token)
    assert (refused.status, refused["reason"]) == (404, NO_BAN.reason)


async def test_a_banned_network_gets_no_answers_and_its_sockets_are_closed(site: Site) -> None:
    ada, token = await site.join("ada")
    client = await site.world.connect(NATIVE, ada)
    table, services = site.storage.feature_ports[ADDRESS_BANS], site.services
    own = await site.call("GET", "/me", token=token)
    assert own.status == 200
    assert client.session.address == "test"
    client.session.address = "203.0.113.5"
    async with open_following(services):
        await table.add(ban("203.0.113.0/24", registering_only=True), None)
        await services.settings.refresh()
        assert client.closed_with is None
        await table.add(ban("203.0.113.0/24"), None)
        await services.settings.refresh()
        await client.ends()
        assert client.closed_with == ADDRESS_BANNED


async def test_nobody_registers_from_a_banned_network_without_an_invitation(site: Site) -> None:
    accounts = site.services.accounts
    accounts._newcomers._budgets.bans.replace([ban("203.0.113.0/24", registering_only=True)])
    refused = await accounts.register("ben", PASSWORD, "203.0.113.5", by_old_rules=False)
    assert isinstance(refused, Refusal)
    assert refused.reason == "registering_banned"
    refused = await accounts.register("ben", PASSWORD, "203.0.113.5", invite="made up", by_old_rules=False)
    assert isinstance(refused, Refusal)
    code = await site.services.invites.issue(1, 60)
    granted = await accounts.register("ben", PASSWORD, "203.0.113.5", invite=code, by_old_rules=False)
    assert not isinstance(granted, Refusal)
    assert not isinstance(await accounts.register("cem", PASSWORD, "198.51.100.7"), Refusal)
    await apply(site.services)
