"""Support: the conversations of people and visitors with the operators, as the native protocol has them.

Who may write where, and what a message changes of a conversation, are rules of the core:
`domain/rooms/support_state.py`.
"""

from chat.features.feature import Feature
from chat.features.support.native import OPERATIONS

__all__ = ["FEATURE"]

FEATURE = Feature(name="support", operations=OPERATIONS)
