"""Why a message notified somebody, or not."""

from collections.abc import Sequence

import msgspec


class DeviceReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last try to notify somebody on a device. Times in Unix seconds.

    `shown_at` and `clicked_at` are as the device reports.
    """

    device: str
    state: str
    status: int | None
    error: str | None
    at: float
    shown_at: float | None = None
    clicked_at: float | None = None


class MailReport(msgspec.Struct, frozen=True, kw_only=True):
    """The decision about mailing a message, and the mail server's answer; `at` in Unix seconds."""

    decision: str
    at: float
    answer: str | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a message notified somebody, or not: the decision, the tries, and the mail. Times in Unix seconds.

    `rule` is the one by which the message is for them. `held_until` is the end of the quiet hours that hold it back, or
    held it back.
    """

    room_id: int
    seq: int
    decision: str
    rule: str | None = None
    at: float
    held_until: float | None = None
    deliveries: Sequence[DeviceReport] = ()
    mail: MailReport | None = None
