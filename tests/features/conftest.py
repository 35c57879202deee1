"""The storages of the contract suites: features have parts in both."""

from tests.storage.conftest import place, shared_database

__all__ = ["place", "shared_database"]
