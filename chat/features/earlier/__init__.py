"""Earlier conversations: the other support conversations with the same email address."""

from chat.features.earlier.native import OPERATIONS
from chat.features.earlier.port import EARLIER
from chat.features.earlier.queries import PostgresEarlier
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="earlier", ports={EARLIER: PostgresEarlier}, operations=OPERATIONS)
