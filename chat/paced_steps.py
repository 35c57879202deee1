"""Sizes and spaces the steps of background work, so that each is short and everybody else goes first."""

import trio

_KEPT = 0.7
"""How much of the measured steps still counts one step later."""


class PacedSteps:
    """The pace of one task that removes rows in steps. `size` is how many rows the next step may have.

    A step costs time by its rows, and time that no row is to blame for: a commit, a busy machine. Smaller steps save
    only the first, so a line is fitted to the last steps, and its slope sizes the next one.

    Args:
        most: rows of the largest step. The first has a tenth of them, the smallest a twentieth.
        aim: seconds that the rows of a step should take, or half of what else it takes if that is more. On a cold
            cache or a busy disk the same rows take a hundred times as long.
        share: part of the time that the task works; otherwise it sleeps.
    """

    def __init__(self, most: int, *, aim: float = 0.02, share: float = 0.1) -> None:
        self.size = max(1, most // 10)
        self._least = max(1, most // 20)
        self._most = most
        self._aim = aim
        self._share = share
        self._steps = self._rows = self._took = self._rows_rows = self._rows_took = 0.0  # sums, fading

    async def rest(self, took: float) -> None:
        """Size the next step by the seconds that this one took, and sleep. Cancelling: the size is set."""
        self._add(self.size, took)
        wanted = self._size_for_aim(took)
        self.size = int(min(max(wanted, self.size / 2, self._least), self.size * 2, self._most))
        await trio.sleep(took * (1 / self._share - 1))

    def _add(self, rows: int, took: float) -> None:
        self._steps = self._steps * _KEPT + 1
        self._rows = self._rows * _KEPT + rows
        self._took = self._took * _KEPT + took
        self._rows_rows = self._rows_rows * _KEPT + rows * rows
        self._rows_took = self._rows_took * _KEPT + rows * took

    def _size_for_aim(self, took: float) -> float:
        spread = self._steps * self._rows_rows - self._rows**2
        if spread < 0.03 * self._rows**2:  # the sizes were all alike: the next one is another
            return self.size / 2 if took > self._aim and self.size > self._least else self.size * 2
        a_row = (self._steps * self._rows_took - self._rows * self._took) / spread
        beside_rows = (self._took - a_row * self._rows) / self._steps
        return max(self._aim, beside_rows / 2) / max(a_row, self._aim / self._most)
