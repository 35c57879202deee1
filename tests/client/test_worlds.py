"""Random worlds: people change rooms, connections and frames are lost, programs restart, history is reset.

Whatever happens, each client ends with exactly the model's rooms, each key was saved once, and each program was told
every change of its rooms once and in order, or that history was reset.
"""

import os
import random
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack

import pytest
import trio
import trio._core._run as trio_run
from trio.testing import MockClock

from chat.client.chat import Chat
from chat.client.errors import Refused
from chat.client.structs import Position
from tests.client.comparing import info_of, messages_of, plain
from tests.client.model import Json, ModelRoom, ModelWorld
from tests.client.model_server import PEOPLE, ModelServer, RefusedByModel
from tests.client.people import EventChecker, Reach, reached
from tests.client.vector_writer import change_at_random

SEEDS = int(os.environ.get("CLIENT_WORLDS", "40"))
"""How many worlds; each takes a tenth of a second."""

ADA = 1


class World:
    """One world of a seed: a client of ada's under test, and everybody else on the model itself."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.server = ModelServer(ModelWorld(dict(PEOPLE)), known=self.rng.choice((1, 2, 1000)), in_flight=8)
        self.rooms = [self.server.world.add_room(1, 2, 3) for _ in range(3)]
        self.bad_luck = 0.0
        self.server.loses_answer = lambda _request: self.rng.random() < self.bad_luck
        self.server.loses_event = lambda event: event["type"] != "read" and self.rng.random() < self.bad_luck
        self.server.on_request = self._refuse
        self.places = self.rng.choice((3, 1000))
        self.keep = self.rng.choice((5, 500))
        self.sent: list[str] = []
        self.restored: set[int] = set()

    def _refuse(self, request: Json) -> None:
        if request["type"] not in ("hello", "sync") and self.rng.random() < self.bad_luck:
            code = self.rng.choice(("unavailable", "too_many", "outcome_unknown"))
            raise RefusedByModel(code, retry_ms=self.rng.randint(1, 2000))

    async def live(self, reach: Reach) -> None:
        positions: dict[int, Position] = {}
        checker = EventChecker()
        for life in range(self.rng.randint(1, 3)):  # restarts, with kept positions
            async with AsyncExitStack() as stack:
                chat = await stack.enter_async_context(
                    reach("ada", positions, places=self.places, keep=self.keep)
                )
                nursery = await stack.enter_async_context(trio.open_nursery())
                is_slow = self.rng.random() < 0.3
                if not is_slow:
                    nursery.start_soon(checker.take, chat)
                self.bad_luck = self.rng.choice((0.0, 0.02, 0.1))
                for n in range(self.rng.randint(5, 40)):
                    self._step(1000 * life + n)
                    nursery.start_soon(self._ask_something, chat, n)
                    await trio.sleep(self.rng.choice((0, 0, 0.01, 1, 40)))
                if is_slow:
                    nursery.start_soon(checker.take, chat)
                self.bad_luck, self.server.is_reachable = 0.0, True
                await trio.sleep(300)  # all is well again
                self._crash()
                await trio.sleep(60)
                for room in self.rooms:  # an event that was lost is missed when the next one comes
                    self.server.publish(room, room.say(2, "the end", f"end-{life}"))
                await trio.sleep(10)
                await self._compare(chat, checker)
                nursery.cancel_scope.cancel()
                positions = chat.positions
        self._each_key_was_saved_once()

    def _step(self, n: int) -> None:
        """Something happens that the client does not do."""
        rng, room = self.rng, self.rng.choice(self.rooms)
        match rng.randrange(30):
            case 0:
                self._crash()
            case 1:
                for socket in tuple(self.server.sockets):
                    socket.close(rng.choice((1001, 1011, 4008, 4009, 4010)))
            case 2:
                self.server.is_reachable = not self.server.is_reachable
            case 3 if ADA in room.members:
                self.server.remove(room, ADA)
            case 3 | 4 if ADA not in room.members:
                self.server.join(room, ADA)
            case 5 if room.pos > 4:
                for socket in tuple(self.server.sockets):
                    socket.drop()
                room.restore(rng.randint(3, room.pos))
                self.restored.add(room.id)
            case 6 if rng.random() < 0.5:
                for socket in tuple(self.server.sockets):
                    socket.drop()
                room.floor = room.pos
            case _:
                event = change_at_random(room, rng, n)
                if event is not None and event["type"] != "read":
                    self.server.publish(room, event)
                elif event is not None:
                    for socket in self.server._sockets_of(ADA):
                        if room.id in socket.rooms:
                            socket.send_frame(event)

    def _crash(self) -> None:
        for socket in tuple(self.server.sockets):
            socket.drop()
        for room in self.rooms:
            room.crash()
        self.server.world.now += 60_000

    async def _ask_something(self, chat: Chat, n: int) -> None:
        """The program does something; that the room is not there any more, or the message not its own, is no matter."""
        rng, room = self.rng, self.rng.choice(self.rooms)
        seq = rng.randint(1, room.seq)
        try:
            match rng.randrange(8):
                case 0 | 1 | 2:
                    await self._send(chat, room, n)
                case 3:
                    await chat.edit(room.id, seq, f"edited by ada {n}")
                case 4:
                    await chat.delete(room.id, seq)
                case 5:
                    react = chat.add_reaction if rng.random() < 0.7 else chat.remove_reaction
                    await react(room.id, seq, "👍")
                case 6:
                    mark = chat.mark_unread if rng.random() < 0.3 else chat.mark_read
                    await mark(room.id, seq)
                case 7:
                    page = await chat.history(room.id, around=seq, limit=rng.randint(1, 9))
                    assert [each.seq for each in page.messages] == sorted(
                        {each.seq for each in page.messages}
                    )
        except Refused as refused:
            if refused.code not in ("not_found", "forbidden"):
                raise

    async def _send(self, chat: Chat, room: ModelRoom, n: int) -> None:
        text = f"{n} of {len(self.sent)}"
        await chat.send(room.id, text)
        self.sent.append(text)

    async def _compare(self, chat: Chat, checker: EventChecker) -> None:
        mine = {room.id: room for room in self.rooms if ADA in room.members}
        assert set(chat.rooms) == set(mine)
        for room in mine.values():
            assert sorted(info_of(chat.rooms[room.id]).items()) == sorted(plain(room.snapshot(ADA)).items())
        for room_id, room in chat.rooms.items():
            for message in messages_of(room):
                assert message == plain(mine[room_id].message_for(ADA, message["seq"]))
        assert checker.at == {room.id: room.pos for room in mine.values()}
        assert {room: position.pos for room, position in chat.positions.items()} == checker.at
        assert checker.is_up

    def _each_key_was_saved_once(self) -> None:
        saved = [
            message["key"]
            for room in self.rooms
            for message in room.messages.values()
            if message["sender"]["id"] == ADA and "key" in message
        ]
        assert len(saved) == len(set(saved))
        if not self.restored:
            texts = {each[0]["text"] for each in self.server.world.keys.values()}
            assert texts >= set(self.sent), "what was acknowledged is saved"


@pytest.fixture
def scheduled() -> Generator[Callable[[int], None]]:
    """Lets Trio order its tasks by a seed, so that a world can be looked at again."""
    before = trio_run._ALLOW_DETERMINISTIC_SCHEDULING
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True
    yield trio_run._r.seed
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = before


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_every_client_ends_with_the_models_rooms(
    seed: int, autojump_clock: MockClock, scheduled: Callable[[int], None]
) -> None:
    scheduled(seed)
    world = World(seed)
    async with reached(world.server) as reach:
        with trio.fail_after(3600):
            await world.live(reach)
