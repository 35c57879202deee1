"""Open sockets feel what happens to their person, whichever process did it: a task that follows the storage.

The sockets of who was logged out, disabled or deleted are closed; the others have the name and the roles of now.
Who is looked up while they come in is looked up again (services/changes.py), so nobody slips in between.
"""

from collections.abc import Callable

import structlog
import trio

from chat.live.presence import Presence
from chat.services.accounts import Accounts
from chat.storage.failures import StorageError
from chat.storage.ports import Storage

_MOST = 1000
"""People in one query, after an outage: everybody who is here."""

_RETRY = 0.25
"""Seconds until the next try when the database does not say who changed how."""

logger = structlog.get_logger(__name__)


class PeopleFollower:
    """Looks up who was changed, and lets their sockets feel it.

    `gone` is told the id of everybody who was deleted, or None where some may have been. Sync.
    """

    def __init__(
        self, accounts: Accounts, presence: Presence, gone: Callable[[int | None], object] = lambda _id: None
    ) -> None:
        self._accounts = accounts
        self._presence = presence
        self._gone = gone
        self._changed: set[int] = set()  # and not looked up since
        self._wanted = trio.Event()  # set by a change, made anew before each look

    def note(self, person_id: int | None) -> None:
        """Hear that somebody was changed; None: look at everybody who is here. Sync."""
        self._accounts.changed(person_id)
        if person_id is None:
            self._changed |= self._presence.people()
            self._gone(None)
        else:
            self._changed.add(person_id)
        self._wanted.set()

    async def follow(self) -> None:
        """Look up whoever is noted, until cancelled. Cancelling: some may not feel it."""
        failed = False
        while True:
            await self._wanted.wait()
            self._wanted = trio.Event()
            while self._changed:
                ids = sorted(self._changed)[:_MOST]
                self._changed.difference_update(ids)  # whoever is changed from here on is noted anew
                try:
                    found = await self._accounts.look_up(ids)
                except StorageError as error:
                    self._changed.update(ids)
                    if not failed:
                        logger.warning("changes of people not looked up yet", error=str(error))
                    failed = True
                    await trio.sleep(_RETRY)
                else:
                    failed = False
                    # No await between the look and what it changes.
                    if ended := self._presence.changed(found):
                        logger.info("sockets ended, their people may not stay", people=ended)
                    self._changed.update(set(ids).difference(found))  # they were changed meanwhile
                    for person_id in [person_id for person_id, person in found.items() if person is None]:
                        self._gone(person_id)


async def follow_people(storage: Storage, follower: PeopleFollower) -> None:
    """Follow the changes of people until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(storage.watch_people, follower.note)
        nursery.start_soon(follower.follow)
