"""The watchers of a table in memory."""

from collections.abc import Generator
from contextlib import contextmanager

from chat.domain.ports import Changed


class Watchers:
    """All of it is sync."""

    def __init__(self) -> None:
        self._watching: list[Changed] = []

    def __len__(self) -> int:
        return len(self._watching)

    def notify(self, changed_id: int | None) -> None:
        """Tell everybody of a change, within the write that made it."""
        for changed in self._watching:
            changed(changed_id)

    @contextmanager
    def watched(self, changed: Changed) -> Generator[None]:
        """Tell `changed` for as long as the block lasts; None first."""
        self._watching.append(changed)
        try:
            changed(None)
            yield
        finally:
            self._watching.remove(changed)
