"""Threads: a message and the replies to it, which stay in their room; who follows a thread is notified of them."""

from contextlib import AbstractAsyncContextManager

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.threads.filling import open_filling
from chat.features.threads.native import OPERATIONS
from chat.features.threads.queries import PostgresThreads, remove_replies
from chat.features.threads.use_cases import THREADS

__all__ = ["FEATURE"]


def _open(services: EngineServices) -> AbstractAsyncContextManager[None]:
    return open_filling(services.feature_ports[THREADS])


FEATURE = Feature(
    name="threads",
    ports={THREADS: PostgresThreads},
    removal=remove_replies,
    operations=OPERATIONS,
    open=_open,
)
