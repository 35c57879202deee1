"""What the calls of a feature are made with."""

from abc import ABC, abstractmethod
from typing import TypeVar
from urllib.parse import urlencode

_V = TypeVar("_V")


def with_query(path: str, **fields: int | str | None) -> str:
    """Return a path with those of the fields in its query that are not None. Sync and pure."""
    given = {name: value for name, value in fields.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


class Calls(ABC):
    """Base of the calls of each feature, and with them of `Chat`."""

    @abstractmethod
    async def _call(self, method: str, path: str, kind: type[_V]) -> _V:
        """Make a call over HTTP until it is answered; return its answer as `kind`.

        Raises:
            Refused: the server refuses for good.

        Cancelling: it may be done or not.
        """
