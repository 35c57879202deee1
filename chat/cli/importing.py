"""How a process that serves imports the server: with no look at what stays as long as it runs."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def importing() -> Generator[None]:
    """Collect no garbage while modules are imported, and never look at what they made; for a process that serves.

    Modules and classes are a hundred thousand objects, of which two thousand are garbage. To look for it took a tenth
    of the time of a start: during the imports, and once more when the start is over.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
