"""Scheduled messages: one writes a message now, and the server sends it at a time, by the rights of that time."""

from functools import partial

from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.scheduled.native import (
    OPERATIONS,
    ScheduledEvent,
    UnscheduledEvent,
    scheduled_event,
    unscheduled_event,
)
from chat.features.scheduled.port import SCHEDULED, SCHEDULED_MESSAGES
from chat.features.scheduled.queries import PostgresScheduledMessages
from chat.features.scheduled.sending import send_due

__all__ = ["FEATURE"]


def _sending(services: EngineServices) -> Handler:
    return partial(send_due, services, scheduled_event, unscheduled_event)


FEATURE = Feature(
    name="scheduled",
    ports={SCHEDULED_MESSAGES: PostgresScheduledMessages},
    operations=OPERATIONS,
    own_events=(ScheduledEvent, UnscheduledEvent),
    due={SCHEDULED: _sending},
)
