"""Leaving for good, by oneself or by an admin: with the name and words kept, without the name, or without either.

What is removed, and how, are rules of the core: `domain/accounts/account_removal.py`, `engine/eraser.py`.
"""

from chat.features.feature import Feature
from chat.features.leaving.native import OPERATIONS

__all__ = ["FEATURE"]

FEATURE = Feature(name="leaving", operations=OPERATIONS)
