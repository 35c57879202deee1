"""Web Push: people learn of messages for them when no page of theirs is open, without anybody's gateway."""

from contextlib import AbstractAsyncContextManager

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.push.figures import Figures
from chat.features.push.ledger import LEDGER
from chat.features.push.ledger_queries import PostgresLedger
from chat.features.push.native import OPERATIONS
from chat.features.push.opening import open_pushes
from chat.features.push.sending import Outgoing, Sender
from chat.features.push.subscription_queries import PostgresSubscriptions, count_subscriptions
from chat.features.push.subscriptions import SUBSCRIPTIONS
from chat.features.push.use_cases import PUSH, Push, sender

__all__ = ["FEATURE"]


def _open(services: EngineServices) -> AbstractAsyncContextManager[Sender]:
    ports = services.feature_ports

    async def outgoing() -> Outgoing:
        keys = await ports[PUSH].keys()
        return Outgoing(keys, sender(services, keys), services.settings.public_url)

    return open_pushes(ports[LEDGER], services.hub, services.statuses, outgoing, Figures(services.metrics))


FEATURE = Feature(
    name="push",
    ports={SUBSCRIPTIONS: PostgresSubscriptions, LEDGER: PostgresLedger},
    services={PUSH: Push},
    figures=count_subscriptions,
    operations=OPERATIONS,
    open=_open,
)
