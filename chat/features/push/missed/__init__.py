"""Mails for missed messages: who reads nothing for a while gets one mail for each room, by the rules of pushes."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import trio

from chat.due.runner import Handler
from chat.due.schedule import SCHEDULE, Schedule
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.push.follower import follow
from chat.features.push.missed.native import OPERATIONS
from chat.features.push.missed.port import MISSED, MISSED_MAIL, USUAL
from chat.features.push.missed.queries import PostgresMissed
from chat.features.push.missed.sending import FIGURES, HowToMail, MissedFigures, MissedMails
from chat.features.push.opening import forget_old
from chat.features.push.rules import Decision

__all__ = ["FEATURE"]

_PACE = 5.0
"""Seconds from one step along the log to the next: a mail has time."""


class _Wakes:
    """Counts decisions, and has this server look at due items when there is a new one. Sync."""

    def __init__(self, figures: MissedFigures, schedule: Schedule) -> None:
        self._figures = figures
        self._schedule = schedule

    def decided(self, counts: Mapping[Decision, int]) -> None:
        self._figures.decided(counts)
        if counts.get(Decision.WAITING):
            self._schedule.wake()


def _is_on(services: EngineServices) -> bool:
    return services.mail is not None


@asynccontextmanager
async def _open(services: EngineServices) -> AsyncGenerator[None]:
    """Decide about new messages for as long as the block lasts; without a mail server nothing runs.

    Cancelling: a step is done whole, or not begun.
    """
    if not _is_on(services):
        yield
        return
    ports = services.feature_ports
    missed, figures = ports[MISSED], ports[FIGURES]
    figures.register(services.metrics)
    counts = _Wakes(figures, ports[SCHEDULE])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow, missed, services.hub, counts, _nothing, USUAL, _PACE, "mails")
        nursery.start_soon(forget_old, missed, "mails")
        yield
        nursery.cancel_scope.cancel(reason="the server stops")


def _nothing() -> None:
    """Do nothing. Sync."""


def _mailer(services: EngineServices) -> Handler:
    from chat.mail.handing_over import MailDoor  # here: smtplib is loaded where there is a mail server

    server, settings = services.mail, services.settings
    assert server is not None

    def how() -> HowToMail:
        return HowToMail(server, settings.server_name, settings.public_url, settings.push_texts)

    ports = services.feature_ports
    mails = MissedMails(ports[MISSED], services.statuses, how, MailDoor(server).hand_over, ports[FIGURES])
    return mails.mail


FEATURE = Feature(
    name="missed_mail",
    is_on=_is_on,
    ports={MISSED: PostgresMissed},
    services={FIGURES: MissedFigures},
    operations=OPERATIONS,
    due={MISSED_MAIL: _mailer},
    open=_open,
)
