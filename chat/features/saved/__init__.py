"""Saved messages: one saves a message for later, and finds all of them in one list, which nobody else sees."""

from chat.features.feature import Feature
from chat.features.saved.native import OPERATIONS, SavedEvent
from chat.features.saved.queries import PostgresSavedMessages
from chat.features.saved.use_cases import SAVED_MESSAGES

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="saved",
    ports={SAVED_MESSAGES: PostgresSavedMessages},
    operations=OPERATIONS,
    own_events=(SavedEvent,),
)
