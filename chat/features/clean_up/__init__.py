"""Clean-ups: a moderator deletes what somebody said in the last hours, in all rooms that they moderate, at once."""

from chat.features.clean_up.native import OPERATIONS
from chat.features.clean_up.queries import PostgresRecentMessages
from chat.features.clean_up.use_cases import RECENT_MESSAGES
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="clean_up", ports={RECENT_MESSAGES: PostgresRecentMessages}, operations=OPERATIONS)
