"""The task that gives earlier replies their roots: it goes on after an outage, and ends."""

import trio
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.features.threads.filling import open_filling
from chat.features.threads.use_cases import THREADS
from tests.features.threads.model import ThreadsModel
from tests.reference.storage import MemoryStorage


class Filling(ThreadsModel):
    """Five steps, of which the second fails once."""

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage)
        self.steps = 0

    async def fill(self, most: int) -> bool:
        await trio.lowlevel.checkpoint()
        assert most > 0
        self.steps += 1
        if self.steps == 2:
            raise StorageDown("an outage")
        return self.steps < 5


async def test_filling_goes_on_after_an_outage_and_ends(autojump_clock: MockClock) -> None:
    storage = MemoryStorage()
    threads = Filling(storage)
    async with open_filling(threads):
        await trio.sleep(60)
        assert threads.steps == 5
    assert THREADS in storage.feature_ports
