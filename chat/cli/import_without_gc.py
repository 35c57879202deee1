"""Import the server without garbage collection."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def import_without_gc() -> Generator[None]:
    """Disable the garbage collector in the block, and freeze the objects created there; for a process that serves.

    The imports create a hundred thousand objects, of which two thousand are garbage. Collecting them took a tenth of
    the time of a start.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
