"""Dates: which message of a room is the first of a day, so that people can go there."""

from chat.domain.messages.dates import DATES
from chat.features.dates.native import OPERATIONS
from chat.features.dates.queries import PostgresDates
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="dates", ports={DATES: PostgresDates}, operations=OPERATIONS)
