"""Web Push: people learn of messages for them when no page of theirs is open, without anybody's gateway."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from msgspec import structs

from chat.domain.features import Ports
from chat.domain.messages.explanation import Explanation
from chat.domain.own_pushes import OWN_PUSHES
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.push.figures import Figures
from chat.features.push.ledger import LEDGER
from chat.features.push.ledger_queries import PostgresLedger
from chat.features.push.missed.port import MISSED
from chat.features.push.native import OPERATIONS
from chat.features.push.opening import open_pushes
from chat.features.push.own import OwnPushSender
from chat.features.push.rules import Decision
from chat.features.push.sending import Sender
from chat.features.push.subscription_queries import PostgresSubscriptions, count_subscriptions
from chat.features.push.subscriptions import SUBSCRIPTIONS
from chat.features.push.use_cases import PUSH, Push, outgoing

__all__ = ["FEATURE"]

_LAST = 20
"""The newest decisions about a person that a command lists."""


@asynccontextmanager
async def _open(services: EngineServices) -> AsyncGenerator[Sender]:
    """Notify people for as long as the block lasts. Cancelling: as of `open_pushes`."""
    ports = services.feature_ports

    figures = Figures(services.metrics)
    async with open_pushes(
        ports[LEDGER],
        services.hub,
        services.statuses,
        partial(outgoing, services),
        figures,
        directory=services.local,
        data_id=services.data_id,
    ) as pushes:
        ports[PUSH].wake = pushes.wake
        own = ports[OWN_PUSHES]
        assert isinstance(own, OwnPushSender)
        own.outgoing = partial(outgoing, services)
        ports[PUSH].count_report = figures.reported
        yield pushes


async def _explain(ports: Ports, person_id: int, place: tuple[int, int] | None) -> Sequence[Explanation]:
    ledger, missed = ports[LEDGER], ports[MISSED]
    if place is not None:
        found = await ledger.explain(person_id, *place)
        mail = await missed.explain(person_id, *place)
        return [] if found is None else [structs.replace(found, mail=mail)]
    mails = {(room, seq): mail for room, seq, mail in await missed.last_of(person_id, _LAST)}
    pushes = [
        structs.replace(each, mail=mails.pop((each.room_id, each.seq), None))
        for each in await ledger.last_of(person_id, _LAST)
    ]
    mailed = [
        Explanation(room_id=room, seq=seq, decision=Decision.NO_DEVICE, at=mail.at, mail=mail)
        for (room, seq), mail in mails.items()
    ]
    return sorted([*pushes, *mailed], key=lambda each: -each.at)[:_LAST]


FEATURE = Feature(
    name="push",
    ports={SUBSCRIPTIONS: PostgresSubscriptions, LEDGER: PostgresLedger},
    services={PUSH: Push, OWN_PUSHES: OwnPushSender},
    figures=count_subscriptions,
    operations=OPERATIONS,
    open=_open,
    explain=_explain,
)
