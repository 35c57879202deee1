"""Ratings in the native protocol: over HTTP, and the event for the sockets of operators."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.ratings import port, use_cases
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.room_values import Seq
from chat.operations.values import Id, Time, Value

_Verdict = Literal["good", "bad"]
_Comment = Annotated[str, Meta(description="At most 1,000 characters")]


class OwnRating(Value, kw_only=True, frozen=True):
    """How one rated one's own conversation after its last closing; `asked`: one may rate it now, or change it."""

    asked: bool = False
    rating: _Verdict | None = None
    comment: _Comment = ""


class RateConversation(Value, kw_only=True, frozen=True):
    """What one thinks of one's own conversation, which is closed."""

    rating: _Verdict
    comment: _Comment = ""


class Rating(Value, kw_only=True, frozen=True):
    """What a conversation's person thinks of it. It was closed behind the message `seq`."""

    seq: Seq
    rating: _Verdict
    comment: _Comment = ""
    at: Time


class WhichRatings(Value, kw_only=True, frozen=True):
    """A support conversation."""

    room: Id


class RatingsOf(Value, kw_only=True, frozen=True):
    """The ratings of a conversation, one for each closing at most, the oldest first."""

    ratings: list[Rating]


class RatingsEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="ratings"):
    """The conversation was rated, or its rating was changed. Only operators get it."""

    room: Id


async def own_rating(services: EngineServices, caller: Caller, _request: None) -> OwnRating:
    """Get how one rated one's own support conversation, and whether one may do so now."""
    found = await use_cases.own(services, caller.known)
    return _own(found.rating, may_rate=found.may_rate)


async def rate_conversation(
    services: EngineServices, caller: Caller, request: RateConversation
) -> OwnRating | Refusal:
    """Rate one's own support conversation after it was closed; for 24 hours one may change it."""
    is_good = request.rating == "good"
    rated = await use_cases.rate(services, caller.known, request.comment, _event, is_good=is_good)
    return rated if isinstance(rated, Refusal) else _own(rated, may_rate=True)


async def ratings(services: EngineServices, caller: Caller, request: WhichRatings) -> RatingsOf | Refusal:
    """List the ratings of a support conversation, as an operator."""
    found = await use_cases.of_room(services, caller.known, request.room)
    if isinstance(found, Refusal):
        return found
    return RatingsOf(
        ratings=[
            Rating(
                seq=each.seq,
                rating=_verdict(each),
                comment=each.comment,
                at=milliseconds(each.rated_at),
            )
            for each in found
        ]
    )


def _own(rating: port.Rating | None, *, may_rate: bool) -> OwnRating:
    if rating is None:
        return OwnRating(asked=may_rate)
    return OwnRating(asked=may_rate, rating=_verdict(rating), comment=rating.comment)


def _verdict(rating: port.Rating) -> _Verdict:
    return "good" if rating.is_good else "bad"


def _event(room_id: int) -> str:
    return msgspec.json.encode(RatingsEvent(room=room_id)).decode()


OPERATIONS = (
    Operation(
        name="own_rating",
        method="GET",
        path="/support/rating",
        reply=OwnRating,
        visitors=True,
        handler=own_rating,
    ),
    Operation(
        name="rate_conversation",
        method="PUT",
        path="/support/rating",
        request=RateConversation,
        reply=OwnRating,
        visitors=True,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=rate_conversation,
    ),
    Operation(
        name="ratings",
        method="GET",
        path="/support/{room}/ratings",
        request=WhichRatings,
        reply=RatingsOf,
        cost=Cost.TEXTS,
        refuses=NO_ACCESS,
        handler=ratings,
    ),
)
