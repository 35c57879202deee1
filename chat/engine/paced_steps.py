"""Sizes and spaces the steps of background work, so that each is short and everybody else goes first."""

import trio


class PacedSteps:
    """The pace of one task that removes rows in steps. `size` is how many rows the next step may have.

    Args:
        most: rows of the largest step. The first has a tenth of them, the smallest a twentieth.
        aim: seconds that a step should take. On a cold cache or a busy disk the same rows take a hundred times as long.
        share: part of the time that the task works; otherwise it sleeps.
    """

    def __init__(self, most: int, *, aim: float = 0.02, share: float = 0.1) -> None:
        self.size = max(1, most // 10)
        self._least = max(1, most // 20)
        self._most = most
        self._aim = aim
        self._share = share

    async def rest(self, took: float) -> None:
        """Size the next step by the seconds that this one took, and sleep. Cancelling: the size is set."""
        if took > self._aim:
            self.size = max(self._least, self.size // 2)
        elif took < self._aim / 4:
            self.size = min(self._most, self.size * 2)
        await trio.sleep(took * (1 / self._share - 1))
