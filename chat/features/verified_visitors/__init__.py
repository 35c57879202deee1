"""Verified visitors: a site signs who its visitor is, and the conversation follows them over devices."""

from chat.features.feature import Feature
from chat.features.verified_visitors.native import OPERATIONS
from chat.features.verified_visitors.port import VERIFIED_VISITORS
from chat.features.verified_visitors.queries import PostgresVerifiedVisitors

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="verified_visitors", ports={VERIFIED_VISITORS: PostgresVerifiedVisitors}, operations=OPERATIONS
)
