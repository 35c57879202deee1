"""A queue in which keys take turns, however many entries each has."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Waiting entries by key. All of it is sync."""

    def __init__(self) -> None:
        self._turns: OrderedDict[Hashable, deque[T]] = OrderedDict()  # in the order of their turns
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def count(self, key: Hashable) -> int:
        return len(self._turns.get(key, ()))

    def add(self, key: Hashable, turn: T) -> None:
        self._turns.setdefault(key, deque()).append(turn)
        self._length += 1

    def remove(self, key: Hashable, turn: T) -> None:
        self._turns[key].remove(turn)
        self._removed(key)

    def next(self) -> T:
        key = next(iter(self._turns))
        turn = self._turns[key].popleft()
        self._turns.move_to_end(key)
        self._removed(key)
        return turn

    def _removed(self, key: Hashable) -> None:
        self._length -= 1
        if not self._turns[key]:
            del self._turns[key]
