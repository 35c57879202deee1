"""A storage in memory: for tests and simulations, under the same contract as PostgreSQL."""

from chat.storage.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
