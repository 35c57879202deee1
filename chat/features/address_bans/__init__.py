"""Bans of network addresses: of registering from there, or of all access, until a time or for good.

Each server has those that hold in memory (`domain/limits/address_bans.py`), and reads them again when they change.
"""

from chat.domain.limits.address_bans import ADDRESS_BANS
from chat.features.address_bans.following import open_following
from chat.features.address_bans.native import OPERATIONS
from chat.features.address_bans.queries import PostgresAddressBans
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="address_bans",
    ports={ADDRESS_BANS: PostgresAddressBans},
    operations=OPERATIONS,
    open=open_following,
)
