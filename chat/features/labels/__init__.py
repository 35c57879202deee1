"""Labels of support conversations: operators make them, give them to conversations, and filter the inbox by them."""

from chat.features.feature import Feature
from chat.features.labels.native import OPERATIONS, LabelsEvent
from chat.features.labels.port import LABELS
from chat.features.labels.queries import PostgresLabels

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="labels", ports={LABELS: PostgresLabels}, operations=OPERATIONS, own_events=(LabelsEvent,)
)
