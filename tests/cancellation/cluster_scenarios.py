"""One of two servers on a storage is swept: it joins, publishes, is cut off, returns and leaves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio_cancel_sweep import Run

from chat.application import members
from chat.bus.payloads import Beat, encode
from chat.bus.seals import Seals
from chat.domain.entities import LOBBY_ID, Draft
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.nodes import FENCE, LEASE
from chat.domain.startup import CannotStart
from chat.engine.cluster.servers import ClusterConfig
from chat.protocols.direct.codec import DIRECT
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.talker.codec import TALKER
from tests.cancellation.swept_world import settle, swept_world
from tests.reference.bus import LocalBus, LocalNetwork
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import SECRET, World, open_world


class Network(LocalNetwork):
    """A bus that can be made to carry nothing, or nothing that is committed."""

    is_cut = False
    is_silent = False
    """Whether no announcement passes, and everything else does."""

    def carry(self, sender: LocalBus, payload: bytes) -> None:
        if not (self.is_cut or (self.is_silent and payload.startswith(b'["Announced"'))):
            super().carry(sender, payload)


@asynccontextmanager
async def _joined(network: LocalNetwork) -> AsyncGenerator[ClusterConfig]:
    async with network.open_bus() as bus:
        yield ClusterConfig(
            bus=bus,
            seals=Seals(SECRET),
            bus_kind="local",
            secret_digest="one",
            address="here",
            version="0.2.0",
        )


async def several(run: Run) -> None:
    """Leftovers of the swept server end with its lease, and the other has published everything once."""
    with pytest.MonkeyPatch.context() as shorter:
        shorter.setattr("chat.engine.cluster.servers._TURN", 1)
        await _several(run)


async def _several(run: Run) -> None:
    storage, network = MemoryStorage(), Network()
    async with _joined(network) as cluster_config, open_world(storage, cluster_config=cluster_config) as one:
        ada, ben = await one.add_all("ada", "ben")
        garden = await one.make_room(ada)
        await members.join(one.services, ben, garden.id)
        speaker, listener = await one.connect(TALKER, ada), await one.connect(TALKER)
        writer = await one.connect(DIRECT, ada)
        await listener.receives()
        never_said = Draft(garden.id, ben.id, "ben", "hello", 1.0, key="k")

        async def be_another() -> None:
            async with (
                _joined(network) as cluster_config,
                swept_world(run, storage, cluster_config=cluster_config) as (other, _),
            ):
                on_other = await other.connect(TALKER, ben)
                member, guest = await other.connect(ROOMS, ben), await other.connect(DIRECT)
                member.send({"Type": "enter", "RoomID": garden.id})
                (welcome,) = await guest.receives()
                other.obstacles.fail("mark_delivered", StorageDown("swept"))
                for text in ("one", "two"):
                    speaker.send({"name": "ada", "message": f"{text} of ada"})
                    on_other.send({"name": "ben", "message": f"{text} of ben"})
                writer.send({"from": ada.id, "to": ben.id, "content": "who is there?"})
                writer.send({"from": ada.id, "to": int(welcome.split()[-1]), "content": "hello guest"})
                await other.rest()
                person = await other.connect(DIRECT, ben)
                guest.send({"from": int(welcome.split()[-1]), "to": ada.id, "content": "hello ada"})
                await other.rest()
                await _be_asked(one, other)
                await _lose_touch(one, other)
                with suppress(StorageDown, OutcomeUnknown):
                    await members.remove(other.services, ada, garden.id, ben.id)
                person.leave()
                await other.rest()

        async def _be_asked(one: World, other: World) -> None:
            """Be asked what takes time to be true: what is committed has to be read first, and notes to be written."""
            async with network.open_bus() as forger:  # whom nobody believes; but who there is, is looked up
                forger.publish(encode(Beat(99, 10**6)))
                await one.rest()
            network.is_silent = True
            writer.send({"from": ada.id, "to": ben.id, "content": "once more"})
            other.obstacles.fail("read_log", StorageDown("swept"))
            await one.rest()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(one.cluster.wait_published_everywhere, await storage.messages.newest_id())
                nursery.start_soon(other.context.cluster.catch_up)
                nursery.start_soon(
                    other.cluster.wait_published_everywhere, await storage.messages.newest_id()
                )
                nursery.start_soon(other.services.writes.repeated, never_said)
                nursery.start_soon(other.cluster.wait_read_marks_written_everywhere, ada.id)
                other.services.read_marks.note(LOBBY_ID, ben.id, 1)
                nursery.start_soon(one.cluster.wait_read_marks_written_everywhere, ben.id)
            network.is_silent = False
            for text in ("noted at once", "noted a moment later"):
                writer.send({"from": ada.id, "to": ben.id, "content": text})
                await one.rest()
            await one.connect(DIRECT, ben)

        async def _lose_touch(one: World, other: World) -> None:
            network.is_cut = True
            speaker.send({"name": "ada", "message": "nobody hears of it"})
            await trio.sleep(2)
            with other.obstacles.failing("renew", StorageDown("cut off")):
                await trio.sleep(FENCE)
                speaker.send({"name": "ada", "message": "said meanwhile"})
                network.is_cut = False
                await trio.sleep(LEASE)
            with other.obstacles.held("members_among"):  # so that it looks for longer than a renewal waits
                await trio.sleep(2.5)
            await trio.sleep(2)

        try:
            await run.target(be_another)
        except* (CannotStart, StorageDown, OutcomeUnknown):
            pass
        network.is_cut = False
        await trio.sleep(LEASE + 1)
        assert [node.number for node in await storage.nodes.live()] == [one.cluster.number]
        speaker.send({"name": "ada", "message": "I am alone"})
        await settle(one)
        got = [frame["message"] for frame in listener.received_now() if frame["name"] != "server"]
        assert got == [message.text for message in one.said(LOBBY_ID)]
        assert len(network.buses) == 1
