"""IRC on two servers of one chat: people on both talk, and a client goes on at the other where it was."""

import math
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
import trio
import trio.testing

from chat.application import messages
from chat.domain.entities import LOBBY_ID
from chat.domain.messages import client_positions
from chat.domain.messages.client_positions import POSITIONS, STORE
from chat.domain.nodes import digest_of
from chat.engine.cluster.servers import ClusterConfig
from tests.protocols.irc.site import ALL, SECRET, Site, open_site
from tests.protocols.irc.test_irc import confirmed, words
from tests.reference.bus import LocalNetwork
from tests.reference.storage import MemoryStorage


@pytest.fixture
async def sites() -> AsyncGenerator[tuple[Site, Site]]:
    """Two servers on one storage and one bus."""
    storage, network = MemoryStorage(), LocalNetwork()
    async with AsyncExitStack() as stack:

        async def site() -> Site:
            bus = await stack.enter_async_context(network.open_bus())
            digest = digest_of(SECRET)
            config = ClusterConfig(
                bus=bus, bus_kind="local", secret_digest=digest, address="here", version="0"
            )
            return await stack.enter_async_context(open_site(storage=storage, cluster_config=config))

        yield await site(), await site()


async def test_people_on_two_servers_share_their_rooms(sites: tuple[Site, Site]) -> None:
    here, there = sites
    _, ben = await here.add("ada"), await here.add("ben")
    ada, adas, bens = await here.irc("ada", ALL), await there.irc("ada"), await there.irc("ben", ALL)

    await ada.send("JOIN #garden")
    assert (await adas.until("JOIN")).endswith(" JOIN #garden")
    await bens.send("JOIN #garden", "PRIVMSG #garden :from there")
    for client in (ada, adas):
        await client.until(":ben!", "JOIN #garden")
        assert (await client.until("PRIVMSG")).endswith(" PRIVMSG #garden :from there")
    await ada.send("TOPIC #garden :roses")
    assert (await bens.until("TOPIC")).endswith(" TOPIC #garden :roses")
    await ada.send("@+typing=active TAGMSG #garden")  # not in the log, so in no order with what is
    assert (await bens.until("TAGMSG")).startswith("@+typing=active :ada!")
    await ada.send("PRIVMSG ben :only you")
    assert (await bens.until("PRIVMSG")).endswith(" PRIVMSG ben :only you")

    said = await here.say(ben, "wrong", LOBBY_ID)
    await bens.until("wrong")
    await messages.delete(here.services, ben, LOBBY_ID, said.seq)
    assert (await bens.until("REDACT")).endswith(f" REDACT #lobby 1-{said.seq}")
    await ada.send("KICK #garden ben")
    assert (await bens.until("KICK")).endswith(" KICK #garden ben :ada")


async def test_a_position_is_stored_at_once_when_its_client_leaves(
    sites: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = sites
    monkeypatch.setattr(client_positions, "_PAUSE", math.inf)
    ada, ben = await here.add("ada"), await here.add("ben")
    store = here.storage.feature_ports[STORE]
    client = await here.irc("ada@phone")
    for text in ("one", "two"):  # the first position is written without a pause
        await here.say(ben, text)
        await client.until(text)
        await confirmed(here, client, ada.id, "phone")
    await trio.aclose_forcefully(client.stream)
    while await store.read((ada.id, "phone")) != here.services.hub.newest_id:
        await trio.lowlevel.checkpoint()
    await here.say(ben, "three")
    back = await (await there.connect()).log_in("ada@phone")
    assert [line.rpartition(":")[2] for line in words(await back.rest(), "PRIVMSG")] == ["three"]


async def test_a_client_gets_nothing_twice_from_a_server_that_is_behind(sites: tuple[Site, Site]) -> None:
    here, _ = sites
    ada, ben = await here.add("ada"), await here.add("ben")
    known = (await here.say(ben, "seen")).id + 1  # as if this server had not published it yet
    here.services.feature_ports[POSITIONS].note((ada.id, "phone"), known)
    client = await (await here.connect()).log_in("ada@phone")
    await trio.testing.wait_all_tasks_blocked(0.01)  # it waits, or is in its rooms
    assert (await here.say(ben, "seen there")).id == known
    await here.say(ben, "not seen")
    assert (await client.until("PRIVMSG")).endswith(":not seen")
