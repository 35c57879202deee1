"""Search: messages of one's own rooms are found by their words, a second after they were sent."""

from contextlib import AbstractAsyncContextManager

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.search.index import INDEX
from chat.features.search.indexer import open_indexer
from chat.features.search.native import OPERATIONS
from chat.features.search.queries import PostgresSearchIndex, read_lag, remove_words
from chat.features.search.runner import SEARCHES, SearchRunner

__all__ = ["FEATURE"]


def _open(services: EngineServices) -> AbstractAsyncContextManager[None]:
    return open_indexer(services.feature_ports[INDEX], lambda: services.hub.newest_id)


FEATURE = Feature(
    name="search",
    ports={INDEX: PostgresSearchIndex},
    services={SEARCHES: lambda ports: SearchRunner(ports[INDEX])},
    removal=remove_words,
    figures=read_lag,
    operations=OPERATIONS,
    open=_open,
)
