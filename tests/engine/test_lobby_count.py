"""How many are in the lobby: counted when somebody came, and told once a second at most."""

import pytest
import trio
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.domain.live import LobbyCounted
from chat.engine.lobby_count import LobbyCount


class Lobby:
    """Some people, who are counted by a storage that takes its time; and what is told of them."""

    def __init__(self) -> None:
        self.people = 3
        self.counts = 0
        self.is_down = False
        self.told: list[int] = []
        self.count = LobbyCount(self._count, self._tell)

    async def _count(self) -> int:
        people = self.people
        self.counts += 1
        await trio.sleep(0.1)
        if self.is_down:
            raise StorageDown("down")
        return people

    def _tell(self, counted: LobbyCounted) -> None:
        self.told.append(counted.members)


@pytest.fixture
async def lobby(autojump_clock: MockClock, nursery: trio.Nursery) -> Lobby:
    lobby = Lobby()
    nursery.start_soon(lobby.count.tell)
    return lobby


async def test_they_are_counted_once_until_somebody_comes(lobby: Lobby) -> None:
    assert [await lobby.count.now() for _ in range(3)] == [3] * 3
    assert lobby.counts == 1
    lobby.people += 1
    lobby.count.changed(4)
    assert await lobby.count.now() == 4


async def test_who_comes_while_they_are_counted_is_counted_the_next_time(
    lobby: Lobby, nursery: trio.Nursery
) -> None:
    nursery.start_soon(lobby.count.now)
    await trio.sleep(0.05)
    lobby.people += 1
    lobby.count.changed(4)
    await trio.sleep(0.1)
    assert await lobby.count.now() == 4


async def test_many_who_come_at_once_are_told_of_together_and_nobody_before_somebody_comes(
    lobby: Lobby,
) -> None:
    await trio.sleep(5)
    assert lobby.told == []
    for _ in range(100):
        lobby.people += 1
        lobby.count.changed(lobby.people)
        await trio.sleep(0.001)
    await trio.sleep(5)
    assert lobby.told == [103]
    assert lobby.counts == 1


async def test_an_outage_is_waited_for(lobby: Lobby) -> None:
    lobby.is_down = True
    lobby.count.changed(None)
    await trio.sleep(10)
    assert lobby.told == []
    assert 5 <= lobby.counts <= 10, "it tries once a second"
    lobby.is_down = False
    await trio.sleep(2)
    assert lobby.told == [3]
