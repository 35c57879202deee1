"""Settings changed by admins, in memory. Each method works without an await after its checkpoint."""

import time
from collections.abc import Mapping

import trio
from msgspec import structs

from chat.domain.administration.audit import setting_act
from chat.domain.limits.bounds import SettingValue
from chat.domain.ports import Setting
from tests.reference.storage.audit import MemoryAudit
from tests.reference.storage.watchers import Watchers


class MemorySettings:
    """The port `Settings`."""

    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self._changed: dict[str, tuple[Setting, int | None]] = {}  # with who changed it
        self.watchers = Watchers()

    async def changed_settings(self) -> dict[str, Setting]:
        await trio.lowlevel.checkpoint()
        return self._now()

    async def change_settings(
        self, changes: Mapping[str, SettingValue | None], by_id: int | None
    ) -> dict[str, Setting]:
        await trio.lowlevel.checkpoint()
        for name, value in sorted(changes.items()):
            before = self._changed.get(name)
            if value == (None if before is None else before[0].value):
                continue
            if value is None:
                del self._changed[name]
            else:
                self._changed[name] = Setting(value, round(time.time(), 6), None), by_id
            self._audit.note([setting_act(name, value, by_id)])
        self.watchers.notify(None)
        return self._now()

    def value(self, name: str) -> SettingValue | None:
        """Return the value of a changed setting, at once; None: it is not changed."""
        changed = self._changed.get(name)
        return None if changed is None else changed[0].value

    def _now(self) -> dict[str, Setting]:
        return {
            name: structs.replace(setting, by=self._audit.named(by_id))
            for name, (setting, by_id) in sorted(self._changed.items())
        }
