"""A dictionary that keeps what was used last, and forgets the rest."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The `most` entries that were set or read last. All of it is sync."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        """Whether `key` is kept. To ask this is no use of it."""
        return key in self._values

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys, the last used at the end. To see them is no use of them."""
        return iter(self._values)

    def __delitem__(self, key: K) -> None:
        del self._values[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def get(self, key: K) -> V | None:
        """Return the value of `key`, which counts as a use, or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value
