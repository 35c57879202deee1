"""Rate limits for messages, text, history and calls: for each person or guest, and for each address.

A refused request says how long to wait. A message costs one and the bytes of its text, history costs pages. Everything
here is sync.
"""

import math
from collections.abc import Callable, Iterable

import msgspec
import trio

from chat.domain.addresses import address_key
from chat.domain.entities import Message
from chat.domain.limits.buckets import Buckets
from chat.domain.limits.pace import Pace
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.refusals import Code, Refusal

HOLD_BACK = 1.0
"""Seconds without reading from a client after it went over budget: a flood costs one refusal a second."""

_MESSAGE_BURST = _READ_BURST = 4.0
_TEXT_BURST = 8.0
"""Bursts, in seconds' worth. At 65,536 bytes a second this is half of a send queue, so a burst of one client
disconnects nobody."""

SEARCHES, _SEARCH_BURST = 2.0, 4.0
"""Searches of one person a second, and their burst in seconds' worth."""

SEARCH_TIME, _SEARCH_TIME_BURST = 0.1, 20.0
"""Search time of one person, in seconds a second, and its burst in seconds' worth: 2 s."""

UPLOADS, _UPLOAD_BURST = 1 / 6, 60.0
"""Files of one person a second, and their burst in seconds' worth: ten a minute."""

HOOK_CALLS, _HOOK_BURST = 5.0, 20.0
"""Calls of one hook a second, and their burst in seconds' worth: a hundred alerts at once."""

_ADDRESS_SHARE = 10
"""An address has the budget of so many people, because an office shares one."""

_FRAMES, _FRAMES_BURST = 200.0, 800
"""Frames of one connection a second, of any content, and at once."""

_MALFORMED, _MALFORMED_BURST = 20.0, 100.0
"""Malformed frames and refused handshakes of one address a second, and at once; its sockets are read more slowly
beyond. No client sends them by mistake for long, and a new connection brings no new burst."""

_CALLS_BURST = 3.0
"""The burst of calls, in seconds' worth."""

_LONGEST_QUEUE = 5.0
"""Most seconds that a call of a busy address waits."""

_MOST_KEYS = 20_000
"""Most buckets; bursts drain within seconds, so this suffices."""

_PAGE = 100
"""Messages of a page of history."""
_PAGE_BYTES = 65_536
"""Bytes of a page of history; long messages cost more."""

_AROUND = 128
"""Approximate bytes around a text: ids, names, times."""

_encode = msgspec.json.Encoder().encode


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The limits per second, 0: no limit: messages, bytes of text, pages of history, HTTP calls."""

    messages: float
    text: float
    pages: float
    calls: float


class Budgets:
    """Checks and charges usage: message() and read() return None, or the refusal with the time to wait.

    Args:
        messages: a second, for one person or guest; 0 for no limit, as in the others.
        text: bytes of text a second, as JSON has them (UTF-8, controls escaped).
        pages: of history a second.
        calls: by HTTP a second, for one address; those beyond that wait.
        searches: a second.
        search_time: seconds a second that searches use.
        uploads: a second.
        refused: called for each refusal with the name of the exceeded limit.
        shared_usage: shares the usage with other servers.
    """

    def __init__(
        self,
        *,
        messages: float = 0.0,
        text: float = 0.0,
        pages: float = 0.0,
        calls: float = 0.0,
        searches: float = 0.0,
        search_time: float = 0.0,
        uploads: float = 0.0,
        refused: Callable[[str], None] = lambda what: None,
        shared_usage: SharedUsage | None = None,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        shared_usage = shared_usage or SharedUsage()
        self._messages = _Limit("messages", messages, _MESSAGE_BURST, shared_usage, clock)
        self._text = _Limit("text", text, _TEXT_BURST, shared_usage, clock)
        self._pages = _Limit("pages", pages, _READ_BURST, shared_usage, clock)
        self._searches = _Limit("searches", searches, _SEARCH_BURST, shared_usage, clock)
        self._search_time = _Limit("search time", search_time, _SEARCH_TIME_BURST, shared_usage, clock)
        self._uploads = _Limit("uploads", uploads, _UPLOAD_BURST, shared_usage, clock)
        self._hooks = shared_usage.buckets(
            "hooks", HOOK_CALLS, HOOK_CALLS * _HOOK_BURST, most_keys=_MOST_KEYS, clock=clock
        )
        self._calls = shared_usage.buckets(
            "calls", calls, calls * _CALLS_BURST, most_keys=_MOST_KEYS, clock=clock
        )
        self._call_rate = calls
        self._malformed = Buckets(_MALFORMED, _MALFORMED_BURST, most_keys=_MOST_KEYS, clock=clock)
        self._refused = refused
        self.bans = shared_usage.bans

    @property
    def rates(self) -> Rates:
        """The rates per second. Setting others drops the usage under the rates that differ."""
        return Rates(
            messages=self._messages.rate,
            text=self._text.rate,
            pages=self._pages.rate,
            calls=self._call_rate,
        )

    @rates.setter
    def rates(self, rates: Rates) -> None:
        self._messages.change_rate(rates.messages)
        self._text.change_rate(rates.text)
        self._pages.change_rate(rates.pages)
        if rates.calls != self._call_rate:
            self._call_rate = rates.calls
            self._calls.change_rate(rates.calls, rates.calls * _CALLS_BURST)

    @property
    def search_rate(self) -> float:
        """Searches of one person a second; 0: any."""
        return self._searches.rate

    @property
    def upload_rate(self) -> float:
        """Files of one person a second; 0: any."""
        return self._uploads.rate

    def message(self, client_id: int, address: str, text: str = "") -> Refusal | None:
        """Charge a message or a change by HTTP. `client_id` is the id of the person or guest."""
        if wait := self._messages.take(client_id, address, 1):
            return self._refusal("messages", wait)
        if self._text.rate and (wait := self._text.take(client_id, address, _size(text))):
            self._messages.add(client_id, address, -1)
            return self._refusal("text", wait)
        return None

    def read(self, client_id: int, address: str, messages: int) -> Refusal | None:
        """Charge the reading of this many messages."""
        wait = self._pages.take(client_id, address, _pages(messages))
        return self._refusal("history", wait) if wait else None

    def search(self, client_id: int, address: str) -> Refusal | None:
        """Charge a search; its time is not known yet and is charged by searched()."""
        wait = self._search_time.wait(client_id, address) or self._searches.take(client_id, address, 1)
        return self._refusal("searches", wait) if wait else None

    def searched(self, client_id: int, address: str, seconds: float) -> None:
        """Use up the time that a search took; the next one waits."""
        self._search_time.add(client_id, address, seconds)

    def upload(self, client_id: int, address: str) -> Refusal | None:
        """Charge the upload of a file."""
        wait = self._uploads.take(client_id, address, 1)
        return self._refusal("uploads", wait) if wait else None

    def hook(self, hook_id: int) -> Refusal | None:
        """Charge a call of a hook, where messages have a limit."""
        wait = self._hooks.take((hook_id,)) if self._messages.rate else 0.0
        return self._refusal("messages", wait) if wait else None

    def call(self, address: str) -> float:
        """Count an HTTP call, and return the seconds that it has to wait for its turn among those of its address."""
        key = address_key(address)
        return self._calls.queue(key, _LONGEST_QUEUE) if self._call_rate and key is not None else 0.0

    def malformed(self, address: str) -> float:
        """Count a malformed frame or a refused handshake, and return the seconds that its sender has to wait."""
        key = address_key(address)
        is_counted = self._messages.rate and key is not None
        return self._malformed.queue(key, _LONGEST_QUEUE) if is_counted else 0.0

    def pace(self) -> Pace:
        """Return how fast the frames of one connection are read, whatever they say."""
        return Pace(_FRAMES, _FRAMES_BURST) if self._messages.rate else Pace()

    def was_read(self, client_id: int, address: str, size: int, messages: int) -> None:
        """Charge the bytes of an answer beyond those that read() charged for its messages; the next read waits."""
        self._pages.add(client_id, address, max(0.0, size / _PAGE_BYTES - _pages(messages)))

    def _refusal(self, what: str, wait: float) -> Refusal:
        self._refused(what)
        seconds = math.ceil(wait)
        much, unit = (
            "many" if what in ("messages", "searches", "uploads") else "much",
            "second" if seconds == 1 else "seconds",
        )
        return Refusal(
            Code.TOO_MANY,
            f"too {much} {what}, wait {seconds} {unit}",
            retry_after=seconds,
            reason="rate_limited",
        )


class _Limit:
    """A rate for each person or guest, and ten times as much for each address; without a rate there is no limit."""

    def __init__(
        self, name: str, rate: float, burst: float, shared_usage: SharedUsage, clock: Callable[[], float]
    ) -> None:
        self.rate = rate
        self._burst = burst
        self._people = shared_usage.buckets(name, rate, rate * burst, most_keys=_MOST_KEYS, clock=clock)
        rate *= _ADDRESS_SHARE
        self._addresses = shared_usage.buckets(
            f"{name} of addresses", rate, rate * burst, most_keys=_MOST_KEYS, clock=clock
        )

    def change_rate(self, rate: float) -> None:
        """Have another rate from now on; sync."""
        if rate != self.rate:
            self.rate = rate
            self._people.change_rate(rate, rate * self._burst)
            rate *= _ADDRESS_SHARE
            self._addresses.change_rate(rate, rate * self._burst)

    def take(self, client_id: int, address: str, cost: float) -> float:
        """Use it up and return 0, or return the seconds until that is possible."""
        if not self.rate:
            return 0.0
        wait = self._people.take((client_id,), cost)
        if wait == 0 and (key := address_key(address)) is not None:
            wait = self._addresses.take((key,), cost)
            if wait:
                self._people.add(client_id, -cost)
        return wait

    def wait(self, client_id: int, address: str) -> float:
        """Return the seconds until no more was used than there is."""
        if not self.rate:
            return 0.0
        wait = self._people.wait(client_id, 0)
        if wait == 0 and (key := address_key(address)) is not None:
            wait = self._addresses.wait(key, 0)
        return wait

    def add(self, client_id: int, address: str, cost: float) -> None:
        """Use it up whatever there is; less than nothing gives back."""
        if self.rate and cost:
            self._people.add(client_id, cost)
            if (key := address_key(address)) is not None:
                self._addresses.add(key, cost)


def reading_size(messages: Iterable[Message]) -> int:
    """Return about how many bytes it takes to send these."""
    return sum(len(message.text.encode()) + _AROUND for message in messages)


def _size(text: str) -> int:
    # Escapes count too: a control character is six bytes for each subscriber.
    return len(_encode(text)) - 2


def _pages(messages: int) -> int:
    return max(1, math.ceil(messages / _PAGE))
