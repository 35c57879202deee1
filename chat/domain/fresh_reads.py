"""Reads of the storage that detect a concurrent change of the data they read.

An answer may be older than a change that was committed, and announced, before the answer arrived. Acting on it, or
caching it, would undo the change here. So each read registers the keys that it is about, a change marks
those reads as stale, and a stale answer is read again, or not kept.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from types import TracebackType
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Read(Generic[K]):
    """One read under way, of one key or more, for as long as its block lasts."""

    __slots__ = ("_keys", "_under_way", "stale")

    def __init__(self, under_way: "dict[K, set[Read[K]]]", keys: frozenset[K]) -> None:
        self._under_way = under_way
        self._keys = keys
        self.stale: set[K] = set()
        """The keys that have changed since the read began."""

    @property
    def is_fresh(self) -> bool:
        """Whether no key has changed since the read began."""
        return not self.stale

    def __enter__(self) -> "Read[K]":
        for key in self._keys:
            self._under_way.setdefault(key, set()).add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for key in self._keys:
            reads = self._under_way[key]
            reads.remove(self)
            if not reads:
                del self._under_way[key]


class FreshReads(Generic[K]):
    """The reads under way, by key. It keeps nothing of those that have ended. All but read() is sync."""

    def __init__(self) -> None:
        self._under_way: dict[K, set[Read[K]]] = {}

    def reading(self, *keys: K) -> Read[K]:
        """Return a read of these keys, to be entered by `with`; look at its `stale` afterwards."""
        return Read(self._under_way, frozenset(keys))

    async def read(self, key: K, look: Callable[[], Awaitable[T]]) -> T:
        """Return what `look` finds, as it is when this returns: a stale answer is read again.

        The caller acts on the answer before it awaits anything. Raises what `look` raises. Cancelling changes nothing.
        """
        while True:
            with self.reading(key) as read:
                found = await look()
            if read.is_fresh:
                return found

    def changed(self, *keys: K) -> None:
        """Mark the reads of these keys as stale: a change is committed."""
        self._mark(key for key in keys if key in self._under_way)

    def all_changed(self) -> None:
        """Mark all reads under way as stale: anything may have changed."""
        self._mark(self._under_way)

    def changed_where(self, is_changed: Callable[[K], bool]) -> None:
        """Mark the reads of those keys as stale for which `is_changed` is true."""
        self._mark(key for key in self._under_way if is_changed(key))

    def _mark(self, keys: Iterable[K]) -> None:
        for key in keys:
            for read in self._under_way[key]:
                read.stale.add(key)
