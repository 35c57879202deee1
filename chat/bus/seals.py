"""Seals authenticate payloads: a server accepts only those of servers of its chat, and each once.

Anybody with access to the medium can read, forge and replay payloads. A seal is the last field of a payload: servers of
release 0.1, which know no seals, skip it.
"""

import hmac
import secrets
import time
from binascii import Error, a2b_base64, b2a_base64
from bisect import bisect_left
from collections.abc import Callable
from hashlib import blake2b

from chat.bus.bus import Bus
from chat.domain.lru_cache import LRUCache

_KEY_FOR = b"what the servers of one chat tell each other"
"""It has spaces: no token is signed for such a purpose."""

_SENDER, _NUMBER, _MAC = 8, 8, 16
"""Bytes of the sender's id, of the number, and of the authentication code."""

_OPENING, _CLOSING = b',"', b'"]'
_SEAL = len(_OPENING) + len(b2a_base64(bytes(_SENDER + _NUMBER + _MAC), newline=False)) + len(_CLOSING)
SEAL_BYTES = _SEAL - 1
"""Bytes that a seal adds to a payload: it replaces the closing bracket of the array."""

_CLOCKS_DIFFER = 120 * 10**6
"""Microseconds by which the clock of a new sender may differ."""

_LATE = 2 * 10**6
"""Microseconds by which a payload may be late behind a later one of the same sender; later ones are dropped."""

_MOST_NUMBERS = 8192
_MOST_SENDERS = 1000
"""Remembered numbers of one sender, and remembered senders; a restarted server is another sender."""


class Seals:
    """Makes and checks seals. `clock` is the wall clock, in seconds.

    Seals made with the `previous` secret are valid too: other servers may still have it while it is changed.
    """

    def __init__(
        self, secret: str, *, previous: str | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        accepted = (secret,) if previous is None else (secret, previous)
        self._keys = [hmac.digest(each.encode(), _KEY_FOR, "sha256") for each in accepted]
        self._clock = clock
        self._sender = secrets.token_bytes(_SENDER)
        self._number = 0
        self._senders = LRUCache[bytes, _Window](_MOST_SENDERS)

    def seal(self, payload: bytes) -> bytes:
        """Return a payload, which is a JSON array, with SEAL_BYTES more. Sync."""
        now = int(self._clock() * 10**6)
        if now < self._number - _CLOCKS_DIFFER:
            # The clock was set back: be a new sender, as new receivers compare numbers with the clock.
            self._sender = secrets.token_bytes(_SENDER)
            self._number = 0
        self._number = max(now, self._number + 1)
        head = self._sender + self._number.to_bytes(_NUMBER, "big")
        seal = b2a_base64(head + _mac(self._keys[0], payload, head), newline=False)
        return b"".join((payload[:-1], _OPENING, seal, _CLOSING))

    def open(self, sealed: bytes) -> bytes | None:
        """Return the payload without its seal; None: the seal is invalid, or the payload is replayed or late. Sync."""
        payload, seal = sealed[:-_SEAL] + b"]", sealed[-_SEAL:]
        if not (seal.startswith(_OPENING) and seal.endswith(_CLOSING)):
            return None
        try:
            raw = a2b_base64(seal[len(_OPENING) : -len(_CLOSING)])
        except Error:
            return None
        head, mac = raw[: _SENDER + _NUMBER], raw[_SENDER + _NUMBER :]
        if not any(hmac.compare_digest(mac, _mac(key, payload, head)) for key in self._keys):
            return None
        return payload if self._is_new(head[:_SENDER], int.from_bytes(head[_SENDER:], "big")) else None

    def _is_new(self, sender: bytes, number: int) -> bool:
        window = self._senders.get(sender)
        if window is None:
            if abs(number - int(self._clock() * 10**6)) > _CLOCKS_DIFFER:
                return False
            window = self._senders[sender] = _Window(number)
            return True
        return window.take(number)


def _mac(key: bytes, payload: bytes, head: bytes) -> bytes:
    code = blake2b(payload, key=key, digest_size=_MAC)
    code.update(head)
    return code.digest()


class _Window:
    """The accepted numbers of one sender; those up to `_last_old` count as accepted."""

    def __init__(self, number: int) -> None:
        self._taken = [number]  # ascending
        self._last_old = number - _LATE

    def take(self, number: int) -> bool:
        newest = self._taken[-1]
        if number > newest:
            self._taken.append(number)
            if len(self._taken) > _MOST_NUMBERS:
                self._last_old = self._taken[_MOST_NUMBERS // 2 - 1]
                del self._taken[: _MOST_NUMBERS // 2]
            return True
        if number <= max(self._last_old, newest - _LATE):
            return False
        place = bisect_left(self._taken, number)
        if self._taken[place] == number:
            return False
        self._taken.insert(place, number)
        return True


class SealedBus:
    """A bus that seals published payloads; received ones are as they came, for `Seals.open`."""

    def __init__(self, bus: Bus, seals: Seals) -> None:
        self._bus = bus
        self._seals = seals

    @property
    def largest(self) -> int:
        """Bytes of the largest payload that it carries."""
        return self._bus.largest - SEAL_BYTES

    def publish(self, payload: bytes) -> None:
        """Seal it and send it to every server that listens. Sync: never waits and never raises."""
        self._bus.publish(self._seals.seal(payload))

    async def receive(self) -> list[bytes] | None:
        """Wait for payloads, sealed or not; None: some may have been lost. Cancelling: nothing is taken."""
        return await self._bus.receive()
