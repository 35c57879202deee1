"""Writes failed log-ins to the audit: a bounded number for each account and for the server, whatever a stranger tries.

A task of its own writes them: so a log-in takes as long for an unknown name as for a wrong password.
"""

import structlog

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.domain.failures import StorageError
from chat.domain.limits.buckets import Buckets
from chat.domain.ports import Audit
from chat.signals import Signal

_OF_ONE = 3 / 3600
"""Entries a second about one account, _AT_ONCE of them at once."""
_AT_ONCE = 3
_OF_ALL = 30 / 3600
"""Entries a second about all accounts, _ALL_AT_ONCE of them at once."""
_ALL_AT_ONCE = 30

logger = structlog.get_logger(__name__)


class FailedLogins:
    """Collects failed log-ins; record() writes them until it is cancelled, which may lose the last."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._of_one = Buckets(_OF_ONE, _AT_ONCE)
        self._of_all = Buckets(_OF_ALL, _ALL_AT_ONCE)
        self._noted: list[Act] = []
        self._wanted = Signal()

    def note(self, person: Person, address: str) -> None:
        """Note a failed log-in to this person's account from this address. Sync."""
        if self._of_one.wait(person.id) or self._of_all.wait(None):
            return
        self._of_one.add(person.id, 1)
        self._of_all.add(None, 1)
        self._noted.append(Act(by_id=None, what=What.LOGIN_FAILED, person_id=person.id, detail=address))
        self._wanted.notify()

    async def record(self) -> None:
        """Write what is noted, until cancelled. If the database fails, the log has their number alone."""
        while True:
            await self._wanted.wait_until(lambda: self._noted)
            noted, self._noted = self._noted, []
            try:
                await self._audit.record(noted)
            except StorageError as error:
                logger.warning(
                    "failed log-ins missing in the audit: the database failed",
                    count=len(noted),
                    error=str(error),
                )
