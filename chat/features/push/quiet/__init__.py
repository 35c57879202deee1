"""Quiet hours: pushes and mails wait until they are over, but those about messages of people that one chooses."""

from chat.features.feature import Feature
from chat.features.push.quiet.native import OPERATIONS
from chat.features.push.quiet.port import QUIET
from chat.features.push.quiet.queries import PostgresQuietTimes

__all__ = ["FEATURE"]

FEATURE = Feature(name="quiet_hours", ports={QUIET: PostgresQuietTimes}, operations=OPERATIONS)
