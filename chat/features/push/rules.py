"""Whom a message notifies, and whether it still does when its time has come: by push, and by mail.

Pure: one function decides from facts.
"""

from enum import StrEnum
from typing import Literal

import msgspec

HOUR = 3600.0
"""Seconds after which nothing is pushed for the first time: after a day's stop nobody is flooded."""

DAY = 86_400.0
"""Seconds for which a push or mail is tried again, and after which nothing is mailed for the first time."""


class Decision(StrEnum):
    """What was decided, and by which rule."""

    WAITING = "waiting"
    """It is decided again when its time has come."""
    SENT = "sent"
    READ = "read"
    ACTIVE = "active"
    """The person had a page open and was not away."""
    OWN = "own"
    MUTED = "muted"
    BLOCKED = "blocked"
    DELETED = "deleted"
    LEFT = "left"
    NO_DEVICE = "no_device"
    """No browser of the person receives pushes; no confirmed address of theirs receives mails."""
    COLLAPSED = "collapsed"
    """A newer message of the room was pushed instead; they have not been in the room since the last mail."""
    TOO_OLD = "too_old"
    """The server did not run when its time had come."""
    QUIET = "quiet"
    """The person's quiet hours hold it back: it is decided again at their end."""
    FAILED = "failed"
    """No push service, or mail server, took it, for a day or for good."""


class Rule(StrEnum):
    """By which rule a message is for a person."""

    MENTION = "mention"
    DIRECT = "direct"
    """It is in a direct room, or in a support conversation."""
    FOLLOWED_THREAD = "followed_thread"
    ALL = "all"
    """The person is notified of all messages of the room."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about a message and a person.

    Attributes:
        is_own: the person wrote it.
        is_deleted: it, or its room, is deleted.
        is_there: the person may read the room.
        is_blocked: the person blocks its author.
        notify: the person's setting of the room.
        is_for_one: it mentions the person, or is in a direct room or a support conversation.
        is_direct: it is in a direct room or a support conversation.
        is_followed: it is a reply in a thread that the person follows.
        has_device: a browser of the person receives pushes; an address of theirs receives mails.
        is_read: the person has read the room as far.
        age: seconds since it was sent; of a mail, since its time came.
        tries: how often a push or mail was begun.
        latest: seconds of `age` after which it is too late to begin.
        is_due: the time has passed in which the person may read it in a page.
        is_active: the person has a page open and is not away.
        quiet: seconds until the person's quiet hours are over; 0.0: they are, or the author may notify at any time.
        is_newest: no newer message of the room is pushed now; no mail about the room was sent since they were there.
    """

    is_own: bool = False
    is_deleted: bool = False
    is_there: bool = True
    is_blocked: bool = False
    notify: Literal["all", "mentions", "none"] = "mentions"
    is_for_one: bool = True
    is_direct: bool = False
    is_followed: bool = False
    has_device: bool = True
    is_read: bool = False
    age: float = 0.0
    tries: int = 0
    latest: float = HOUR
    is_due: bool = False
    is_active: bool = False
    quiet: float = 0.0
    is_newest: bool = True


def rule_of(facts: Facts) -> Rule | None:
    """Return the rule by which a message is for a person; None: it is not."""
    if facts.notify == "none":
        return None
    if facts.is_for_one:
        return Rule.DIRECT if facts.is_direct else Rule.MENTION
    if facts.is_followed:
        return Rule.FOLLOWED_THREAD
    return Rule.ALL if facts.notify == "all" else None


def decide(facts: Facts) -> Decision:
    """Decide. WAITING: the time has not come; SENT: send it now."""
    if facts.is_own:
        return Decision.OWN
    if facts.is_deleted:
        return Decision.DELETED
    if not facts.is_there:
        return Decision.LEFT
    if facts.is_blocked:
        return Decision.BLOCKED
    if rule_of(facts) is None:
        return Decision.MUTED
    if not facts.has_device:
        return Decision.NO_DEVICE
    if facts.is_read:
        return Decision.READ
    if facts.age > facts.latest and not facts.tries:
        return Decision.TOO_OLD
    if facts.age > DAY:
        return Decision.FAILED
    if not facts.is_due:
        return Decision.WAITING
    if facts.is_active:
        return Decision.ACTIVE
    if facts.quiet > 0:
        return Decision.QUIET
    return Decision.SENT if facts.is_newest else Decision.COLLAPSED
