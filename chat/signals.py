"""Waiting for a condition on the state of an object, which other tasks change.

Server and client both use this; it imports nothing of either.
"""

from collections.abc import Callable

import trio


class Signal:
    """Wakes the tasks that wait for a condition. It holds no state but the waiting tasks.

    After each change of the state that a condition reads, call notify(). No wake-up can be lost: nothing runs between
    checking the condition and waiting, and the condition is checked again after each wake-up.
    """

    __slots__ = ("_lot",)

    def __init__(self) -> None:
        self._lot: trio.lowlevel.ParkingLot | None = None  # made by the first task that waits

    @property
    def tasks_waiting(self) -> int:
        """The number of tasks that wait."""
        return 0 if self._lot is None else len(self._lot)

    def notify(self) -> None:
        """Wake all tasks that wait. Sync; costs next to nothing where none does."""
        if self._lot:  # true where tasks are parked: waking none would cost four calls
            self._lot.unpark_all()

    async def wait(self) -> None:
        """Wait for the next notify(); one before this call does not count.

        Safe only if nothing was awaited since the caller checked its condition; wait_until() ensures that.
        Cancelling changes nothing.
        """
        if self._lot is None:
            self._lot = trio.lowlevel.ParkingLot()
        await self._lot.park()

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` returns something true; where it does at once, there is no checkpoint.

        On return it still holds: nothing ran since. `condition` must be sync. Cancelling changes nothing.
        """
        while not condition():
            await self.wait()
