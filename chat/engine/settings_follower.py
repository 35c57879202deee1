"""Applies changes of settings by admins within a second, whichever server made them."""

from collections.abc import Sequence

from chat.domain.administration.live_settings import LiveSettings
from chat.engine.reconciler import Reconciler

_ALL = 0
"""The id of all settings: they are looked up together."""


class SettingsFollower(Reconciler):
    """Looks up the settings after each change, until the database answers."""

    def __init__(self, settings: LiveSettings) -> None:
        super().__init__(self._look_up)
        self._settings = settings

    def changed(self, _changed_id: int | None) -> None:
        """Have the settings looked up: they were changed, or may have been. Sync."""
        self.note(_ALL)

    async def _look_up(self, _ids: Sequence[int]) -> set[int]:
        await self._settings.refresh()
        return set()
