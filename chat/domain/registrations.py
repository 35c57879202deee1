"""How often people may register from one address: each new person is kept for ever, and costs a password hash."""

from collections.abc import Callable

import trio

from chat.domain.addresses import address_key
from chat.domain.ledger import Ledger
from chat.domain.refusals import Code, Refusal

_HOUR = 3600.0


class Registrations:
    """The budget of each address: `per_hour` at once, and as many an hour; 0 is no limit. All of it is sync."""

    def __init__(
        self, per_hour: int, clock: Callable[[], float] = trio.current_time, *, ledger: Ledger | None = None
    ) -> None:
        ledger = ledger or Ledger()
        self._per_hour = per_hour
        self._buckets = ledger.buckets("registrations", per_hour / _HOUR, per_hour, clock=clock)

    @property
    def per_hour(self) -> int:
        """How many may register; setting it forgets who has."""
        return self._per_hour

    @per_hour.setter
    def per_hour(self, per_hour: int) -> None:
        if per_hour != self._per_hour:
            self._per_hour = per_hour
            self._buckets.change_rate(per_hour / _HOUR, per_hour)

    def take(self, address: str) -> Refusal | None:
        """Use one registration of the client's address, or return why not (then none is used)."""
        key = address_key(address)
        if not self._per_hour or key is None:  # loopback is spared
            return None
        wait = self._buckets.take([key])
        return Refusal(Code.TOO_MANY, "too many registrations, wait", retry_after=wait) if wait else None

    def give_back(self, address: str) -> None:
        """Nothing came of it, and nothing was learnt from it: it does not count."""
        key = address_key(address)
        if self._per_hour and key is not None:
            self._buckets.add(key, -1)
