"""Blocks: whom one blocks, and blocking and unblocking them.

That who is blocked can't write is a rule of the core: `domain/rooms/blocks.py`.
"""

from chat.features.blocks.native import OPERATIONS
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="blocks", operations=OPERATIONS)
