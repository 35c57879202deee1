"""The storage in memory: the reference model that PostgreSQL is compared with."""

from tests.reference.storage.storage import MemoryStorage

__all__ = ["MemoryStorage"]
