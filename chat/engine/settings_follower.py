"""What an admin changes of the settings counts here within a second, whichever server was asked to change it."""

from collections.abc import Sequence

from chat.domain.live_settings import LiveSettings
from chat.engine.reconciler import Reconciler

_ALL = 0
"""Settings are looked up all at once: this stands for them."""


class SettingsFollower(Reconciler):
    """Looks up the settings after each change, until the database answers."""

    def __init__(self, settings: LiveSettings) -> None:
        super().__init__(self._look_up)
        self._settings = settings

    def changed(self, _changed_id: int | None) -> None:
        """Hear that settings were changed, or may have been. Sync."""
        self.note(_ALL)

    async def _look_up(self, _ids: Sequence[int]) -> set[int]:
        await self._settings.refresh()
        return set()
