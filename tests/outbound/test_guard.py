"""The address guard: which addresses the server connects to in somebody else's name."""

import ipaddress

import pytest
import trio

from chat.outbound.backend import checked_addresses
from chat.outbound.failures import Reason, RequestFailed
from chat.outbound.guard import AllowedHosts, allowed_hosts, is_global, may_connect
from chat.outbound.target import parse_target

_TEXT = """
127.0.0.1 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7f.1 0x7f.0x0.0x0.0x1 017700000001 0177.0.0.1
0177.1 127.0.0x1 0177.0x0.0.01 0 0.0.0.0 0x0 localhost LOCALHOST １２７.0.0.1 ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 [::1]
[0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1]
[::ffff:0:127.0.0.1] [::ffff:0:7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::127.0.0.1]
[64:ff9b:1:ffff::7f00:1] [2002:7f00:1::] [2002:7f00:0001::1] [2001:0:7f00:1::]
[2001:0:4136:e378:8000:63bf:80ff:fffe] [fe80::1] [febf::1] [fec0::1] [fc00::1] [fd00:ec2::254] [fd20:ce::254]
[ff02::1] [ff0e::1] 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 0xa9fea9fe
2852039166 [::ffff:169.254.169.254] 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 192.0.2.1 192.88.99.1
198.18.0.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 [2001:db8::1] [3fff::1] [100::1] [5f00::1]
[2001:20::1] [::2]
"""
SPELLINGS = _TEXT.split()


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_an_inner_address_is_connected_to(host: str) -> None:
    async def check() -> None:
        target = parse_target(f"https://{host}/path")
        await checked_addresses(target.host, target.port, AllowedHosts())

    with pytest.raises(RequestFailed) as failed:
        await check()
    assert failed.value.reason in (Reason.REFUSED_ADDRESS, Reason.BAD_URL, Reason.NO_ADDRESS)
    if host.isascii() and "0x" not in host:  # these are told apart from what is no URL
        assert failed.value.reason is Reason.REFUSED_ADDRESS, failed.value


def test_there_are_sixty_spellings_at_least() -> None:
    assert len(set(SPELLINGS)) >= 60


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
async def test_addresses_of_the_internet_are_connected_to(address: str) -> None:
    assert is_global(ipaddress.ip_address(address))
    assert await checked_addresses(address, 443, AllowedHosts()) == [address]


async def test_of_several_addresses_one_inner_one_refuses_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        await trio.lowlevel.checkpoint()
        return [(2, 1, 6, "", ("1.1.1.1", 443)), (10, 1, 6, "", ("::ffff:10.0.0.1", 443, 0, 0))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", resolve)
    with pytest.raises(RequestFailed) as failed:
        await checked_addresses("mixed.example", 443, AllowedHosts())
    assert failed.value.reason is Reason.REFUSED_ADDRESS


@pytest.mark.parametrize(
    ("host", "address", "allowed", "may"),
    [
        ("10.1.2.3", "10.1.2.3", ["10.0.0.0/8"], True),
        ("10.1.2.3", "10.1.2.3", ["10.1.2.3"], True),
        ("10.1.2.4", "10.1.2.4", ["10.1.2.3"], False),
        ("hooks.internal", "192.168.1.5", ["hooks.internal"], True),
        ("HOOKS.internal.", "192.168.1.5", ["hooks.internal"], True),
        ("hooks.internal", "fd00::5", ["hooks.internal"], True),
        ("hooks.internal", "127.0.0.1", ["hooks.internal"], True),
        ("other.internal", "192.168.1.5", ["hooks.internal"], False),
        ("hooks.internal.evil.example", "192.168.1.5", ["hooks.internal"], False),
        ("hooks.internal", "169.254.169.254", ["hooks.internal"], False),
        ("hooks.internal", "168.63.129.16", ["hooks.internal"], False),
        ("hooks.internal", "fe80::1%1", ["hooks.internal"], False),
        ("hooks.internal", "::ffff:127.0.0.1", ["hooks.internal"], False),
        ("hooks.internal", "169.254.169.254", ["169.254.169.254"], True),
        ("1.1.1.1", "1.1.1.1", [], True),
    ],
)
def test_an_admin_allows_hosts_by_name_or_by_network(
    host: str, address: str, allowed: list[str], may: bool
) -> None:
    assert may_connect(host, ipaddress.ip_address(address), allowed_hosts(allowed)) is may


@pytest.mark.parametrize(
    "url",
    [
        "https://chat.example@evil.example/",
        "https://user:secret@hooks.example/",
        "https://hooks.example\\@evil.example/",
        "https://evil.example\t/",
        "https://hooks.example /",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.exa\u00a0mple/",
        "https://hooks%2eexample/",
        "https:///path",
        "//hooks.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://hooks.example/\r\nX-Header: 1",
        "https://" + "a" * 9000,
        "https://[::1/",
    ],
)
def test_a_url_that_may_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(RequestFailed) as failed:
        parse_target(url)
    assert failed.value.reason is Reason.BAD_URL


def test_a_name_of_any_script_is_connected_to_by_its_ascii_form() -> None:
    assert parse_target("https://Bücher.example:8443/a?b").host == "xn--bcher-kva.example"
