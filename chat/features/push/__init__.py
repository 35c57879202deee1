"""Web Push: people learn of messages for them when no page of theirs is open, without anybody's gateway."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from chat.domain.features import Ports
from chat.domain.messages.explanation import Explanation
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

_LAST = 20
"""The newest decisions about a person that a command lists."""


def _open(services: EngineServices) -> AbstractAsyncContextManager[Sender]:
    ports = services.feature_ports

    async def outgoing() -> Outgoing:
        keys = await ports[PUSH].keys()
        settings = services.settings
        return Outgoing(keys, sender(services, keys), settings.public_url, settings.push_texts)

    return open_pushes(ports[LEDGER], services.hub, services.statuses, outgoing, Figures(services.metrics))


async def _explain(ports: Ports, person_id: int, place: tuple[int, int] | None) -> Sequence[Explanation]:
    if place is None:
        return await ports[LEDGER].last_of(person_id, _LAST)
    found = await ports[LEDGER].explain(person_id, *place)
    return [] if found is None else [found]


FEATURE = Feature(
    name="push",
    ports={SUBSCRIPTIONS: PostgresSubscriptions, LEDGER: PostgresLedger},
    services={PUSH: Push},
    figures=count_subscriptions,
    operations=OPERATIONS,
    open=_open,
    explain=_explain,
)
