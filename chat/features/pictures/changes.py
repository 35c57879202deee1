"""The kind of change: giving a room another picture, or none; and who may. All of it is sync and pure."""

import msgspec

from chat.domain.entities import Person, Room, RoomKind
from chat.domain.features import Kind
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import NO_ROOM, NOT_ADMIN, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_OWNER, Authority, RoomAccess, access_of


class NewPicture(msgspec.Struct, frozen=True, gc=False):
    """A checked picture whose bytes are on the disk under their `digest` (SHA-256); `side` is in pixels."""

    digest: bytes
    type: str
    size: int
    side: int

    @property
    def hash(self) -> str:
        """Its SHA-256 in hex, which is its address."""
        return self.digest.hex()


def hash_of(picture: NewPicture | None) -> str | None:
    """Return the SHA-256 of a picture in hex; None: of none."""
    return None if picture is None else picture.hash


class SetPicture(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Gives a room a picture; None: takes it away."""

    picture: NewPicture | None


class PictureSet(FeatureChange, frozen=True, gc=False, kw_only=True):
    """The room has this picture now, a SHA-256 in hex, or none."""

    picture: str | None = None


PICTURE = Kind("picture", SetPicture, PictureSet)


def may_set_picture(access: RoomAccess, person: Person) -> Refusal | None:
    """Return why the person may not change the room's picture; None: they may.

    Owners may, as they rename the room; that of the lobby, which has no owner, admins.
    """
    match access.room.kind:
        case RoomKind.ROOM:
            return None if access.role is RoomRole.OWNER else NOT_OWNER
        case RoomKind.LOBBY:
            return None if person.is_admin else NOT_ADMIN
    return NO_ROOM


def picture_refusal(by: Authority) -> Refusal | None:
    """Return the same for a write, of a person as they are while the log is locked."""
    access = access_of(by)
    return access if isinstance(access, Refusal) else may_set_picture(access, by.person)


def change_picture(room: Room, before: str | None, write: SetPicture, new_id: int) -> PictureSet | Unchanged:
    """Return the change of a room whose picture is `before`; Unchanged: it has this picture already."""
    picture = hash_of(write.picture)
    if picture == before:
        return Unchanged(room.last_pos)
    return PictureSet(
        id=new_id,
        room_id=room.id,
        pos=room.last_pos + 1,
        actor_id=write.actor_id,
        created_at=write.created_at,
        people=write.people,
        picture=picture,
    )
