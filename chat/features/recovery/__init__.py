"""Recovery: somebody who forgot their password gets a link by mail, to the address that their account has."""

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.recovery import imported
from chat.features.recovery.imported_queries import PostgresImportedPeople
from chat.features.recovery.native import OPERATIONS
from chat.features.recovery.port import RESETS
from chat.features.recovery.queries import PostgresResets
from chat.features.recovery.requests import REQUESTS, ResetRequests, open_requests

__all__ = ["FEATURE"]


def _is_on(services: EngineServices) -> bool:
    return services.mail is not None


FEATURE = Feature(
    name="recovery",
    is_on=_is_on,
    ports={RESETS: PostgresResets, imported.IMPORTED_PEOPLE: PostgresImportedPeople},
    services={REQUESTS: ResetRequests},
    operations=(*OPERATIONS, *imported.OPERATIONS),
    open=open_requests,
)
