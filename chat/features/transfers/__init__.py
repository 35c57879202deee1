"""Transfers: admins export and import in the page. A process beside the server does it: `chat/transfers/`."""

from contextlib import AbstractAsyncContextManager, nullcontext

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.transfers.import_native import IMPORT_OPERATIONS
from chat.features.transfers.native import OPERATIONS
from chat.features.transfers.queries import PostgresTransfers
from chat.features.transfers.runner import Runner, open_runner
from chat.features.transfers.transfers import TRANSFERS
from chat.features.transfers.use_cases import TRANSFER_SERVICE, TransferService

__all__ = ["FEATURE"]


def _open(services: EngineServices) -> AbstractAsyncContextManager[None]:
    if services.archives is None:
        return nullcontext()
    ports = services.feature_ports
    return open_runner(Runner(ports[TRANSFERS], services.archives, ports[TRANSFER_SERVICE].asked))


FEATURE = Feature(
    name="transfers",
    is_on=lambda services: services.archives is not None,
    ports={TRANSFERS: PostgresTransfers},
    services={TRANSFER_SERVICE: TransferService},
    operations=(*OPERATIONS, *IMPORT_OPERATIONS),
    open=_open,
)
