"""Whether every item that was sent has arrived."""

from collections import Counter
from collections.abc import Hashable


class Items:
    """Counts what was sent and what has arrived, for a check after a sweep: nothing is lost, nothing comes twice.

    An item counts as sent once the sender knows that it is: where it is cancelled before, both outcomes are right.
    """

    def __init__(self) -> None:
        self._sent: Counter[Hashable] = Counter()
        self._received: Counter[Hashable] = Counter()

    def sent(self, item: Hashable) -> None:
        """Note an item that the sender has been told is on its way."""
        self._sent[item] += 1

    def received(self, item: Hashable) -> None:
        """Note an item that somebody has."""
        self._received[item] += 1

    def assert_none_lost(self) -> None:
        """Fail with the items that were sent and have not arrived."""
        lost = self._sent - self._received
        assert not lost, f"lost: {list(lost.elements())}"

    def assert_none_twice(self) -> None:
        """Fail with the items that have arrived more than once."""
        twice = [item for item, times in self._received.items() if times > 1]
        assert not twice, f"came twice: {twice}"
