"""The list of visitors of the support widget, for admins."""

from chat.features.feature import Feature
from chat.features.visitor_list.native import OPERATIONS
from chat.features.visitor_list.port import VISITOR_LIST
from chat.features.visitor_list.queries import PostgresVisitorList

__all__ = ["FEATURE"]

FEATURE = Feature(name="visitor_list", ports={VISITOR_LIST: PostgresVisitorList}, operations=OPERATIONS)
