"""Words of review and held messages in the native protocol, over HTTP, and the event for authors and moderators."""

from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chat.domain.messages.live import OwnEvent
from chat.domain.messages.review import LONGEST_WORD, MOST_HELD, MOST_WORDS
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.review import port
from chat.features.review.following import apply
from chat.features.review.port import HELD_MESSAGES, NOT_REVIEWER, clean_word
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.room_values import Key, Sender, Seq, Text, UpTo100
from chat.operations.values import PLACE, Id, Limit, Name, Time, Value

_EVER = 2**63 - 1
_MOST = 20
"""Held messages of one answer, which has their texts."""
_OWN = 2 * MOST_HELD
"""One's own that are listed: those that wait, and some that were not sent."""

ReviewWord = Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD)]
ManyWords = Annotated[tuple[ReviewWord, ...], Meta(max_length=MOST_WORDS)]


class ReviewWords(Value, kw_only=True, frozen=True, omit_defaults=False):
    """The words and phrases that hold a message for review, the latest last."""

    words: ManyWords


class ChangeReviewWords(Value, kw_only=True, frozen=True):
    """Words to add, and words to remove. Those that differ only in case or width are one word."""

    add: ManyWords = ()
    remove: ManyWords = ()


class NotSentAfterReview(Value, kw_only=True, frozen=True):
    """Why a message was not sent though it was allowed."""

    code: Code
    text: str
    reason: str | None = None


class HeldMessage(Value, kw_only=True, frozen=True):
    """A message that is held for review, or with `seq` a new text for that message.

    `removed`: a moderator did not allow it. `refused`: it was allowed, and could not be sent. Neither: it waits.
    Authors see neither `word` nor `by`.
    """

    id: Id
    room: Id
    name: Annotated[Name, Meta(description="The room's")] | None = None
    author: Sender
    key: Key | None = None
    seq: Seq | None = None
    text: Text = ""
    files: tuple[str, ...] = ()
    at: Time
    removed: bool = False
    refused: NotSentAfterReview | None = None
    word: Annotated[str, Meta(description="The word that it has")] | None = None
    handled: Time | None = None
    by: Sender | None = None


class OwnHeld(Value, kw_only=True, frozen=True):
    """One's own messages that wait for review, or were not sent, the first one first."""

    held: list[HeldMessage]


class WhichHeldPage(Value, kw_only=True, frozen=True):
    """A page of held messages: those that wait, or those of the last 90 days that were not sent."""

    state: Literal["waiting", "handled"] = "waiting"
    after: Annotated[Id, Meta(description=PLACE)] | None = None
    limit: Limit = 20


class HeldPage(Value, kw_only=True, frozen=True):
    """Held messages, the last first. If there are more, `next` is the `after` of the next page."""

    held: list[HeldMessage]
    next: Id | None = None
    count: Annotated[UpTo100, Meta(description="How many wait; 100 stands for 100 or more")] = 0


class WhichHeld(Value, kw_only=True, frozen=True):
    """A held message."""

    held: Id


class ReviewHeld(WhichHeld, kw_only=True, frozen=True):
    """Whether a held message is sent, as its author's, or not."""

    allow: bool


class Reviewed(Value, kw_only=True, frozen=True):
    """The held message that was reviewed, or put away."""

    held: Id


class ReviewEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="review"):
    """Messages that are held have changed: one's own, or for a moderator those that wait."""


async def review_words(services: EngineServices, _caller: Caller, _request: None) -> ReviewWords:
    """List the words that hold a message for review, as an admin."""
    return ReviewWords(words=tuple(await services.feature_ports[HELD_MESSAGES].words()))


async def change_review_words(
    services: EngineServices, caller: Caller, request: ChangeReviewWords
) -> ReviewWords | Refusal:
    """Add and remove words that hold a message for review, as an admin; all servers follow within a second."""
    add = [clean_word(word) for word in request.add]
    if wrong := next((each for each in add if isinstance(each, Refusal)), None):
        return wrong
    good = [each for each in add if isinstance(each, str)]
    words = await services.feature_ports[HELD_MESSAGES].change_words(good, request.remove, caller.known.id)
    if isinstance(words, Refusal):
        return words
    await apply(services)
    return ReviewWords(words=tuple(words))


async def held_messages(
    services: EngineServices, caller: Caller, request: WhichHeldPage
) -> HeldPage | Refusal:
    """List the messages that are held for review, as a moderator or admin of the server."""
    person = caller.known
    if not (person.is_moderator or person.is_admin):
        return NOT_REVIEWER
    store = services.feature_ports[HELD_MESSAGES]
    before, most = _EVER if request.after is None else request.after, min(request.limit, _MOST)
    found = await store.page(person.id, before, most + 1, handled=request.state == "handled")
    page = found[:most]
    return HeldPage(
        held=[_shown(each, is_own=False) for each in page],
        next=page[-1].id if len(found) > most else None,
        count=await store.count(person.id),
    )


async def review_held(services: EngineServices, caller: Caller, request: ReviewHeld) -> Reviewed | Refusal:
    """Have a held message sent, or not, as a moderator or admin of the server."""
    person = caller.known
    if not (person.is_moderator or person.is_admin):
        return NOT_REVIEWER
    decided = await services.feature_ports[HELD_MESSAGES].decide(person.id, request.held, allow=request.allow)
    if isinstance(decided, Refusal):
        return decided
    _notify(services, decided.notified)
    services.feature_ports[SCHEDULE].wake()
    return Reviewed(held=request.held)


async def own_held(services: EngineServices, caller: Caller, _request: None) -> OwnHeld:
    """List one's own messages that are held for review, and those that were not sent."""
    found = await services.feature_ports[HELD_MESSAGES].own(caller.known.id)
    return OwnHeld(held=[_shown(each, is_own=True) for each in found[:_OWN]])


async def put_away_held(services: EngineServices, caller: Caller, request: WhichHeld) -> Reviewed | Refusal:
    """Take back one's own message that waits for review, or put away one that was not sent."""
    notified = await services.feature_ports[HELD_MESSAGES].put_away(caller.known.id, request.held)
    if isinstance(notified, Refusal):
        return notified
    _notify(services, notified)
    return Reviewed(held=request.held)


def review_event() -> str:
    """Return the event, as JSON. Sync and pure."""
    return msgspec.json.encode(ReviewEvent()).decode()


def _notify(services: EngineServices, person_ids: Collection[int]) -> None:
    event = review_event()
    for person_id in set(person_ids):
        services.notices.publish(OwnEvent(person_id, event))


def _shown(held: port.HeldMessage, *, is_own: bool) -> HeldMessage:
    refusal = held.refusal
    return HeldMessage(
        id=held.id,
        room=held.room_id,
        name=held.room_name,
        author=Sender(id=held.author.id, name=held.author.name),
        key=held.key if is_own else None,
        seq=held.seq,
        text=held.text,
        files=held.files,
        at=milliseconds(held.held_at),
        removed=held.state == "removed",
        refused=None
        if refusal is None
        else NotSentAfterReview(code=refusal.code, text=refusal.text, reason=refusal.reason),
        word=None if is_own else held.word,
        handled=None if held.handled_at is None else milliseconds(held.handled_at),
        by=None if is_own or held.by is None else Sender(id=held.by.id, name=held.by.name),
    )


_WORDS = "/admin/review-words"

OPERATIONS = (
    Operation(
        name="review_words",
        method="GET",
        path=_WORDS,
        reply=ReviewWords,
        access=Access.ADMIN,
        tokens=False,
        refuses=(Code.FORBIDDEN,),
        handler=review_words,
    ),
    Operation(
        name="change_review_words",
        method="PATCH",
        path=_WORDS,
        request=ChangeReviewWords,
        reply=ReviewWords,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.TOO_MANY, Code.OUTCOME_UNKNOWN),
        handler=change_review_words,
    ),
    Operation(
        name="held_messages",
        method="GET",
        path="/held",
        request=WhichHeldPage,
        reply=HeldPage,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=held_messages,
    ),
    Operation(
        name="review_held",
        method="PUT",
        path="/held/{held}",
        request=ReviewHeld,
        reply=Reviewed,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=review_held,
    ),
    Operation(
        name="own_held",
        method="GET",
        path="/me/held",
        reply=OwnHeld,
        cost=Cost.TEXTS,
        handler=own_held,
    ),
    Operation(
        name="put_away_held",
        method="DELETE",
        path="/me/held/{held}",
        request=WhichHeld,
        reply=Reviewed,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=put_away_held,
    ),
)
