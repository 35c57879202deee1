"""File descriptors, one of which each connection takes: raises their limit, and holds one in reserve."""

import os
import sys
from contextlib import suppress
from types import TracebackType


def raise_descriptor_limit() -> int | None:
    """Raise the soft limit on open files to the hard one, and return the new limit.

    None: the system has no such limit (Windows), or it is infinite.
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS reports an infinite hard limit and still refuses more than 10,240.
    for limit in (hard, 10_240):
        if limit == soft or (soft != resource.RLIM_INFINITY and 0 <= limit < soft):
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        except (ValueError, OSError):
            continue
        soft = limit
        break
    return None if soft == resource.RLIM_INFINITY else soft


class SpareDescriptor:
    """A descriptor in reserve, for one connection at a time when there is no other. Use as a block. All of it is sync.

    Without it, nobody learns that the server is full: connections wait in the backlog, those of health checks too.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def hold(self) -> bool:
        """Take a descriptor, unless one is held; return whether one is held now."""
        if self._descriptor is None:
            with suppress(OSError):
                self._descriptor = os.open(os.devnull, os.O_RDONLY)
        return self._descriptor is not None

    def release(self) -> None:
        """Free the descriptor, if one is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "SpareDescriptor":
        self.hold()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
