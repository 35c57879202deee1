"""A rating, and the port that keeps them."""

from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

COMMENT_LENGTH = 1000
"""Characters of a comment at most."""

CHANGED_FOR = 86_400
"""Seconds for which a rating may be changed."""

NOT_CLOSED = Refusal(Code.CONFLICT, "a conversation is rated once it is closed", reason="rating_not_closed")
RATING_FINAL = Refusal(
    Code.CONFLICT, "a rating can be changed for 24 hours only", reason="rating_final", field="rating"
)


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What the conversation's person thinks of it, from when it was closed behind the message `seq`.

    `rated_at` is when they first said so, in Unix seconds.
    """

    seq: int
    is_good: bool
    comment: str
    rated_at: float


class OwnRating(msgspec.Struct, frozen=True):
    """Whether a person may rate their conversation now, and the rating since its last closing."""

    may_rate: bool
    rating: Rating | None


class Ratings(Protocol):
    """The ratings. Each method may raise StorageDown; `rate` may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def own(self, person_id: int) -> OwnRating:
        """Return how a person rated their own conversation since its last closing."""
        ...

    async def rate(self, person_id: int, comment: str, *, is_good: bool) -> tuple[int, Rating] | Refusal:
        """Rate a person's own conversation, or change the rating; return its room and the rating.

        NOT_CLOSED: there is no closed conversation with messages; RATING_FINAL: it was rated longer ago than
        `CHANGED_FOR`.
        """
        ...

    async def of_room(self, room_id: int) -> list[Rating]:
        """Return the ratings of a conversation, one for each closing, the oldest first."""
        ...


RATINGS: Port[Ratings] = Port("ratings")
