"""What a run leaves behind: locks that nobody can release, open descriptors, what was never closed or never awaited."""

import os
import sys
import warnings
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import trio

_CLASSES: tuple[Any, ...] = (trio.Lock, trio.StrictFIFOLock, trio.Semaphore, trio.CapacityLimiter)
_DESCRIPTORS = Path("/proc/self/fd")


class _Made(NamedTuple):
    """A lock that was made, by which line, and how much of it there was."""

    lock: "weakref.ref[Any]"
    where: str
    value: int


class Locks:
    """The locks, semaphores and limiters that were made while `watched` lasted, as far as they are still there."""

    def __init__(self) -> None:
        self._made: list[_Made] = []

    @contextmanager
    def watched(self) -> Generator[None]:
        """Note what is made, for as long as the block lasts."""
        before = [(each, each.__init__) for each in _CLASSES]
        for each, init in before:
            each.__init__ = self._noting(init)
        try:
            yield
        finally:
            for each, init in before:
                each.__init__ = init

    def _noting(self, init: Any) -> Any:
        def __init__(lock: Any, *arguments: Any, **options: Any) -> None:
            init(lock, *arguments, **options)
            frame = sys._getframe(1)
            while frame.f_back and frame.f_globals.get("__name__", "").startswith(
                ("trio.", "anyio.", __name__)
            ):
                frame = frame.f_back
            where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            value = lock.value if isinstance(lock, trio.Semaphore) else 0
            self._made.append(_Made(weakref.ref(lock), where, value))

        return __init__

    def held(self, task: trio.lowlevel.Task, *, is_quiet: bool) -> set[str]:
        """Say which of them this task holds, or one that has ended, and where `is_quiet`, which semaphores are held."""
        return set(self._held(task, is_quiet))

    def _held(self, task: trio.lowlevel.Task, is_quiet: bool) -> Iterator[str]:
        for made in self._made:
            match made.lock():
                case trio.Semaphore(value=value) if is_quiet and value < made.value:
                    yield f"the Semaphore made at {made.where} lacks {made.value - value} of {made.value}"
                case trio.CapacityLimiter() as limiter:
                    for each in limiter.statistics().borrowers:
                        if each is task or _has_ended(each):
                            yield f"the CapacityLimiter made at {made.where} has lent to {_ended(each)}"
                case trio.Lock() | trio.StrictFIFOLock() as lock:
                    owner = lock.statistics().owner
                    if owner is not None and (owner is task or _has_ended(owner)):
                        yield f"the {type(lock).__name__} made at {made.where} is held by {_ended(owner)}"


def _ended(task: Any) -> str:
    return f"task {task.name}, whose code has ended"


def _has_ended(task: object) -> bool:
    return isinstance(task, trio.lowlevel.Task) and getattr(task.coro, "cr_frame", task) is None


def open_descriptors() -> dict[str, str]:
    """Return the descriptors of this process, and what each is; nothing on systems without /proc."""
    found = {}
    for name in os.listdir(_DESCRIPTORS) if _DESCRIPTORS.is_dir() else ():
        try:
            found[name] = os.readlink(_DESCRIPTORS / name)
        except OSError:  # the one of the listing itself
            continue
    return found


@contextmanager
def complaints(wrong: list[tuple[str, str]]) -> Generator[None]:
    """Gather what the interpreter says of objects that were never closed, awaited or exhausted."""

    def note(got: Any) -> None:
        is_resource = isinstance(got.exc_value, ResourceWarning)
        wrong.append(("resource" if is_resource else "error", f"{got.exc_value!r} in {got.object!r}"))

    before = sys.unraisablehook
    sys.unraisablehook = note
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def warnings_raised() -> Generator[None]:
    """Let a warning of such objects be an error, which `complaints` hears of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        warnings.filterwarnings("error", "coroutine .* was never awaited", RuntimeWarning)
        yield
