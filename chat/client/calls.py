"""What the calls of a feature are made with."""

from abc import ABC, abstractmethod
from typing import TypeVar

_V = TypeVar("_V")


class Calls(ABC):
    """Base of the calls of each feature, and with them of `Chat`."""

    @abstractmethod
    async def _call(self, method: str, path: str, kind: type[_V]) -> _V:
        """Make a call over HTTP until it is answered; return its answer as `kind`.

        Raises:
            Refused: the server refuses for good.

        Cancelling: it may be done or not.
        """
