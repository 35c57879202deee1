"""Calls: a message with a link to a room of a service elsewhere, whose name nobody can guess."""

from chat.features.calls.native import OPERATIONS
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="calls", operations=OPERATIONS)
