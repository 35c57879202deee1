"""The limits on connections, in all and from one address. Each call is sync and atomic."""

from http import HTTPStatus
from types import TracebackType

from chat.domain.addresses import address_key


class Admission:
    """Counts connections. Loopback is exempt from the limit for each address."""

    __slots__ = ("_by_bucket", "_max_per_address", "_max_total", "count")

    def __init__(self, max_total: int, max_per_address: int) -> None:
        self._max_total = max_total
        self._max_per_address = max_per_address
        self._by_bucket: dict[bytes, int] = {}
        self.count = 0
        """Admitted connections; each `Slot` counts itself."""

    def claim(self, address: str | None) -> "Slot | HTTPStatus":
        """Return a slot for a connection from `address`, or the status of the refusal.

        None is an address that is not known yet: a trusted proxy's, until its head names the client. The slot counts
        at once, so enter it (`with slot`) without an await in between.
        """
        if self.count >= self._max_total:
            return HTTPStatus.SERVICE_UNAVAILABLE
        slot = Slot(self)
        if not slot.move(address):
            return HTTPStatus.TOO_MANY_REQUESTS
        self.count += 1
        return slot

    def enter(self, bucket: bytes | None) -> bool:
        """Count one more in `bucket`, unless it is full."""
        if bucket is None:
            return True
        known = self._by_bucket.get(bucket, 0)
        if known >= self._max_per_address:
            return False
        self._by_bucket[bucket] = known + 1
        return True

    def leave(self, bucket: bytes | None) -> None:
        """Count one less in `bucket`, and forget an empty one."""
        if bucket is None:
            return
        self._by_bucket[bucket] -= 1
        if not self._by_bucket[bucket]:
            del self._by_bucket[bucket]


class Slot:
    """One connection's slot; leaving the `with` block releases it."""

    __slots__ = ("_admission", "_bucket")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._bucket: bytes | None = None

    def move(self, address: str | None) -> bool:
        """Count this connection for `address` from now on. False: that address has too many; nothing changed."""
        bucket = None if address is None else address_key(address)
        if bucket == self._bucket:
            return True
        if not self._admission.enter(bucket):
            return False
        self._admission.leave(self._bucket)
        self._bucket = bucket
        return True

    def __enter__(self) -> "Slot":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._admission.leave(self._bucket)
        self._admission.count -= 1
