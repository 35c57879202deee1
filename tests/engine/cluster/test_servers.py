"""Several servers on one storage: people on any of them talk with each other, whatever the bus and the leases do."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest
import structlog
import trio
from trio.testing import wait_all_tasks_blocked

from chat.application import members
from chat.bus.payloads import Answer, PayloadReader
from chat.domain.accounts.sessions import Device
from chat.domain.closing import TOO_FAR_BEHIND
from chat.domain.entities import LOBBY_ID, Draft, Message, Pair, Peer, SupportOf
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.messages.changes import SupportChange
from chat.domain.messages.outcomes import Repeated
from chat.domain.nodes import FENCE, LEASE, RENEW, OtherBus, OtherSecret, digest_of
from chat.domain.refusals import NOT_SAVED
from chat.domain.rooms.direct import FIRST_GUEST
from chat.engine.cluster.servers import _RELAY_TIMEOUT, BEAT, ClusterConfig
from chat.operations.operation import Caller
from chat.operations.room_values import Room as RoomValue
from chat.protocols.direct.protocol import DIRECT
from chat.protocols.native.rooms.handlers import new_room
from chat.protocols.native.rooms.types import CreateRoom
from chat.protocols.rooms.protocol import ROOMS
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.reference.bus import LocalBus, LocalNetwork
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import Client, World, open_world


class Network(LocalNetwork):
    """A bus that carries nothing while it is cut, and nothing that is committed while it is silent."""

    is_cut = False
    is_silent = False

    def __init__(self) -> None:
        super().__init__()
        self._held: list[tuple[LocalBus, bytes]] | None = None

    def carry(self, sender: LocalBus, payload: bytes) -> None:
        if self._held is not None:
            self._held.append((sender, payload))
        elif not (self.is_cut or (self.is_silent and payload.startswith(b'["Announced"'))):
            super().carry(sender, payload)

    @contextmanager
    def held_back(self) -> Generator[None]:
        """Carry everything at once when the block ends, as to a server that was stopped and wakes."""
        self._held = held = []
        try:
            yield
        finally:
            self._held = None
            for sender, payload in held:
                self.carry(sender, payload)


class Servers:
    """Two servers, and what is between them."""

    def __init__(self, storage: MemoryStorage, network: Network, worlds: list[World]) -> None:
        self.storage = storage
        self.network = network
        self.one, self.other = worlds


@pytest.fixture
async def servers(autojump_clock: object) -> AsyncGenerator[Servers]:
    storage, network = MemoryStorage(), Network()
    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(open_server(storage, network)) for _ in range(2)]
        yield Servers(storage, network, worlds)


@asynccontextmanager
async def open_server(
    storage: MemoryStorage,
    network: LocalNetwork,
    bus_kind: str = "local",
    messages: float = 0.0,
    secret: str = "one secret",
) -> AsyncGenerator[World]:
    async with network.open_bus() as bus:
        cluster_config = ClusterConfig(
            bus=bus, bus_kind=bus_kind, secret_digest=digest_of(secret), address="here", version="0"
        )
        shared_usage = SharedUsage(has_others=True)
        budgets = Budgets(messages=messages, shared_usage=shared_usage)
        async with open_world(
            storage, cluster_config=cluster_config, budgets=budgets, shared_usage=shared_usage
        ) as world:
            yield world


async def speaker_and_listener(servers: Servers) -> tuple[Client, Client]:
    """Ada on the one server, and somebody on the other who only listens and has heard the greeting."""
    speaker = await servers.one.connect(TALKER, await servers.one.add("ada"))
    listener = await servers.other.connect(TALKER)
    await listener.receives()
    return speaker, listener


async def test_messages_reach_the_other_server_at_once_and_in_order(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    on_one = await servers.one.connect(TALKER, ada)
    on_other = await servers.other.connect(TALKER, ben)
    await on_one.receives()
    await on_other.receives()
    began = trio.current_time()
    for n in range(3):
        on_one.send({"name": "ada", "message": f"from one {n}"})
        on_other.send({"name": "ben", "message": f"from the other {n}"})
    await wait_all_tasks_blocked()
    received = on_one.received_now(), on_other.received_now()
    assert trio.current_time() == began
    assert [line["message"] for line in received[0]] == [f"from the other {n}" for n in range(3)]
    assert [line["message"] for line in received[1]] == [f"from one {n}" for n in range(3)]


async def test_a_message_not_relayed_in_time_is_relayed_by_no_server(
    autojump_clock: object, servers: Servers
) -> None:
    message = Message(0, 0, 0, FIRST_GUEST, "guest", "hi", 0.0, people=Pair(FIRST_GUEST, FIRST_GUEST + 1))
    servers.network.is_cut = True
    began = trio.current_time()
    assert await servers.one.cluster.relay(message) is False
    assert trio.current_time() - began <= _RELAY_TIMEOUT


async def test_where_a_bus_may_have_lost_something_the_database_is_asked_at_once(
    autojump_clock: object, servers: Servers
) -> None:
    speaker, listener = await speaker_and_listener(servers)
    await trio.sleep(10)
    servers.network.is_cut = True
    began = trio.current_time()
    assert speaker.send({"name": "ada", "message": "lost on its way"}) is None
    assert await listener.receives() == []
    for bus in servers.network.buses:
        bus.arrived.mark_lossy()
    while not (received := await listener.receives()):  # noqa: ASYNC110 - what is told has no event
        await trio.sleep(0.01)
    assert [line["message"] for line in received] == ["lost on its way"]
    assert trio.current_time() - began < 0.1 < RENEW


async def test_a_third_server_receives_both_in_log_order(autojump_clock: object, servers: Servers) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    on_one = await servers.one.connect(TALKER, ada)
    on_other = await servers.other.connect(TALKER, ben)
    listeners = [await world.connect(TALKER) for world in (servers.one, servers.other)]
    for n in range(20):
        on_one.send({"name": "ada", "message": f"a{n}"})
        on_other.send({"name": "ben", "message": f"b{n}"})
    await trio.sleep(1)
    log = [each.text for each in servers.one.said(1)]
    for listener in listeners:
        assert [line["message"] for line in listener.received_now() if line["name"] != "server"] == log


async def test_without_a_bus_everything_is_published_within_two_seconds(
    autojump_clock: object, servers: Servers
) -> None:
    on_one, listener = await speaker_and_listener(servers)
    servers.network.is_cut = True
    on_one.send({"name": "ada", "message": "hello"})
    await wait_all_tasks_blocked()
    assert listener.received_now() == []
    await trio.sleep(2)
    assert [line["message"] for line in listener.received_now()] == ["hello"]
    on_one.send({"name": "ada", "message": "again"})
    servers.network.is_cut = False
    await trio.sleep(0.6)
    assert [line["message"] for line in listener.received_now()] == ["again"]


async def test_direct_messages_reach_a_person_on_every_server_once(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    writer = await servers.one.connect(DIRECT, ada)
    reader = await servers.other.connect(DIRECT, ben)
    await reader.receives()
    writer.send({"from": ada.id, "to": ben.id, "content": "first"})
    await wait_all_tasks_blocked()
    assert contents(reader.received_now()) == ["first"]
    reader.leave()
    await reader.ends()
    # Its note is not written yet: the other server is asked for it.
    again = await servers.one.connect(DIRECT, ben)
    assert contents(await again.receives()) == []


async def test_a_guest_is_found_on_its_server_until_it_leaves(
    autojump_clock: object, servers: Servers
) -> None:
    ada = await servers.one.add("ada")
    writer = await servers.one.connect(DIRECT, ada)
    guest = await servers.other.connect(DIRECT)
    await writer.receives()
    (welcome,) = await guest.receives()
    number = int(welcome.removeprefix("Connected with id "))
    assert number >= FIRST_GUEST + servers.other.cluster.number * 10**9
    writer.send({"from": ada.id, "to": number, "content": "hello guest"})
    assert contents(await guest.receives()) == ["hello guest"]
    assert await writer.receives() == []
    guest.send({"from": number, "to": ada.id, "content": "hello ada"})
    assert contents(await writer.receives()) == ["hello ada"]
    guest.leave()
    await guest.ends()
    answer = await writer.asks({"from": ada.id, "to": number, "content": "still there?"})
    assert "not found" in str(answer)


async def test_a_guest_behind_a_lapsed_lease_gets_no_message_refused_to_its_sender(
    autojump_clock: object, servers: Servers
) -> None:
    ada = await servers.one.add("ada")
    writer = await servers.one.connect(DIRECT, ada)
    guest = await servers.other.connect(DIRECT)
    await writer.receives()
    (welcome,) = await guest.receives()
    to = {"from": ada.id, "to": int(welcome.removeprefix("Connected with id "))}
    with servers.other.obstacles.failing("renew", StorageDown("cut off")):
        await trio.sleep(LEASE + 1.5)
        assert "not found" in str(await writer.asks(to | {"content": "refused"}))
        assert await guest.receives() == []
    await trio.sleep(2)
    writer.send(to | {"content": "heard"})
    assert contents(await guest.receives()) == ["heard"]


async def test_relayed_messages_reach_a_guest_in_order_also_in_a_burst(
    autojump_clock: object, servers: Servers
) -> None:
    ada = await servers.one.add("ada")
    writer, guest = await servers.one.connect(DIRECT, ada), await servers.other.connect(DIRECT)
    (welcome,) = await guest.receives()
    number = int(welcome.removeprefix("Connected with id "))
    texts = [f"line {n}" for n in range(20)]
    with servers.network.held_back():
        for text in texts:
            writer.send({"from": ada.id, "to": number, "content": text})
            await trio.sleep(3)  # by then it is refused
    assert contents(await guest.receives()) == texts


async def test_a_client_that_changes_servers_receives_nothing_twice(
    autojump_clock: object, servers: Servers
) -> None:
    ada = await servers.one.add("ada")
    on_one = await servers.one.connect(TALKER, ada)
    servers.network.is_cut = True
    on_one.send({"name": "ada", "message": "heard there"})
    await wait_all_tasks_blocked()
    # As the gateway does, before it lets anybody in.
    with trio.fail_after(1):
        await servers.other.context.cluster.catch_up()
    listener = await servers.other.connect(TALKER)
    await trio.sleep(5)
    assert [line for line in listener.received_now() if line["name"] != "server"] == []


async def test_entering_a_room_on_a_lagging_server_replays_nothing_earlier(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    enter = {"Type": "enter", "RoomID": garden.id}
    speaker, comer = await servers.one.connect(ROOMS, ada), await servers.other.connect(ROOMS, ben)
    for each in (speaker, comer):
        assert await each.receives() == [{"Type": "enter"}]
    assert await speaker.asks(enter) == {"Type": "enter"}
    servers.network.is_cut = True
    await members.join(servers.one.services, ben, garden.id)
    await members.remove(servers.one.services, ada, garden.id, ben.id)
    speaker.send({"Type": "message", "Text": "while ben is out"})
    await speaker.receives()
    with servers.other.obstacles.failing("read_log", StorageDown("this table alone")):
        await members.join(servers.one.services, ben, garden.id)
        comer.send(enter)
        await trio.sleep(11)
        assert comer.received_now() == [{"Type": "error", "Error": "internal error"}], "it can't catch up"
    comer.send(enter)
    await trio.sleep(5)
    assert comer.received_now() == [{"Type": "enter"}]
    speaker.send({"Type": "message", "Text": "welcome"})
    await trio.sleep(5)
    assert [frame["Text"] for frame in comer.received_now() if frame["Type"] == "message"] == ["welcome"]


async def test_writes_in_flight_elsewhere_are_saved_before_a_removal_is_answered(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    member = await servers.other.connect(ROOMS, ben)
    member.send({"Type": "enter", "RoomID": garden.id})
    await member.receives()
    acknowledged = []

    async def remove() -> None:
        acknowledged.append(await members.remove(servers.one.services, ada, garden.id, ben.id))

    async with trio.open_nursery() as nursery:
        with servers.other.obstacles.held("save"):
            member.send({"Type": "message", "Text": "on its way"})
            await wait_all_tasks_blocked()
            nursery.start_soon(remove)
            await wait_all_tasks_blocked()
            assert garden.id not in member.session.subscriptions
            assert acknowledged == []
            member.send({"Type": "message", "Text": "too late"})
            await wait_all_tasks_blocked()
    assert acknowledged == [None]
    assert [message.text for message in servers.one.said(garden.id)] == ["", "on its way"]


async def test_a_renewed_watermark_waits_for_writes_in_flight(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    member = await servers.other.connect(ROOMS, ben)
    member.send({"Type": "enter", "RoomID": garden.id})
    await member.receives()
    acknowledged = trio.Event()

    async def remove() -> None:
        assert await members.remove(servers.one.services, ada, garden.id, ben.id) is None
        acknowledged.set()

    async with trio.open_nursery() as nursery:
        with servers.other.obstacles.held("save"):
            member.send({"Type": "message", "Text": "on its way"})
            await wait_all_tasks_blocked()
            nursery.start_soon(remove)
            await wait_all_tasks_blocked()
            assert garden.id not in member.session.subscriptions
            servers.network.is_cut = True  # nobody but the lease tells
            await trio.sleep(3 * RENEW)
            assert not acknowledged.is_set()
        began = trio.current_time()
        await acknowledged.wait()
        assert trio.current_time() - began <= 2 * RENEW
    assert [message.text for message in servers.one.said(garden.id)] == ["", "on its way"]


async def test_a_removal_is_answered_once_writes_in_flight_are_settled(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    member = await servers.other.connect(ROOMS, ben)
    member.send({"Type": "enter", "RoomID": garden.id})
    await member.receives()
    acknowledged = trio.Event()

    async def remove() -> None:
        assert await members.remove(servers.one.services, ada, garden.id, ben.id) is None
        acknowledged.set()

    servers.other.obstacles.fail("save", OutcomeUnknown("silence"), after=True)
    async with trio.open_nursery() as nursery:
        with servers.other.obstacles.failing("settled_id", StorageDown("away")):
            member.send({"Type": "message", "Text": "perhaps on its way"})
            await member.ends()
            nursery.start_soon(remove)
            await trio.sleep(3 * RENEW)
            assert not acknowledged.is_set()
        began = trio.current_time()
        await acknowledged.wait()
        assert trio.current_time() - began <= 2 * RENEW


async def said_again_while_it_is_on_its_way(servers: Servers, seconds: float) -> list[object]:
    """What is answered on the one server, to whom the other is just removing, for what the other saves so late."""
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    draft = Draft(garden.id, ben.id, "ben", "on its way", 1.0, key="k")
    answers = list[object]()

    async def say_again() -> None:
        answers.append(await servers.one.services.writes.repeated(draft))

    async with trio.open_nursery() as nursery:
        with servers.other.obstacles.held("save"):
            nursery.start_soon(servers.other.services.writes.write, draft)
            await wait_all_tasks_blocked()
            nursery.start_soon(members.remove, servers.one.services, ada, garden.id, ben.id)
            await wait_all_tasks_blocked()
            assert not await servers.storage.rooms.is_member(garden.id, ben.id)
            nursery.start_soon(say_again)
            await trio.sleep(seconds)
    return answers


async def test_a_resend_elsewhere_is_answered_once_the_write_in_flight_is_saved(
    autojump_clock: object, servers: Servers
) -> None:
    (answer,) = await said_again_while_it_is_on_its_way(servers, 1.0)
    assert isinstance(answer, Repeated)


async def test_a_write_stuck_on_another_server_has_an_unknown_outcome(
    autojump_clock: object, servers: Servers
) -> None:
    assert await said_again_while_it_is_on_its_way(servers, 10.0) == [NOT_SAVED]


async def test_after_losing_the_database_nothing_is_published_before_a_recheck(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    member = await servers.other.connect(ROOMS, ben)
    speaker = await servers.one.connect(ROOMS, ada)
    for client in (member, speaker):
        client.send({"Type": "enter", "RoomID": garden.id})
        await client.receives()
    lobby = await servers.other.connect(TALKER)
    await lobby.receives()
    with servers.other.obstacles.failing("members_among", StorageDown("cut off")):
        with servers.other.obstacles.failing("renew", StorageDown("cut off")):
            await trio.sleep(LEASE + 1.5)
            speaker.send({"Type": "message", "Text": "when ben was a member, and not told to him"})
            await trio.sleep(1)
            with trio.fail_after(1):  # it waits for no lease that has lapsed
                assert await members.remove(servers.one.services, ada, garden.id, ben.id) is None
            speaker.send({"Type": "message", "Text": "not for ben"})
            await trio.sleep(1)
            assert member.received_now() == []
        await trio.sleep(3)  # it has a lease, and can't look
        assert member.received_now() == []
    await trio.sleep(3)
    assert member.received_now() == []
    assert await servers.one.storage.nodes.live() != []
    on_one = await servers.one.connect(TALKER, ada)
    on_one.send({"name": "ada", "message": "you are back"})
    await trio.sleep(1)
    assert [line["message"] for line in lobby.received_now()] == ["you are back"]


@pytest.mark.parametrize("again", [1, 4])
async def test_where_the_database_lost_commits_everybody_connects_again(
    autojump_clock: object, servers: Servers, again: int
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    speaker, listener = await servers.one.connect(TALKER, ada), await servers.other.connect(TALKER, ben)
    for text in ("one", "two", "three"):
        speaker.send({"name": "ada", "message": text})
        await wait_all_tasks_blocked()
    messages = servers.storage.messages
    # A standby that was behind takes over: it has not all of the log, and no leases.
    messages._by_room[LOBBY_ID].pop()
    messages._newest_id -= 1
    servers.storage.nodes._leases.clear()
    servers.network.is_silent = True
    for n in range(again):  # the log has the id again of what ben was told
        await messages.save([Draft(LOBBY_ID, ada.id, "ada", f"new {n}", 1.0)])
    await trio.sleep(3)
    assert listener.closed_with == speaker.closed_with == TOO_FAR_BEHIND


@pytest.mark.parametrize("is_cut_off", [False, True])
async def test_a_removal_with_the_id_of_a_lost_change_waits_for_its_publisher(
    autojump_clock: object, servers: Servers, is_cut_off: bool
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    speaker, member = await servers.one.connect(TALKER, ada), await servers.other.connect(ROOMS, ben)
    member.send({"Type": "enter", "RoomID": garden.id})
    for text in ("one", "two", "three"):
        speaker.send({"name": "ada", "message": text})
        await wait_all_tasks_blocked()
    await trio.sleep(BEAT)  # they have met
    messages, fence = servers.storage.messages, servers.other.journal._broadcaster._fence
    del messages._by_room[LOBBY_ID][1:]
    messages._newest_id -= 2
    servers.storage.nodes._leases.clear()
    servers.network.is_silent = True
    with ExitStack() as stack:
        if is_cut_off:
            stack.enter_context(servers.other.obstacles.failing("renew", StorageDown("it looks elsewhere")))
        assert garden.id in member.session.subscriptions
        assert await members.remove(servers.one.services, ada, garden.id, ben.id) is None
        assert not fence.is_open or garden.id not in member.session.subscriptions
    await member.ends()
    assert member.closed_with == TOO_FAR_BEHIND


async def test_a_fenced_server_keeps_its_sockets_and_publishes_late(
    autojump_clock: object, servers: Servers
) -> None:
    on_one, lobby = await speaker_and_listener(servers)
    with servers.other.obstacles.failing("renew", StorageDown("cut off")):
        await trio.sleep(FENCE + 1.1)
        on_one.send({"name": "ada", "message": "said meanwhile"})
        await trio.sleep(1)
        assert lobby.received_now() == []
    await trio.sleep(1)
    assert [line["message"] for line in lobby.received_now()] == ["said meanwhile"]


async def test_a_recheck_longer_than_a_lease_ends_with_publishing(
    autojump_clock: object, servers: Servers
) -> None:
    """As one with very many people, on a database that has just come back."""
    on_one, lobby = await speaker_and_listener(servers)
    obstacles, fence = servers.other.obstacles, servers.other.journal._broadcaster._fence
    go = obstacles.go

    async def go_slowly(call: str, do: Callable[[], Any]) -> Any:
        if call == "members_among":
            await trio.sleep(LEASE + RENEW)
        return await go(call, do)

    obstacles.go = go_slowly  # type: ignore[method-assign]
    await servers.storage.nodes.leave(servers.other.cluster.number)
    await trio.sleep(2 * RENEW)
    assert not fence.is_open
    on_one.send({"name": "ada", "message": "said meanwhile"})
    with trio.fail_after(2 * LEASE):
        await fence.wait_open()
    assert [line["message"] for line in await lobby.receives()] == ["said meanwhile"]


async def test_a_server_with_another_bus_is_refused_in_words_that_name_both(autojump_clock: object) -> None:
    storage, network = MemoryStorage(), LocalNetwork()
    async with open_server(storage, network, "notify"):
        with pytest.RaisesGroup(
            pytest.RaisesExc(OtherBus, match=r"notify.*redis.*--bus"), flatten_subgroups=True
        ):
            await opened_and_closed(storage, network, "redis://elsewhere")
    await opened_and_closed(storage, network, "redis://elsewhere")


async def test_a_server_with_another_secret_is_refused_in_words_that_name_the_flag(
    autojump_clock: object,
) -> None:
    storage, network = MemoryStorage(), LocalNetwork()
    async with open_server(storage, network):
        with pytest.RaisesGroup(
            pytest.RaisesExc(OtherSecret, match=r"another secret.*--secret-file"), flatten_subgroups=True
        ):
            async with open_server(storage, network, secret="another"):
                pass
    async with open_server(storage, network, secret="another"):
        pass


async def test_a_server_that_ends_is_waited_for_by_nobody(autojump_clock: object, servers: Servers) -> None:
    async with open_server(servers.storage, servers.network):
        assert len(await servers.storage.nodes.live()) == 3
    assert len(await servers.storage.nodes.live()) == 2
    began = trio.current_time()
    await servers.one.cluster.wait_deliveries_recorded_everywhere(1)
    assert trio.current_time() == began


async def test_a_server_that_is_silent_is_waited_for_until_its_lease_ends(
    autojump_clock: object, servers: Servers
) -> None:
    number = await servers.storage.nodes.register(
        address="gone", version="0", bus="local", secret_digest=digest_of("one secret")
    )
    began = trio.current_time()
    await servers.one.cluster.wait_deliveries_recorded_everywhere(1)
    assert LEASE - 1 <= trio.current_time() - began <= LEASE + 1
    assert number not in {node.number for node in await servers.storage.nodes.live()}


@pytest.mark.parametrize("is_registered_again", [False, True])
async def test_silent_servers_are_awaited_after_the_database_lost_all_leases(
    autojump_clock: object, servers: Servers, is_registered_again: bool
) -> None:
    one, other = servers.one.cluster, servers.other.cluster
    await trio.sleep(1)  # they have met
    servers.network.is_cut = True
    with servers.other.obstacles.failing("renew", StorageDown("cut off")):
        for server in (one, other):
            await servers.storage.nodes.leave(server.number)
        if is_registered_again:
            await trio.sleep(1.1)
            assert [node.number for node in await servers.storage.nodes.live()] == [one.number]
        began = trio.current_time()
        await one.wait_deliveries_recorded_everywhere(1)
        assert FENCE - 1.2 <= trio.current_time() - began <= LEASE + 0.5, "until its fence has closed"
    began = trio.current_time()
    await trio.sleep(1)
    servers.network.is_cut = False
    await one.wait_deliveries_recorded_everywhere(1)
    assert trio.current_time() - began < 2, "whoever is back answers"


async def test_a_bus_that_is_cut_while_a_question_is_asked_delays_the_answer_alone(
    autojump_clock: object, servers: Servers
) -> None:
    servers.network.is_cut = True
    began = trio.current_time()

    async def repair() -> None:
        await trio.sleep(1)
        servers.network.is_cut = False

    async with trio.open_nursery() as nursery:
        nursery.start_soon(repair)
        await servers.one.cluster.wait_deliveries_recorded_everywhere(1)
    assert 1 <= trio.current_time() - began <= 1.5


async def test_with_the_bus_down_a_removal_waits_for_watermarks_of_the_leases(
    autojump_clock: object, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    garden = await servers.one.make_room(ada)
    await members.join(servers.one.services, ben, garden.id)
    speaker, member = await servers.one.connect(ROOMS, ada), await servers.other.connect(ROOMS, ben)
    for client in (member, speaker):
        client.send({"Type": "enter", "RoomID": garden.id})
        await client.receives()
    servers.network.is_cut = True
    speaker.send({"Type": "message", "Text": "before"})
    await wait_all_tasks_blocked()
    began = trio.current_time()
    assert await members.remove(servers.one.services, ada, garden.id, ben.id) is None
    assert trio.current_time() - began <= 2.5
    assert [frame["Text"] for frame in member.received_now() if frame["Type"] == "message"] == ["before"]
    speaker.send({"Type": "message", "Text": "after"})
    await trio.sleep(5)
    assert member.received_now() == []


async def test_direct_messages_arrive_while_the_bus_is_down(autojump_clock: object, servers: Servers) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    writer = await servers.one.connect(DIRECT, ada)
    servers.network.is_cut = True
    writer.send({"from": ada.id, "to": ben.id, "content": "first"})
    await wait_all_tasks_blocked()
    reader = await servers.other.connect(DIRECT, ben)
    await trio.sleep(LEASE + 2)
    assert contents(reader.received_now()) == ["first"]


async def test_answers_may_arrive_before_the_responders_are_known(
    autojump_clock: object, servers: Servers
) -> None:
    answers = list[bytes]()
    carry = servers.network.carry

    def carry_and_note(sender: LocalBus, payload: bytes) -> None:
        if isinstance(PayloadReader().read(payload), Answer):
            answers.append(payload)
        carry(sender, payload)

    servers.network.carry = carry_and_note  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        with servers.one.obstacles.held("live"):
            nursery.start_soon(servers.one.cluster.wait_published_everywhere, 0)
            await wait_all_tasks_blocked()
            assert len(answers) == 1
    assert len(answers) == 1, "it is asked once"


async def test_a_question_fails_where_nobody_knows_which_servers_there_are(
    autojump_clock: object, servers: Servers
) -> None:
    servers.one.obstacles.fail("live", StorageDown("down"))
    with pytest.raises(StorageDown):
        await servers.one.cluster.wait_deliveries_recorded_everywhere(1)
    assert not servers.one.cluster._questions._waiting  # type: ignore[attr-defined]


async def test_only_named_persons_writes_are_awaited(
    autojump_clock: object, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_for: list[int] = []

    async def settled(person_id: int) -> None:
        await trio.lowlevel.checkpoint()
        waited_for.append(person_id)

    on_one, listener = await speaker_and_listener(servers)
    on_one.send({"name": "ada", "message": "hello"})
    assert await listener.receives()
    end = await servers.storage.messages.newest_id()
    asked = servers.one.cluster.wait_published_everywhere
    monkeypatch.setattr(servers.other.journal.pending_writes, "wait_resolved", settled)
    await asked(end)
    assert waited_for == []
    await asked(end, 7)
    assert waited_for == [7]


def contents(frames: list[Any]) -> list[str]:
    """Return what was said in direct messages."""
    return [frame["content"] for frame in frames if isinstance(frame, dict)]


async def test_waiting_for_a_silent_server_ends(autojump_clock: object, servers: Servers) -> None:
    on_one, listener = await speaker_and_listener(servers)
    servers.network.is_silent = True
    with servers.other.obstacles.failing("read_log", StorageDown("this table alone")):
        on_one.send({"name": "ada", "message": "hello"})
        await wait_all_tasks_blocked()
        end = await servers.storage.messages.newest_id()
        began = trio.current_time()
        for waiting in (
            servers.one.cluster.wait_published_everywhere(end),
            servers.other.cluster.wait_published_everywhere(end),
            servers.other.cluster.catch_up(),
        ):
            with pytest.raises(StorageDown, match="published"):
                await waiting
        assert trio.current_time() - began < 100
    await trio.sleep(1)
    assert [line["message"] for line in listener.received_now()] == ["hello"]
    await servers.one.cluster.wait_published_everywhere(end)


@pytest.mark.parametrize("fails", ["renew", "register"])
async def test_that_there_is_no_lease_is_logged_once_until_there_is_one_again(
    autojump_clock: object, servers: Servers, fails: str
) -> None:
    with structlog.testing.capture_logs() as logs, servers.other.obstacles.failing(fails, StorageDown("no")):
        await servers.storage.nodes.leave(servers.other.cluster.number)
        await trio.sleep(30)
    events = [each["event"] for each in logs if "lease" in each["event"]]
    assert events
    assert len(events) == len(set(events))
    await trio.sleep(5)
    with structlog.testing.capture_logs() as logs:
        await servers.storage.nodes.leave(servers.other.cluster.number)
        await trio.sleep(5)
    assert [each["event"] for each in logs if "lapsed" in each["event"]]


async def test_a_budget_is_one_for_all_servers(autojump_clock: object) -> None:
    storage, network = MemoryStorage(), LocalNetwork()
    async with (
        open_server(storage, network, messages=2.0) as one,
        open_server(storage, network, messages=2.0) as other,
    ):
        budgets = [world.context.budgets for world in (one, other)]
        for _ in range(8):  # a burst of four seconds' worth
            assert budgets[0].message(7, "192.0.2.1") is None
        await trio.sleep(0.15)
        assert budgets[1].message(7, "192.0.2.1") is not None
        assert budgets[1].message(8, "192.0.2.1") is None, "another person has a budget of their own"
        await trio.sleep(1)
        assert budgets[1].message(7, "192.0.2.1") is None


async def test_wrong_passwords_and_home_addresses_count_on_all_servers(
    autojump_clock: object, servers: Servers
) -> None:
    throttles = [world.accounts._logins._throttle for world in (servers.one, servers.other)]
    while throttles[0].take("ada", "192.0.2.1") == 0:
        pass
    throttles[0].take("ben", "192.0.2.2")
    throttles[0].was_right("ben", "192.0.2.2")
    await trio.sleep(0.15)
    assert throttles[1].take("ada", "192.0.2.1") > 0
    assert throttles[1].take("ada", "192.0.2.3") == 0, "somebody else's guesses lock nobody out elsewhere"
    homes = [throttle._at_home for throttle in throttles]
    assert list(homes[0]) == list(homes[1]) != []


async def opened_and_closed(storage: MemoryStorage, network: LocalNetwork, bus_kind: str) -> None:
    async with open_server(storage, network, bus_kind):
        pass


@pytest.mark.parametrize("is_cut", [False, True], ids=["with a bus", "without"])
async def test_support_changes_reach_every_server(
    autojump_clock: object, servers: Servers, is_cut: bool
) -> None:
    ada, olga = await servers.one.add("ada"), await servers.one.add("olga", operator=True)
    otto = await servers.one.add("otto", operator=True)
    room = await servers.storage.rooms.support_room(ada.id)
    assert room is not None
    people = SupportOf(Peer(ada.id, "ada"))
    own, on_one, on_other = [
        Replica(world, person)
        for world, person in zip((servers.one, servers.one, servers.other), (ada, olga, otto), strict=True)
    ]
    for each in (own, on_one, on_other):
        await each.connect()
    servers.network.is_cut = is_cut

    async def hear() -> list[list[str]]:
        await trio.sleep(2)
        received = [await each.receives() for each in (own, on_one, on_other)]
        return [[e["type"] for e in each if e["type"] != "members"] for each in received]

    await own.say(room.id, "help")
    assert await hear() == [[], ["room"], ["room"]]
    answers = [
        Draft(room.id, each.person.id, each.person.name, "how?", 1.0, people=people)
        for each in (on_one, on_other)
    ]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(servers.one.services.writes.write, answers[0])
        nursery.start_soon(servers.other.services.writes.write, answers[1])
    for received in await hear():
        assert sorted(received) == ["message", "message", "support"], "one of the two has it"
    closing = SupportChange(room.id, olga.id, 2.0, people, is_closed=True)
    await servers.one.services.writes.write(closing)
    assert await hear() == [["support"], ["support", "gone"], ["support", "gone"]]
    assert own.rooms[room.id]["members"] == 1
    await own.say(room.id, "thanks")
    assert await hear() == [[], ["room"], ["room"]]
    assert {each.rooms[room.id]["members"] for each in (own, on_one, on_other)} == {3}
    assert {each.rooms[room.id]["pos"] for each in (own, on_one, on_other)} == {7}


async def test_a_new_room_reaches_its_owner_on_the_other_server_at_once(servers: Servers) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    here, there, bens = Replica(servers.one, ada), Replica(servers.other, ada), Replica(servers.other, ben)
    for each in (here, there, bens):
        await each.connect()
    made = await new_room(servers.one.services, Caller(ada, Device("")), CreateRoom(name="garden"))
    assert isinstance(made, RoomValue)
    await trio.sleep(1)
    frames = [await each.receives() for each in (here, there, bens)]
    shown = [[frame["id"] for frame in each if frame["type"] == "room"] for each in frames]
    assert shown == [[made.id], [made.id], []]
