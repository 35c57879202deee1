"""Reports of messages, and the port that keeps them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from chat.domain.administration.audit import Act, Named, What
from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

REPORTS_A_DAY = 50
"""Messages that one person may report in 24 hours."""

SHOWN = 10
"""Reports of one message that are listed, the oldest first; others are counted."""

HANDLED_KEPT = 90 * 86_400.0
"""Seconds for which a handled report is kept."""

TOO_MANY_REPORTS = Refusal(
    Code.TOO_MANY, f"you can report at most {REPORTS_A_DAY} messages a day", reason="too_many_reports"
)
OWN_MESSAGE = Refusal(Code.FORBIDDEN, "that is your own message", reason="own_report")
NOT_MODERATOR = Refusal(
    Code.FORBIDDEN, "only moderators and admins of the server can do this", reason="not_server_moderator"
)
NO_REPORT = Refusal(Code.NOT_FOUND, "there is no such report", reason="no_report")
HANDLED_ALREADY = Refusal(
    Code.CONFLICT, "somebody else has handled this report already", reason="report_handled"
)


class Done(msgspec.Struct, frozen=True):
    """The deeds of a moderator on a reported message; none: it was dismissed."""

    deleted: bool = False
    banned: bool = False
    disabled: bool = False


class Handled(msgspec.Struct, frozen=True):
    """When a report was handled (Unix seconds), by whom, and how; `by` is None where that account is gone for good."""

    at: float
    by: Named | None
    done: Done


class Report(msgspec.Struct, frozen=True):
    """One person's report. `text` is that of the message then, where it was another one than at the first report."""

    by: Named
    reason: str
    comment: str
    at: float
    text: str | None = None


class ReportedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A reported message: its text, and the names of its files, as they were at the first report.

    `reports` are the first ones of `count`. `is_deleted`: the message is deleted by now. A later one has a higher id.
    """

    id: int
    room_id: int
    seq: int
    author: Named
    text: str
    files: tuple[str, ...]
    said_at: float
    is_deleted: bool
    reports: Sequence[Report]
    count: int
    handled: Handled | None = None


class Reported(NamedTuple):
    """When the person reported the message (Unix seconds), and whom to notify: nobody if they had done it before."""

    at: float
    is_new: bool
    moderators: Sequence[int]


class Reports(Protocol):
    """The reports. Every method may raise StorageDown, those that write OutcomeUnknown too.

    A moderator never sees reports of their own messages. Cancelling a write: it is done whole, or not at all.
    """

    async def report(
        self, reporter_id: int, room_id: int, seq: int, reason: str, comment: str
    ) -> Reported | Refusal:
        """Report a text that is not deleted, with its text as it is now; once for each person and message.

        NO_MESSAGE, OWN_MESSAGE, TOO_MANY_REPORTS, or NO_PERSON: the reporter is gone.
        """
        ...

    async def page(
        self, moderator_id: int, before_id: int, limit: int, *, handled: bool
    ) -> list[ReportedMessage]:
        """Return the messages whose reports are open, or handled, with an id below `before_id`, the last one first."""
        ...

    async def find(self, moderator_id: int, reported_id: int) -> ReportedMessage | Refusal:
        """Return a reported message, or NO_REPORT."""
        ...

    async def count(self, moderator_id: int) -> int:
        """Return how many messages have open reports, up to 100."""
        ...

    async def close(self, moderator_id: int, reported_id: int, done: Done) -> Sequence[int] | Refusal:
        """Note that the reports of a message are handled, also in the audit, and return whom to notify.

        NO_REPORT, HANDLED_ALREADY, or NOT_MODERATOR: they are none by now.
        """
        ...


REPORTS = Port[Reports]("reports")


def handled_act(by_id: int, author_id: int, room_id: int, seq: int, done: Done) -> Act:
    """Return the act of handling the reports of a message. Sync and pure."""
    deeds = [name for name in Done.__struct_fields__ if getattr(done, name)]
    return Act(
        by_id=by_id,
        what=What.REPORT_HANDLED,
        person_id=author_id,
        room_id=room_id,
        detail=f"seq {seq}: {', '.join(deeds) or 'dismissed'}",
    )
