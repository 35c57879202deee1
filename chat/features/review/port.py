"""The port of review: its words and the messages that they hold, with its values and refusals."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from chat.domain.administration.audit import Act, Named, What
from chat.domain.features import Port
from chat.domain.messages.review import LONGEST_WORD, MOST_WORDS, tokens_of
from chat.domain.refusals import Code, Refusal

DUE_KIND = "review"
"""The kind of due items; the key is the id of a held message that somebody has allowed."""

KEPT_DAYS = 90
"""Days for which a held message is kept, whether somebody has looked at it or not."""

NOT_REVIEWER = Refusal(
    Code.FORBIDDEN, "only moderators and admins of the server can do this", reason="not_server_moderator"
)
NO_HELD = Refusal(Code.NOT_FOUND, "there is no such held message", reason="no_held")
REVIEWED = Refusal(Code.CONFLICT, "somebody else has reviewed this message already", reason="reviewed")
OUTDATED = Refusal(
    Code.CONFLICT, "the message was edited since, so this edit is out of date", reason="outdated_edit"
)
BAD_WORD = Refusal(
    Code.INVALID,
    f"a word has at most {LONGEST_WORD} characters in one line, with at least one letter or digit",
    field="add",
    reason="bad_review_word",
)
TOO_MANY_WORDS = Refusal(
    Code.TOO_MANY, f"there are at most {MOST_WORDS} words", reason="too_many_review_words"
)

State = Literal["waiting", "allowed", "refused", "removed"]


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is held, or an edit of the message `seq`, which has no key. Times are Unix seconds.

    `word` is the word that it has, `files` are the names of its files. `by` has decided at `handled_at`. `refusal`:
    it was allowed, and not sent.
    """

    id: int
    author: Named
    room_id: int
    room_name: str | None
    key: str | None
    seq: int | None
    text: str
    reply: int | None
    file_ids: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    word: str
    held_at: float
    state: State = "waiting"
    handled_at: float | None = None
    by: Named | None = None
    refusal: Refusal | None = None


class Decided(msgspec.Struct, frozen=True):
    """A held message after a decision about it, and whom to notify."""

    held: HeldMessage
    notified: Sequence[int]


class HeldMessages(Protocol):
    """The words and held messages. Every method may raise StorageDown, those that write OutcomeUnknown too.

    A moderator never sees held messages of their own as one who reviews. Cancelling a write: it is done whole, or not
    at all.
    """

    async def words(self) -> list[str]:
        """Return the words, the latest last."""
        ...

    async def change_words(
        self, add: Sequence[str], remove: Sequence[str], by_id: int
    ) -> list[str] | Refusal:
        """Add and remove words, and return those that there are; also noted in the audit. TOO_MANY_WORDS."""
        ...

    async def page(
        self, moderator_id: int, before_id: int, limit: int, *, handled: bool
    ) -> list[HeldMessage]:
        """Return waiting messages, or those removed or refused, with ids below `before_id`, the newest first."""
        ...

    async def count(self, moderator_id: int) -> int:
        """Return how many wait, up to 100."""
        ...

    async def decide(self, moderator_id: int, held_id: int, *, allow: bool) -> Decided | Refusal:
        """Allow or remove a message; also noted in the audit. NO_HELD, REVIEWED; NOT_REVIEWER: the role is gone."""
        ...

    async def own(self, author_id: int) -> list[HeldMessage]:
        """Return an author's messages that wait or were not sent, without dismissed ones, the oldest first."""
        ...

    async def put_away(self, author_id: int, held_id: int) -> Sequence[int] | Refusal:
        """Cancel a waiting message or dismiss a reviewed one, and return the ids of people to notify. NO_HELD."""
        ...

    async def allowed(self, held_id: int) -> HeldMessage | Refusal | None:
        """Return an allowed message that is not sent yet. OUTDATED: its message was edited while it was held."""
        ...

    async def sent(self, held_id: int) -> None:
        """Remove a message that was sent."""
        ...

    async def refuse(self, held_id: int, refusal: Refusal) -> None:
        """Keep why it was not sent."""
        ...


HELD_MESSAGES = Port[HeldMessages]("held messages")


def folded(word: str) -> str:
    """Return a word as its tokens, by which words are compared. Sync and pure."""
    return " ".join(tokens_of(word))


def clean_word(word: str) -> str | Refusal:
    """Return a word without spaces at its ends, or BAD_WORD. Sync and pure."""
    clean = " ".join(word.split())
    is_good = 0 < len(clean) <= LONGEST_WORD and clean.isprintable() and folded(clean)
    return clean if is_good else BAD_WORD


def words_act(by_id: int, added: int, removed: int) -> Act:
    """Return the act of changing the words. Sync and pure."""
    return Act(by_id=by_id, what=What.REVIEW_WORDS, detail=f"+{added} -{removed}")


def decided_act(by_id: int, held: HeldMessage, *, allow: bool) -> Act:
    """Return the act of reviewing a message. Sync and pure."""
    what = What.HELD_ALLOWED if allow else What.HELD_REMOVED
    return Act(by_id=by_id, what=what, person_id=held.author.id, room_id=held.room_id)
