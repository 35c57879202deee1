"""Saved messages: one saves a message for later, perhaps with a reminder, in a list that nobody else sees."""

from functools import partial

from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.saved import native, reminder_native
from chat.features.saved.native import SavedEvent
from chat.features.saved.queries import PostgresSavedMessages
from chat.features.saved.reminder_native import ReminderEvent, RemindersDueEvent, due_event
from chat.features.saved.reminders import REMINDER, REMINDERS, announce
from chat.features.saved.use_cases import SAVED_MESSAGES

__all__ = ["FEATURE"]


def _reminding(services: EngineServices) -> Handler:
    return partial(announce, services, due_event)


FEATURE = Feature(
    name="saved",
    ports={SAVED_MESSAGES: PostgresSavedMessages, REMINDERS: PostgresSavedMessages},
    operations=(*native.OPERATIONS, *reminder_native.OPERATIONS),
    own_events=(SavedEvent, ReminderEvent, RemindersDueEvent),
    due={REMINDER: _reminding},
)
