"""Words that hold a message for review: moderators allow it, and then it is sent as its author's, or remove it.

The storage holds messages of all protocols (`storage/postgres/reviewing.py`), by the words that each server has in
memory.
"""

from contextlib import AbstractAsyncContextManager
from functools import partial

from chat.domain.messages.review import REVIEW, Review
from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.review.following import open_following
from chat.features.review.native import OPERATIONS, ReviewEvent, review_event
from chat.features.review.port import DUE_KIND, HELD_MESSAGES
from chat.features.review.queries import PostgresHeldMessages
from chat.features.review.sending import send_allowed

__all__ = ["FEATURE"]


def _sending(services: EngineServices) -> Handler:
    return partial(send_allowed, services, review_event)


def _following(services: EngineServices) -> AbstractAsyncContextManager[None]:
    return open_following(services, review_event)


FEATURE = Feature(
    name="review",
    ports={REVIEW: lambda _database: Review(), HELD_MESSAGES: PostgresHeldMessages},
    operations=OPERATIONS,
    own_events=(ReviewEvent,),
    open=_following,
    due={DUE_KIND: _sending},
)
