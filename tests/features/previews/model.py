"""Link previews in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.entities import Message, MessageKind
from chat.domain.features import Port
from chat.domain.messages.changes import FeatureChange
from chat.domain.messages.files import NO_SUCH_FILES
from chat.domain.messages.outcomes import Saved
from chat.features.previews.changes import LinkPreview, Previewed, PreviewState, SetPreview
from chat.features.previews.use_cases import PREVIEWS, MessagePreview

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class PreviewsModel:
    """The port `Previews`, and how a preview is saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms, self._messages, self._files = storage.rooms, storage.messages, storage.files
        self._kept: dict[tuple[int, int], Previewed] = {}  # by room and seq
        self.savers: Mapping[type, Callable[[Any], Saved]] = {SetPreview: self._save}
        self.ports: Mapping[Port[Any], Any] = {PREVIEWS: self}
        self._messages.as_kept.append(self._as_kept)

    async def between(self, room_id: int, after: int, before: int, limit: int) -> list[MessagePreview]:
        await trio.lowlevel.checkpoint()
        seqs = sorted(
            (seq for room, seq in self._kept if room == room_id and after < seq < before), reverse=True
        )
        found = [(seq, self._now(room_id, seq)) for seq in seqs]
        return [MessagePreview(seq, preview) for seq, preview in found if preview is not None][:limit]

    def _save(self, write: SetPreview) -> Saved:
        room = self._rooms.look_up(write.room_id)
        by = self._rooms.authority(write.room_id, write.actor_id, any_kind=True)
        if room is None or by is None:
            return None
        message = self._text(write.room_id, write.seq)
        state = PreviewState(
            None if message is None else message.sender_id,
            "" if message is None else message.text,
            self._now(write.room_id, write.seq),
        )
        new_id, _, pos = self._messages.next(room)
        made = state.change(write, by, new_id, pos)
        if not isinstance(made, Previewed):
            return made
        picture = None if write.preview is None else write.preview.picture
        if picture is not None:
            if not self._files.is_waiting(picture, write.room_id, write.actor_id):
                return NO_SUCH_FILES
            self._files.attach([picture], write.seq)
        self._forget(write.room_id, write.seq)
        if write.preview is not None:
            self._kept[write.room_id, write.seq] = made
        self._messages.keep(made)
        return made

    def _now(self, room_id: int, seq: int) -> LinkPreview | None:
        """Return the preview of a message; that of one that was deleted meanwhile goes."""
        if self._text(room_id, seq) is None:
            self._forget(room_id, seq)
        kept = self._kept.get((room_id, seq))
        return None if kept is None else kept.preview

    def _forget(self, room_id: int, seq: int) -> None:
        kept = self._kept.pop((room_id, seq), None)
        if kept is not None and kept.preview is not None and kept.preview.picture is not None:
            self._files.forget([kept.preview.picture])

    def _text(self, room_id: int, seq: int) -> Message | None:
        message = self._messages.look_up(room_id, seq)
        is_text = (
            message is not None
            and message.kind is MessageKind.TEXT
            and not self._messages.is_deleted(message)
        )
        return message if is_text else None

    def _as_kept(self, change: FeatureChange) -> FeatureChange:
        """Return an entry of the log as it is kept: a preview that is removed is in none."""
        if not isinstance(change, Previewed) or change.preview is None:
            return change
        self._now(change.room_id, change.seq)
        kept = self._kept.get((change.room_id, change.seq))
        return change if kept is not None and kept.id == change.id else structs.replace(change, preview=None)
