"""Listening on all addresses of a host name."""

import socket
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from chat.domain.startup import CannotStart
from chat.gateway.binding import bind
from chat.settings.listen import Listen
from tests.web.ports import free_port


class Resolver(trio.abc.HostnameResolver):
    """Knows one name, `everywhere`, and the addresses that it is given."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    async def getaddrinfo(self, host: bytes | None, port: Any, *_: Any, **__: Any) -> Any:
        assert host == b"everywhere"
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port))
            for a in self.addresses
        ]

    async def getnameinfo(self, *_: Any) -> tuple[str, str]:
        raise NotImplementedError


@pytest.fixture
async def resolver() -> AsyncGenerator[Resolver]:
    resolver = Resolver()
    trio.socket.set_custom_hostname_resolver(resolver)
    yield resolver
    trio.socket.set_custom_hostname_resolver(None)


async def test_all_addresses_of_a_name_share_one_free_port(resolver: Resolver) -> None:
    resolver.addresses = ["127.0.0.1", "127.0.0.2", "::1", "127.0.0.1"]
    with trio.fail_after(30):
        bound = await bind(Listen("everywhere", 0))
        try:
            names = [listener.socket.getsockname()[:2] for listener in bound.listeners]
            assert names == [("127.0.0.1", bound.port), ("127.0.0.2", bound.port), ("::1", bound.port)]
            assert bound.url("http") == f"http://everywhere:{bound.port}"
        finally:
            bound.close()


async def test_an_address_that_the_machine_lacks_is_passed_over(resolver: Resolver) -> None:
    resolver.addresses = ["2001:db8::77", "127.0.0.1"]
    with trio.fail_after(30):
        bound = await bind(Listen("everywhere", 0))
        bound.close()
        assert len(bound.listeners) == 1
        resolver.addresses = ["2001:db8::77"]
        with pytest.raises(CannotStart, match=r"^cannot listen on everywhere:9000: "):
            await bind(Listen("everywhere", 9000))


async def test_a_port_that_is_taken_on_one_address_leaves_none_open(resolver: Resolver) -> None:
    resolver.addresses = ["127.0.0.1", "127.0.0.2"]
    port = free_port()
    with trio.fail_after(30), socket.create_server(("127.0.0.2", port)):
        with pytest.raises(
            CannotStart, match=f"^cannot listen on everywhere:{port}: address already in use$"
        ):
            await bind(Listen("everywhere", port))
        socket.create_server(("127.0.0.1", port)).close()
