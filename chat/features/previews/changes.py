"""The kind of change: a message gets a link preview, or loses it; and who may do so. All of it is sync and pure."""

import msgspec

from chat.domain.entities import File, Person
from chat.domain.features import Kind
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import NO_MESSAGE, Code, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.rooms.room_rights import NOT_YOURS, Authority, RoomAccess, access_of, moderates

MOST_URL, MOST_TITLE, MOST_DESCRIPTION, MOST_SITE, MOST_HOST = 2048, 300, 500, 100, 255
"""Characters."""

_NOT_IN_TEXT = Refusal(
    Code.INVALID, "the message has no such link", field="preview", reason="preview_without_link"
)


class LinkPreview(msgspec.Struct, frozen=True, gc=False):
    """What the page at `url` says of itself. `host` is the one that answered, by its ASCII name."""

    url: str
    host: str
    title: str
    description: str = ""
    site: str = ""
    picture: File | None = None


class SetPreview(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Gives the message `seq` of a room a preview, or removes the one that it has."""

    seq: int
    preview: LinkPreview | None = None


class Previewed(FeatureChange, frozen=True, gc=False, kw_only=True):
    """The message `seq` has this preview now, or none.

    One that is removed later, or whose message is deleted, goes from the log too: a replay says that there is none.
    """

    seq: int
    preview: LinkPreview | None = None


PREVIEW = Kind("previewed", SetPreview, Previewed)


class PreviewState(msgspec.Struct):
    """What a preview is checked against, as it is under the lock of the log.

    `sender_id` is None where there is no message, or where it is deleted or no text.
    """

    sender_id: int | None
    text: str
    preview: LinkPreview | None

    def change(
        self, write: SetPreview, by: Authority, new_id: int, pos: int
    ) -> Previewed | Unchanged | Refusal:
        """Return the change, which has these numbers; otherwise nothing changes."""
        access = access_of(by)
        if isinstance(access, Refusal):
            return access
        if refusal := may_speak(access):
            return refusal
        if self.sender_id is None:
            return NO_MESSAGE
        if refusal := _may_set(access, by.person, write, self.sender_id):
            return refusal
        if write.preview is not None and write.preview.url not in self.text:
            return _NOT_IN_TEXT
        if write.preview == self.preview:
            return Unchanged(pos - 1)
        return Previewed(
            id=new_id,
            room_id=write.room_id,
            pos=pos,
            actor_id=write.actor_id,
            created_at=write.created_at,
            people=write.people,
            seq=write.seq,
            preview=write.preview,
        )


def _may_set(access: RoomAccess, person: Person, write: SetPreview, sender_id: int) -> Refusal | None:
    """Its author gives a message a preview; those who may delete the message remove it too."""
    may_remove = write.preview is None and moderates(access, person)
    return None if sender_id == person.id or may_remove else NOT_YOURS
