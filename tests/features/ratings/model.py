"""Ratings in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.features.ratings.port import (
    CHANGED_FOR,
    NOT_CLOSED,
    RATING_FINAL,
    RATINGS,
    OwnRating,
    Rating,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class RatingsModel:
    """The port `Ratings`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms, self._messages = storage.rooms, storage.messages
        self._now = storage.now
        self._ratings: dict[tuple[int, int], Rating] = {}  # by room and seq
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {RATINGS: self}

    async def own(self, person_id: int) -> OwnRating:
        await trio.lowlevel.checkpoint()
        closed = self._closed(person_id)
        if closed is None:
            return OwnRating(may_rate=False, rating=None)
        rating = self._ratings.get(closed)
        return OwnRating(rating is None or self._may_change(rating), rating)

    async def rate(self, person_id: int, comment: str, *, is_good: bool) -> tuple[int, Rating] | Refusal:
        await trio.lowlevel.checkpoint()
        closed = self._closed(person_id)
        if closed is None:
            return NOT_CLOSED
        before = self._ratings.get(closed)
        if before is not None and not self._may_change(before):
            return RATING_FINAL
        rated_at = self._now() if before is None else before.rated_at
        rating = Rating(seq=closed[1], is_good=is_good, comment=comment, rated_at=rated_at)
        self._ratings[closed] = rating
        return closed[0], rating

    async def of_room(self, room_id: int) -> list[Rating]:
        await trio.lowlevel.checkpoint()
        return [
            rating
            for (room, seq), rating in sorted(self._ratings.items(), key=lambda kept: kept[0])
            if room == room_id and self._messages.look_up(room, seq) is not None
        ]

    def look_up(self) -> dict[tuple[int, int], bool]:
        """Return whether a conversation was rated as good, by room and seq, at once."""
        return {
            (room, seq): rating.is_good
            for (room, seq), rating in self._ratings.items()
            if self._messages.look_up(room, seq) is not None
        }

    def _closed(self, person_id: int) -> tuple[int, int] | None:
        """Return the closed conversation of a person, and the seq behind which it was closed."""
        room_id = self._rooms.support_of_all().get(person_id)
        if room_id is None:
            return None
        kept = self._rooms.support_kept(room_id)
        has_message = self._messages.look_up(room_id, kept.settled_seq) is not None
        return (room_id, kept.settled_seq) if kept.is_closed and has_message else None

    def _may_change(self, rating: Rating) -> bool:
        return self._now() - rating.rated_at < CHANGED_FOR
