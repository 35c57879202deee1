"""Limits registrations from one address: each new person is stored for ever, and costs a password hash.

With a valid invite the invite counts instead: its uses bound the registrations, and `_TRIES` the attempts.
"""

from collections.abc import Callable

import trio

from chat.domain.addresses import address_key
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.refusals import Code, Refusal

_HOUR = 3600.0

_TRIES = 50
"""Failed registrations with one invite, at once and an hour: each may reveal that a name is taken."""


class Registrations:
    """The budget of each address: `per_hour` at once, and as many an hour; 0: no limit. All of it is sync."""

    def __init__(
        self,
        per_hour: int,
        clock: Callable[[], float] = trio.current_time,
        *,
        shared_usage: SharedUsage | None = None,
    ) -> None:
        shared_usage = shared_usage or SharedUsage()
        self.bans = shared_usage.bans
        self._per_hour = per_hour
        self._buckets = shared_usage.buckets("registrations", per_hour / _HOUR, per_hour, clock=clock)
        self._invited = shared_usage.buckets("registrations by invite", _TRIES / _HOUR, _TRIES, clock=clock)

    @property
    def per_hour(self) -> int:
        """The limit; setting it resets all counts."""
        return self._per_hour

    @per_hour.setter
    def per_hour(self, per_hour: int) -> None:
        if per_hour != self._per_hour:
            self._per_hour = per_hour
            self._buckets.change_rate(per_hour / _HOUR, per_hour)

    def take(self, address: str, *, invite: bytes | None = None) -> Refusal | None:
        """Use one registration of the client's address, or return why not (then none is used).

        With the digest of a good invite it is one of the tries with that.
        """
        key = address_key(address) if invite is None else invite
        if not self._per_hour or key is None:  # loopback is spared
            return None
        wait = (self._buckets if invite is None else self._invited).take([key])
        return (
            Refusal(Code.TOO_MANY, "too many registrations, wait", retry_after=wait, reason="rate_limited")
            if wait
            else None
        )

    def give_back(self, address: str, *, invite: bytes | None = None) -> None:
        """Give the registration back: it failed without revealing anything, or it used an invite."""
        key = address_key(address) if invite is None else invite
        if self._per_hour and key is not None:
            (self._buckets if invite is None else self._invited).add(key, -1)
