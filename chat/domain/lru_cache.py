"""A dictionary of bounded size that drops the entries that were least recently used."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """Holds the `most` entries that were set or read last. All of it is sync."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        """Whether `key` is held. This does not count as a use."""
        return key in self._values

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys, the last used at the end. This does not count as a use."""
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
