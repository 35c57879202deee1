"""The garbage collector of a process that serves."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


def spare_collector() -> None:
    """Let the garbage collector look less often, and never again at what the start left.

    A batch of messages is thousands of objects that end by themselves. At CPython's own pace they make it walk
    through every session again and again: 8 % of the time of a busy server with a thousand clients. Ten thousand
    and not more, because each collection stops the server: with 50,000 young objects for 30 to 50 ms, with 10,000
    for 6.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@contextmanager
def importing() -> Generator[None]:
    """Collect no garbage while modules are imported: what they make stays.

    Looking for it took a twentieth of the time of a start.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
