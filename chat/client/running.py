"""Where the parts of a client that wait run: in the task that calls, or in Trio for a program on another loop."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Run(Protocol):
    """Runs an async function of the client in Trio."""

    async def __call__(self, function: Callable[[Unpack[_Ts]], Awaitable[_T]], /, *arguments: *_Ts) -> _T:
        """Call it; return its result, or raise its error. Cancelling: the function is cancelled, and has ended."""


async def directly(function: Callable[[Unpack[_Ts]], Awaitable[_T]], /, *arguments: *_Ts) -> _T:
    """Run it in this task, which is one of Trio. Cancelling: as the function says."""
    return await function(*arguments)
