"""A setting changed on another server applies here within a second, also after an outage."""

from typing import Any

import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from chat.domain.failures import StorageDown
from chat.engine.people import PeopleReconciler
from chat.engine.reconciler import watch_changes
from chat.engine.settings_follower import SettingsFollower
from tests.support.chat_world import open_world


async def test_settings_changed_on_another_server_apply_here(autojump_clock: trio.testing.MockClock) -> None:
    async with open_world() as world, trio.open_nursery() as nursery:
        storage: Any = world.storage
        people = PeopleReconciler(world.accounts, world.presence)
        settings = SettingsFollower(world.services.settings)
        nursery.start_soon(watch_changes, storage, people, world.memberships, settings)
        await wait_all_tasks_blocked()
        assert world.accounts.registration == "open"
        await storage.settings.change_settings({"registration": "closed"}, None)
        await wait_all_tasks_blocked()
        assert world.accounts.registration == "closed"
        world.obstacles.fail("changed_settings", StorageDown("down"), StorageDown("down"))
        with capture_logs() as logs:
            await storage.settings.change_settings({"registration": None, "message_rate": 1.0}, None)
            await trio.sleep(1)
        assert (world.accounts.registration, world.services.budgets.rates.messages) == ("open", 1.0)
        assert [log["log_level"] for log in logs] == ["warning", "info", "info", "info"], (
            "and the outage once"
        )
        nursery.cancel_scope.cancel()


async def test_stored_settings_apply_before_the_first_client() -> None:
    async with open_world() as world:
        await world.storage.settings.change_settings({"registration": "invite"}, None)
    async with open_world(world.storage) as world:
        assert world.accounts.registration == "invite"
