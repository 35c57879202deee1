"""Group direct messages: a private room of three to nine people, whom nobody else can join."""

from chat.features.feature import Feature
from chat.features.groups.native import OPERATIONS
from chat.features.groups.queries import PostgresGroups
from chat.features.groups.use_cases import GROUPS

__all__ = ["FEATURE"]

FEATURE = Feature(name="groups", ports={GROUPS: PostgresGroups}, operations=OPERATIONS)
