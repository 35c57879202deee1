"""Invites: making, reading, accepting, listing and withdrawing them.

That registering may take an invite, and that a room accepts who has one, are rules of the core:
`domain/accounts/invites.py`.
"""

from chat.features.feature import Feature
from chat.features.invites.mailed import INVITED, OPERATION
from chat.features.invites.native import OPERATIONS
from chat.features.invites.queries import PostgresInvited

__all__ = ["FEATURE"]

FEATURE = Feature(name="invites", ports={INVITED: PostgresInvited}, operations=(*OPERATIONS, OPERATION))
