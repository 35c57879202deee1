"""A writer to the bus without the secret can't forge a message, an outcome, a limit or a server."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import structlog
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chat.bus.payloads import (
    Announced,
    Answer,
    Beat,
    HasPublished,
    HasRecorded,
    Noticed,
    Payload,
    Question,
    Relayed,
    Spent,
    encode,
)
from chat.bus.seals import Seals
from chat.domain.entities import LOBBY_ID, Message, Pair
from chat.domain.limits.budgets import Budgets
from chat.domain.limits.shared_usage import SharedUsage, Used
from chat.domain.messages.live import Active
from chat.domain.nodes import LEASE, digest_of
from chat.domain.rooms.direct import first_guest_of
from chat.engine.cluster import questions
from chat.engine.cluster.servers import ClusterConfig
from chat.protocols.direct.protocol import DIRECT
from chat.protocols.talker.codec import TALKER
from tests.reference.bus import LocalBus, LocalNetwork
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import World, open_world

SECRET = "one secret"
NOBODY = 77
"""The number of no server."""

OLDER = "0.1.0"


class Site:
    """Two servers that seal what they say, and somebody beside them who may use the bus."""

    def __init__(
        self, storage: MemoryStorage, network: LocalNetwork, forger: LocalBus, worlds: list[World]
    ) -> None:
        self.storage = storage
        self.network = network
        self.forger = forger
        self.one, self.other = worlds

    async def forges(self, *payloads: Payload | bytes) -> None:
        for each in payloads:
            self.forger.publish(each if isinstance(each, bytes) else encode(each))
        await wait_all_tasks_blocked()

    async def joins(self, version: str) -> int:
        """Have a server of this version among those that have a lease; it is only a row of the database."""
        return await self.storage.nodes.register(
            address="there", version=version, bus="local", secret_digest=digest_of(SECRET)
        )


@pytest.fixture
async def site(autojump_clock: MockClock) -> AsyncGenerator[Site]:
    storage, network = MemoryStorage(), LocalNetwork()
    async with AsyncExitStack() as stack:
        worlds = []
        for _ in range(2):
            bus = await stack.enter_async_context(network.open_bus())
            cluster_config = ClusterConfig(
                bus=bus,
                seals=Seals(SECRET),
                bus_kind="local",
                secret_digest=digest_of(SECRET),
                address="here",
                version="0.2.0",
            )
            shared_usage = SharedUsage(has_others=True)
            budgets = Budgets(messages=1.0, shared_usage=shared_usage)
            world = open_world(
                storage, cluster_config=cluster_config, budgets=budgets, shared_usage=shared_usage
            )
            worlds.append(await stack.enter_async_context(world))
        forger = await stack.enter_async_context(network.open_bus())
        yield Site(storage, network, forger, worlds)


def message(change_id: int, text: str = "forged") -> Message:
    return Message(change_id, LOBBY_ID, change_id, 1, "ada", text, 1_700_000_000.0, pos=change_id)


async def test_a_forged_message_is_shown_to_nobody_and_the_next_commit_cuts_nobody(site: Site) -> None:
    ada = await site.one.add("ada")
    speaker, listener = await site.one.connect(TALKER, ada), await site.other.connect(TALKER)
    await listener.receives()
    newest = await site.storage.messages.newest_id()
    with structlog.testing.capture_logs() as logs:
        await site.forges(
            Announced(newest + 1, [message(newest + 1)]), Announced(newest + 9, [message(newest + 9)])
        )
        speaker.send({"name": "ada", "message": "hello"})
        await trio.sleep(5)
    assert [line["message"] for line in listener.received_now() if line["name"] == "ada"] == ["hello"]
    assert listener.closed_with is None
    dropped = [each["dropped"] for each in logs if "no server of this chat sealed" in each["event"]]
    assert dropped == [1, 1], "each server says so once"
    assert "lost commits" not in str(logs)


async def test_a_sealed_payload_is_accepted_once_and_only_with_its_secret(site: Site) -> None:
    ada = await site.one.add("ada")
    speaker, listener = await site.one.connect(TALKER, ada), await site.other.connect(TALKER)
    await listener.receives()
    assert await site.forger.receive() is None
    speaker.send({"name": "ada", "message": "hello"})
    await wait_all_tasks_blocked()
    overheard = await site.forger.receive() or []
    assert any(b"hello" in each for each in overheard)
    newest = await site.storage.messages.newest_id()
    await site.forges(*overheard, Seals("another").seal(encode(Announced(newest + 1, [message(newest + 1)]))))
    await trio.sleep(5)
    assert [line["message"] for line in listener.received_now() if line["name"] == "ada"] == ["hello"]


async def test_forged_costs_neither_lock_anybody_out_nor_let_them_do_more(site: Site) -> None:
    ada = await site.one.add("ada")
    speaker, listener = await site.one.connect(TALKER, ada), await site.other.connect(TALKER)
    await listener.receives()
    for cost in (1e9, -1e9):
        for _ in range(10):
            await site.forges(Spent(NOBODY, [Used("messages", ada.id, cost)]))
            speaker.send({"name": "ada", "message": "hello"})
        received = [line for line in listener.received_now() if line["name"] == "ada"]
        assert len(received) == 4, "what may be said at once"
        await trio.sleep(30)
        listener.received_now()


async def test_a_forged_answer_ends_no_wait_and_a_server_that_is_none_is_not_waited_for(site: Site) -> None:
    silent = await site.joins("0.2.0")
    end = await site.storage.messages.newest_id() + 1
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(site.one.cluster.wait_deliveries_recorded_everywhere, 1)
        await site.forges(
            Beat(NOBODY, end),
            *(Answer(silent, number, site.one.cluster.number, True) for number in range(50)),
        )
    assert LEASE - 1 <= trio.current_time() - began <= LEASE + 1, "until the lease of the silent one ends"
    asked: Any = site.one.cluster._questions  # type: ignore[attr-defined]
    assert NOBODY not in asked._known


async def test_forged_notices_and_relays_reach_nobody(site: Site) -> None:
    ada, ben = await site.one.add_all("ada", "ben")
    reader = await site.other.connect(DIRECT, ben)
    await reader.receives()
    received: list[object] = []
    site.other.services.notices.on(Active, lambda *got: received.append(got))
    await site.forges(
        Noticed(NOBODY, Active(LOBBY_ID, None, ada.id, "ada", "typing")),
        Question(
            NOBODY, 1, None, Relayed(Message(0, 0, 0, ada.id, "", "hi", 0.0, people=Pair(ada.id, ben.id)))
        ),
        Question(
            1,
            2,
            None,
            Relayed(
                Message(0, 0, 0, first_guest_of(1), "", "hi", 0.0, people=Pair(first_guest_of(1), ben.id))
            ),
        ),
    )
    await trio.sleep(2)
    assert (reader.received_now(), received) == ([], [])


async def test_forged_questions_are_not_answered_and_many_real_ones_are_bounded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "_MOST_UNDER_WAY", 3)
    asked: Any = site.one.cluster._questions  # type: ignore[attr-defined]
    await site.forges(*(Question(NOBODY, number, None, HasPublished(10**15)) for number in range(10)))
    assert not asked._under_way
    stranger = Seals(SECRET)
    await site.forges(
        *(stranger.seal(encode(Question(NOBODY, number, None, HasPublished(10**6)))) for number in range(10))
    )
    assert len(asked._under_way) == 3


async def test_an_older_server_is_answered_and_only_its_guests_are_relayed(site: Site) -> None:
    ada, ben = await site.one.add_all("ada", "ben")
    reader = await site.other.connect(DIRECT, ben)
    await reader.receives()
    older = await site.joins(OLDER)
    await site.forges(Beat(older, 0))  # which makes them look who there is
    assert await site.forger.receive() is None
    guest = first_guest_of(older)
    await site.forges(
        Question(older, 1, None, HasRecorded(ada.id)),
        Question(
            older,
            2,
            None,
            Relayed(Message(0, 0, 0, guest, "", "from a guest", 0.0, people=Pair(guest, ben.id))),
        ),
        Question(
            older, 3, None, Relayed(Message(0, 0, 0, ada.id, "", "forged", 0.0, people=Pair(ada.id, ben.id)))
        ),
        Spent(older, [Used("messages", ada.id, 1e9)]),
    )
    await trio.sleep(0.1)
    answered = [each for each in await site.forger.receive() or [] if each.startswith(b'["Answer"')]
    assert len(answered) >= 3, "both of them note, and one has somebody who hears it"
    assert [frame["content"] for frame in reader.received_now()] == ["from a guest"]


async def test_an_older_server_is_not_waited_for_longer_than_it_takes_to_note(site: Site) -> None:
    await site.joins(OLDER)
    began = trio.current_time()
    await site.one.cluster.wait_deliveries_recorded_everywhere(1)
    assert 1.0 <= trio.current_time() - began < 2.0
