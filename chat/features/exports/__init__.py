"""Exports: a person gets an archive of what they have here, made in the background, by a link that ends after a day.

What an archive has, and how it is written, is also the command's: `storage/postgres/exports.py`,
`storage/export_archive.py`.
"""

from contextlib import AbstractAsyncContextManager, nullcontext

from chat.engine.services import EngineServices
from chat.features.exports.maker import Maker, open_maker
from chat.features.exports.native import OPERATIONS
from chat.features.exports.personal_data import PERSONAL_DATA
from chat.features.exports.queries import PostgresExportRequests
from chat.features.exports.requests import REQUESTS
from chat.features.exports.use_cases import EXPORTS, Exports
from chat.features.feature import Feature
from chat.storage.postgres.exports import PostgresExports

__all__ = ["FEATURE"]


def _open(services: EngineServices) -> AbstractAsyncContextManager[None]:
    if services.archives is None or not services.archives.are_for_people:
        return nullcontext()
    ports = services.feature_ports
    return open_maker(Maker(ports[REQUESTS], ports[PERSONAL_DATA], services.archives, ports[EXPORTS].asked))


FEATURE = Feature(
    name="exports",
    is_on=lambda services: services.archives is not None and services.archives.are_for_people,
    ports={REQUESTS: PostgresExportRequests, PERSONAL_DATA: PostgresExports},
    services={EXPORTS: Exports},
    operations=OPERATIONS,
    open=_open,
)
