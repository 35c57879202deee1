"""Trio as a guest of asyncio: both loops take turns in one thread (Trio's guest mode), so a client needs no lock.

One guest a loop, however many clients it has: it starts with the first and ends with the last. Sync functions of Trio
may be called from asyncio and the other way round; async ones cross: `Crossing.run` from asyncio into Trio,
`run_on_asyncio` from Trio back.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeVar, TypeVarTuple, Unpack
from weakref import WeakKeyDictionary

import trio

from chat.client.errors import ConnectionFailed

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

StartSoon = Callable[[Callable[[], Awaitable[None]]], None]
"""Starts a task in Trio. Sync."""

_CANCEL_GRACE = 1.0
"""Seconds that a cancelled task of Trio waits for the end of a coroutine of the program."""


class _Guest:
    """A run of Trio in an asyncio loop.

    Attributes:
        users: how many blocks need it.
        start_soon: set once it runs.
        ended: done when it has ended.
        stop: set when no block needs it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.users = 0
        self.start_soon: asyncio.Future[StartSoon] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._stop: trio.Event | None = None
        try:
            trio.lowlevel.start_guest_run(
                self._run,
                run_sync_soon_threadsafe=loop.call_soon_threadsafe,
                run_sync_soon_not_threadsafe=loop.call_soon,
                done_callback=self._end,
                host_uses_signal_set_wakeup_fd=True,
            )
        except RuntimeError as error:
            raise RuntimeError(
                "Trio runs in this thread already; on Trio use chat.client.open_chat"
            ) from error

    def stop(self) -> None:
        """End the run. Sync."""
        assert self._stop is not None
        self._stop.set()

    async def _run(self) -> None:
        self._stop = trio.Event()
        async with trio.open_nursery() as nursery:
            self.start_soon.set_result(nursery.start_soon)
            await self._stop.wait()

    def _end(self, result: Any) -> None:  # noqa: ANN401 - an Outcome
        del _guests[self._loop]  # the next one may start
        try:
            self.ended.set_result(result.unwrap())
        except BaseException as error:
            self.ended.set_exception(error)


_guests: WeakKeyDictionary[asyncio.AbstractEventLoop, _Guest] = WeakKeyDictionary()


@asynccontextmanager
async def open_guest() -> AsyncGenerator[StartSoon]:
    """Have Trio run in this asyncio loop as long as the block lasts; yield what starts tasks in it.

    Raises:
        RuntimeError: Trio runs in this thread already.

    Cancelling: the guest ends, if no other block needs it.
    """
    loop = asyncio.get_running_loop()
    while (guest := _guests.get(loop)) is not None and not guest.users:
        await asyncio.wait((guest.ended,))  # one thread has one run of Trio: the last one is ending
    if guest is None:
        guest = _guests[loop] = _Guest(loop)
    guest.users += 1
    try:
        yield await asyncio.shield(guest.start_soon)
    finally:
        guest.users -= 1
        if not guest.users:
            await _wait_uncancelled(guest.start_soon)
            guest.stop()
            await _wait_uncancelled(guest.ended)
            guest.ended.result()


class Crossing:
    """Calls from asyncio into Trio.

    Args:
        start_soon: starts their tasks.
    """

    def __init__(self, start_soon: StartSoon) -> None:
        self._start_soon = start_soon
        self._waiting: set[asyncio.Future[Any]] = set()
        self._error: BaseException | None = None

    async def run(self, function: Callable[[Unpack[_Ts]], Awaitable[_T]], /, *arguments: *_Ts) -> _T:
        """Run an async function in Trio; return its result, or raise its error.

        Cancelling: the function is cancelled, and has ended when this raises.
        """
        done: asyncio.Future[_T | None] = asyncio.get_running_loop().create_future()
        scope = trio.CancelScope()

        async def cross() -> None:
            try:
                with scope:
                    result = await function(*arguments)
                    done.set_result(result)
            except Exception as error:
                done.set_exception(error)
            if scope.cancelled_caught and not done.done():
                done.set_result(None)  # its caller is cancelled

        if self._error is not None:
            raise self._error
        self._waiting.add(done)
        try:
            with suppress(RuntimeError):  # its nursery is closed: end() follows
                self._start_soon(cross)
            await asyncio.wait((done,))
        except asyncio.CancelledError:
            scope.cancel(reason="cancelled on asyncio")
            await _wait_uncancelled(done)
            done.exception()  # an error that came with the cancellation
            raise
        finally:
            self._waiting.discard(done)
        return done.result()  # type: ignore[return-value]  # None only where cancelled, or as a result

    def end(self, error: BaseException | None) -> None:
        """Trio runs none of the calls any more: raise this error in those that wait. Sync."""
        self._error = error or ConnectionFailed("the client has ended")
        for done in self._waiting:
            if not done.done():
                done.set_exception(self._error)


@asynccontextmanager
async def enter(
    start_soon: StartSoon, block: AbstractAsyncContextManager[_T]
) -> AsyncGenerator[tuple[_T, Crossing]]:
    """Hold a block of Trio open as long as a block of asyncio lasts.

    Args:
        start_soon: starts its task.
        block: a context manager of Trio.

    Yields:
        The value of the block, and calls into it, which end with it.

    Where the block of Trio ends first, the block of asyncio is cancelled, and the error of the former raised.

    Cancelling: the block of Trio is left, or cancelled while it is entered; this waits until it has ended.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    entered: asyncio.Future[tuple[_T, Crossing]] = loop.create_future()
    ended: asyncio.Future[BaseException | None] = loop.create_future()
    scope, left = trio.CancelScope(), trio.Event()
    is_interrupted = False

    async def hold() -> None:
        nonlocal is_interrupted
        error: BaseException | None = None
        crossing: Crossing | None = None
        try:
            with scope:
                async with block as value, trio.open_nursery() as nursery:
                    crossing = Crossing(nursery.start_soon)
                    entered.set_result((value, crossing))
                    await left.wait()
                    nursery.cancel_scope.cancel(reason="the block on asyncio has ended")
        except BaseException as raised:  # raised again on asyncio
            error = raised
        # No await from here on: those that wait get the error before the block is cancelled.
        if crossing is not None:
            crossing.end(error)
            if not left.is_set():
                is_interrupted = True
                task.cancel()
        ended.set_result(error)

    start_soon(hold)
    try:
        await asyncio.wait((entered, ended), return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        left.set()
        scope.cancel(reason="cancelled on asyncio")
        await _wait_uncancelled(ended)
        raise
    cancelling = task.cancelling()
    try:
        if entered.done():
            yield entered.result()
    except asyncio.CancelledError:
        if not (is_interrupted and task.uncancel() <= cancelling):
            raise
        is_interrupted = False
    finally:
        left.set()
        if is_interrupted:
            task.uncancel()
        await _wait_uncancelled(ended)
    if (error := ended.result()) is not None:
        raise error


async def run_on_asyncio(loop: asyncio.AbstractEventLoop, function: Callable[[], Awaitable[_T]]) -> _T:
    """Run an async function of asyncio from Trio; return its result, or raise its error.

    Cancelling: the function is cancelled, and waited for for a second at most.
    """
    ended = trio.Event()

    async def run() -> _T:
        return await function()

    task = loop.create_task(run())
    task.add_done_callback(lambda _: ended.set())
    try:
        await ended.wait()
    finally:
        task.cancel()
        # Shielded: the function is the program's, and may use what the program closes next.
        with trio.move_on_after(_CANCEL_GRACE, shield=True):
            await ended.wait()
    return task.result()


@asynccontextmanager
async def enter_on_asyncio(
    loop: asyncio.AbstractEventLoop, block: AbstractAsyncContextManager[object]
) -> AsyncGenerator[None]:
    """Hold a block of asyncio open, in one task, as long as a block of Trio lasts. Cancelling: it is left."""
    entered, ended, left = trio.Event(), trio.Event(), asyncio.Event()

    async def hold() -> None:
        async with block:
            entered.set()
            await left.wait()

    def end(_: object) -> None:
        entered.set()
        ended.set()

    task = loop.create_task(hold())
    task.add_done_callback(end)
    try:
        await entered.wait()
        if task.done():
            task.result()  # it could not be entered
        yield
    finally:
        left.set()
        if not entered.is_set():
            task.cancel()
        # Shielded: another program waits for this lock.
        with trio.move_on_after(_CANCEL_GRACE, shield=True):
            await ended.wait()


async def _wait_uncancelled(future: asyncio.Future[Any]) -> None:
    """Wait for a future; a cancellation that comes meanwhile is raised after it."""
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
