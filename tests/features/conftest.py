"""The storages of the contract suites, for features have parts in both, and the code that sweeps look at."""

from tests.cancellation.conftest import swept_code
from tests.storage.conftest import place, shared_database

__all__ = ["place", "shared_database", "swept_code"]
