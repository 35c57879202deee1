"""Why a message notified somebody, or not."""

from collections.abc import Sequence

import msgspec


class DeviceReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last try to notify somebody on a device; `at` in Unix seconds."""

    device: str
    state: str
    status: int | None
    error: str | None
    at: float


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a message notified somebody, or not: the decision, and the tries. `at` in Unix seconds."""

    room_id: int
    seq: int
    decision: str
    at: float
    deliveries: Sequence[DeviceReport] = ()
