"""Forwarding: a message of one room is sent to another, quoted by the server, with its files."""

from chat.features.feature import Feature
from chat.features.forwarding.native import OPERATIONS

__all__ = ["FEATURE"]

FEATURE = Feature(name="forwarding", operations=OPERATIONS)
