"""Drafts: a text that one has typed in a room or thread and not sent is on one's other devices too."""

from chat.features.drafts.native import OPERATIONS, DraftEvent
from chat.features.drafts.queries import PostgresDrafts
from chat.features.drafts.use_cases import DRAFTS
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="drafts", ports={DRAFTS: PostgresDrafts}, operations=OPERATIONS, own_events=(DraftEvent,)
)
