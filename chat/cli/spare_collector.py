"""The garbage collector of a process that serves."""

import gc
from time import perf_counter

import trio

_THRESHOLDS = (10_000, 1000, 20)
"""Net allocations, and collections of the generation below, at which CPython collects by itself: where the loop is
never idle. With 50,000 young objects that stops the server for 30 to 50 ms, with 10,000 for 6."""

_WORTH_IT = (2000, 50, 20)
"""The same, at which an idle loop collects: 2,000 young objects take it some two milliseconds."""

_SHARES = (0.01, 0.0005, 0.0002)
"""Part of the time that an idle loop collects each generation at most: the middle one takes 10 to 20 milliseconds."""


def spare_collector() -> None:
    """Let the garbage collector look less often, and never again at what the start left; called in Trio's run.

    A batch of messages is thousands of objects that end by themselves. At CPython's own pace they make it walk
    through every session again and again: 8 % of the time of a busy server with a thousand clients.
    """
    gc.collect()  # what was imported is frozen already
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    trio.lowlevel.add_instrument(IdleCollector())


class IdleCollector(trio.abc.Instrument):
    """Collects garbage in small steps when the loop is about to wait, so that there is no large one while it is busy.

    What a collection took says when the next one may be: the older a generation and the more there is in it, the later.
    """

    def __init__(self) -> None:
        self._not_before = [0.0] * len(_SHARES)

    def before_io_wait(self, timeout: float) -> None:
        """Collect the oldest generation that is worth it. Trio calls this in each pass."""
        if timeout <= 0 or (counts := gc.get_count())[0] < _WORTH_IT[0]:
            return
        began = perf_counter()
        for generation in (2, 1, 0):
            if counts[generation] >= _WORTH_IT[generation] and began >= self._not_before[generation]:
                gc.collect(generation)
                ended = perf_counter()
                self._not_before[generation] = ended + (ended - began) / _SHARES[generation]
                return
