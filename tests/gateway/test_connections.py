"""The registry of connections: ended ones leave no state, and a stop does not wait for new ones."""

from http import HTTPStatus
from typing import Any, cast

import pytest
import trio

from chat.domain.proxies import Proxies
from chat.gateway.connections import REFUSALS_AT_ONCE, Connections
from chat.inspection.metrics import Metrics
from chat.settings.config import Listen
from tests.support.gateway import OPENING, make_config, none_left, nothing_logged, running, wire_to


async def test_of_a_connection_that_is_over_nothing_is_kept() -> None:
    with trio.fail_after(10):
        async with running() as gateway:
            async with wire_to(gateway) as wire:
                assert (await wire.get())[0] == 200
                assert len(gateway._connections._sockets) == 1
                assert gateway._connections._early == set()
            await none_left(gateway)
            while gateway._connections._sockets:
                await trio.lowlevel.checkpoint()


async def test_a_client_without_a_head_does_not_delay_a_stop() -> None:
    with trio.fail_after(10), nothing_logged():
        async with running(head_timeout=60.0, grace=60.0) as gateway:
            await gateway._connections.stop()
            async with wire_to(gateway) as wire:
                await wire.send(OPENING[:20])
                assert await wire.until_closed() == b""


class Accepted:
    """An accepted stream, as far as it is looked at before the first byte."""

    def __init__(self, host: str) -> None:
        self.socket = self
        self._host = host

    def getpeername(self) -> tuple[str, int]:
        return self._host, 1234


def connections_of(**settings: Any) -> Connections:
    """What takes connections, with nothing behind it."""
    config, unused = make_config(**settings), cast("Any", None)
    proxies = Proxies(config.trusted_proxies, config.forwarded_header)
    return Connections(config, None, proxies, unused, unused, unused, Metrics(), {})


async def test_a_proxys_connection_counts_for_the_address_in_its_head() -> None:
    connections, claimed = connections_of(trusted_proxies=("10.0.0.9",)), list[str | None]()

    class Full:
        def claim(self, address: str | None) -> HTTPStatus:
            claimed.append(address)
            return HTTPStatus.SERVICE_UNAVAILABLE

    connections._admission = cast("Any", Full())
    connections._refusing = REFUSALS_AT_ONCE  # so that nobody is answered
    for host in ("10.0.0.9", "10.0.0.8"):
        await connections._receive(cast("Any", Accepted(host)), Listen("127.0.0.1", 0), None)
    assert claimed == [None, "10.0.0.8"]


async def test_refusals_for_lack_of_places_are_bounded(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections, encrypted = connections_of(max_connections=1), 0

    async def encrypt(_inner: object, _listen: object) -> None:
        nonlocal encrypted
        encrypted += 1
        await trio.sleep_forever()

    monkeypatch.setattr(connections, "_encrypt", encrypt)
    async with trio.open_nursery() as nursery:
        for _ in range(REFUSALS_AT_ONCE + 10):
            nursery.start_soon(
                connections._turn_away,
                cast("Any", Accepted("10.0.0.8")),
                ("10.0.0.8", 1234),
                Listen("127.0.0.1", 0),
                None,
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
    assert (encrypted, connections._refusing) == (REFUSALS_AT_ONCE, 0)
