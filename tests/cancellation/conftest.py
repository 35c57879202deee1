"""Which code the sweeps look at, and their database."""

from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio
from trio_cancel_sweep import SweptCode

import chat
from chat.gateway.fair_scheduler import FairScheduler
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.support.databases import kept_database, open_emptying
from tests.support.server import ServerProcess


@pytest.fixture(scope="session")
def swept_code() -> SweptCode:
    """All of chat."""
    return SweptCode(Path(chat.__file__).parent, stepped_in_turns)


@pytest.fixture(scope="module")
def one_database(server: ServerProcess) -> Generator[DatabaseAddress]:
    """One migrated database for all sweeps of a file."""

    async def migrate() -> None:
        async with open_postgres_storage(address, pool_size=1, query_timeout=10, commit_timeout=10):
            pass

    with kept_database(server) as address:
        trio.run(migrate)
        with open_emptying(address):
            yield address


def stepped_in_turns(frame: FrameType) -> Any:
    """The call that waits in its turn: `FairScheduler.steps` steps it."""
    steps: Any = FairScheduler.steps
    return frame.f_locals["work"] if frame.f_code.co_name == steps.__name__ else None
