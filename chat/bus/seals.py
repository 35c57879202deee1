"""Seals payloads, so that a server knows which come from a server of its chat, and takes each once.

Anybody who may use the medium can read all payloads, put there what they like, and put there again what they read. A
seal stands behind the other fields of a payload, where servers of the release before, which have none, do not look.
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
"""It has spaces, as nothing has that a token is signed for."""

_SENDER, _NUMBER, _MAC = 8, 8, 16
"""Bytes of who sends, of the number, and of the code that nobody makes without the secret."""

_OPENING, _CLOSING = b',"', b'"]'
_SEAL = len(_OPENING) + len(b2a_base64(bytes(_SENDER + _NUMBER + _MAC), newline=False)) + len(_CLOSING)
SEAL_BYTES = _SEAL - 1
"""Bytes by which a seal makes a payload longer: it closes the array in the payload's place."""

_CLOCKS_DIFFER = 120 * 10**6
"""Microseconds by which the clock of a sender that was not heard before may differ."""

_LATE = 2 * 10**6
"""Microseconds by which one payload may overtake another of the same sender. One that comes later is dropped."""

_MOST_NUMBERS = 8192
_MOST_SENDERS = 1000
"""Numbers of one sender, and senders, that are remembered: a server that starts anew is another sender."""


class Seals:
    """Makes seals and checks them. `clock` is the wall clock, in seconds."""

    def __init__(self, secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest(secret.encode(), _KEY_FOR, "sha256")
        self._clock = clock
        self._sender = secrets.token_bytes(_SENDER)
        self._number = 0
        self._senders = LRUCache[bytes, _Heard](_MOST_SENDERS)

    def seal(self, payload: bytes) -> bytes:
        """Return a payload, which is a JSON array, with SEAL_BYTES more. Sync."""
        now = int(self._clock() * 10**6)
        if now < self._number - _CLOCKS_DIFFER:
            # The clock was set back, and whoever begins to listen compares with it.
            self._sender = secrets.token_bytes(_SENDER)
            self._number = 0
        self._number = max(now, self._number + 1)
        head = self._sender + self._number.to_bytes(_NUMBER, "big")
        seal = b2a_base64(head + self._mac(payload, head), newline=False)
        return b"".join((payload[:-1], _OPENING, seal, _CLOSING))

    def open(self, sealed: bytes) -> bytes | None:
        """Return the payload without its seal; None: it has no good one, or was taken before, or is old. Sync."""
        payload, seal = sealed[:-_SEAL] + b"]", sealed[-_SEAL:]
        if not (seal.startswith(_OPENING) and seal.endswith(_CLOSING)):
            return None
        try:
            raw = a2b_base64(seal[len(_OPENING) : -len(_CLOSING)])
        except Error:
            return None
        head, mac = raw[: _SENDER + _NUMBER], raw[_SENDER + _NUMBER :]
        if not hmac.compare_digest(mac, self._mac(payload, head)):
            return None
        return payload if self._is_new(head[:_SENDER], int.from_bytes(head[_SENDER:], "big")) else None

    def _mac(self, payload: bytes, head: bytes) -> bytes:
        code = blake2b(payload, key=self._key, digest_size=_MAC)
        code.update(head)
        return code.digest()

    def _is_new(self, sender: bytes, number: int) -> bool:
        heard = self._senders.get(sender)
        if heard is None:
            if abs(number - int(self._clock() * 10**6)) > _CLOCKS_DIFFER:
                return False
            heard = self._senders[sender] = _Heard(number)
            return True
        return heard.take(number)


class _Heard:
    """Which numbers of one sender were taken; those up to `_last_old` count as taken."""

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
    """A bus whose payloads are sealed as they are published; what is received is as it came, for `Seals.open`."""

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
        """Return what has arrived, sealed or not, or None where some may have been lost.

        Cancelling: nothing is taken.
        """
        return await self._bus.receive()
