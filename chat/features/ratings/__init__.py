"""Ratings: what a person thinks of a conversation with the operators, once it is closed."""

from chat.features.feature import Feature
from chat.features.ratings.native import OPERATIONS, RatingsEvent
from chat.features.ratings.port import RATINGS
from chat.features.ratings.queries import PostgresRatings

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="ratings", ports={RATINGS: PostgresRatings}, operations=OPERATIONS, own_events=(RatingsEvent,)
)
