"""Visitors of the support widget: people without an account, who may write to the operators only."""

import secrets
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit, urlunsplit

import structlog
import trio

from chat.domain.addresses import address_key
from chat.domain.entities import Person, Visit
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.ports import NewPerson, Users
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import clean_email, clean_name

VISITORS_PER_HOUR = 5
"""New visitors from one address, at once and in an hour; each is stored. Loopback is exempt."""

BLOCKED_FOR = 86_400
"""Seconds for which the addresses of a blocked visitor may add no new visitors."""

_TRIES = 5
"""Names to try: there are a hundred million."""

NO_WIDGET = Refusal(Code.FORBIDDEN, "this server has no support widget", reason="no_widget")
NO_NAME_FREE = Refusal(Code.UNAVAILABLE, "no name is free, try again")
BAD_PAGE = Refusal(
    Code.INVALID, "that is not the address of a page (http: or https:)", field="page", reason="bad_page"
)

logger = structlog.get_logger(__name__)


class Visitors:
    """Adds visitors, if any site may show the widget.

    `is_on` returns whether there is one; `happened` counts events. Both are sync.
    """

    def __init__(
        self,
        users: Users,
        is_on: Callable[[], bool],
        shared_usage: SharedUsage,
        *,
        happened: Callable[[str], object] = lambda _what: None,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self._users = users
        self._is_on = is_on
        self._happened = happened
        self._buckets = shared_usage.buckets(
            "visitors", VISITORS_PER_HOUR / 3600, VISITORS_PER_HOUR, clock=clock
        )
        self._blocked = shared_usage.buckets("blocked visitors", 1 / BLOCKED_FOR, 1, clock=clock)

    @property
    def are_welcome(self) -> bool:
        """Whether any site may show the widget."""
        return self._is_on()

    async def add(
        self, address: str, *, name: str | None = None, email: str | None = None, page: str | None = None
    ) -> Person | Refusal:
        """Add a visitor. `name` becomes the display name; their account name is generated. `address` is the client's.

        The query and the fragment of `page` are dropped: they may be private. May raise StorageDown and OutcomeUnknown.
        Cancelling: the visitor was added, or not.
        """
        if not self._is_on():
            return NO_WIDGET
        display_name = None if name is None else clean_name(name.strip())
        if isinstance(display_name, Refusal):
            return display_name
        clean_address = None if email is None else clean_email(email)
        if isinstance(clean_address, Refusal):
            return clean_address
        clean = None if page is None else clean_page(page)
        if isinstance(clean, Refusal):
            return clean
        key = address_key(address)
        if key is not None and (wait := self._blocked.wait(key)):
            self._happened("visitor turned away")
            return Refusal(
                Code.TOO_MANY,
                "no new conversation can be started from this address for now",
                retry_after=wait,
                reason="no_new_visitors",
            )
        if key is not None and (wait := self._buckets.take([key])):  # loopback is spared
            self._happened("visitor throttled")
            return Refusal(
                Code.TOO_MANY,
                "too many visitors from this address, wait",
                retry_after=wait,
                reason="rate_limited",
            )
        added = await self._add(display_name, Visit(email=clean_address, page=clean))
        if isinstance(added, Person):
            self._happened("visitor came")
            logger.info("visitor came", person=added.id, name=added.name, address=address)
        return added

    async def add_by_mail(self, email: str, name: str | None) -> Person | Refusal:
        """Add a visitor who writes by mail, whether or not there is a widget; the caller counts them.

        Both have passed `domain/text/rules.py`. May raise StorageDown and OutcomeUnknown. Cancelling: the visitor was
        added, or not.
        """
        added = await self._add(name, Visit(email=email))
        if isinstance(added, Person):
            self._happened("visitor came")
            logger.info("visitor came by mail", person=added.id, name=added.name)
        return added

    def block(self, addresses: Iterable[str], *, is_blocked: bool) -> None:
        """Refuse new visitors from these addresses for a day, or accept them again. Sync.

        A blocked visitor would otherwise return as a new one at once. Existing visitors stay.
        """
        for key in {address_key(address) for address in addresses if address} - {None}:
            used = self._blocked.wait(key) / BLOCKED_FOR
            self._blocked.add(key, (1 if is_blocked else 0) - used)

    async def _add(self, display_name: str | None, visit: Visit) -> Person | Refusal:
        for _ in range(_TRIES):
            name = f"visitor-{secrets.randbelow(10**8):08}"
            added = await self._users.add(
                NewPerson(name=name, display_name=display_name, password_hash=b"", visit=visit)
            )
            if isinstance(added, Person):  # else the name is taken
                return added
        return NO_NAME_FREE


def clean_page(page: str) -> str | Refusal:
    """Return a web page's address without query and fragment, or why it is invalid. Sync and pure."""
    try:
        parts = urlsplit(page.strip())
    except ValueError:
        return BAD_PAGE
    if parts.scheme not in ("http", "https") or not parts.hostname or not page.isprintable():
        return BAD_PAGE
    host = parts.netloc.rpartition("@")[2]  # no password either
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
