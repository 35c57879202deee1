"""What a sync tells, sent piece by piece: changes as they are read, and rooms as they are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from chat.domain.sync_types import ChangeRange, Replayed, milliseconds
from chat.engine.catch_up import CatchUp, SharedChange
from chat.engine.send_queue import SendQueue
from chat.protocols.native.codec import frame_of, replayed_event
from chat.protocols.native.frames import MoreEvent, RoomEvent
from chat.protocols.native.turns import Turn

_PIECE = 65_536
"""Bytes that are handed to the send queue at once."""


class Replaying:
    """Sends one client what one sync tells. Every method may raise StorageDown. Cancelling: some is told."""

    def __init__(self, send_queue: SendQueue, catch_up: CatchUp, person_id: int, turn: Turn) -> None:
        self._send_queue = send_queue
        self._catch_up = catch_up
        self._person_id = person_id
        self._turn = turn
        self.sent = 0
        """Bytes so far."""

    async def tell(self, steps: Sequence[ChangeRange | RoomEvent | MoreEvent], far: Collection[int]) -> None:
        """Tell each room's changes, or the room as it is, in their order; `far` are rooms that do not end there."""
        for is_range, run in groupby(steps, key=lambda step: isinstance(step, ChangeRange)):
            if is_range:
                await self._replay([step for step in run if isinstance(step, ChangeRange)], far)
            else:
                await self.send(step for step in run if not isinstance(step, ChangeRange))

    async def _replay(self, ranges: Sequence[ChangeRange], far: Collection[int]) -> None:
        ends = {wanted.room_id: wanted.up_to for wanted in ranges if wanted.room_id in far}
        while ranges:
            replay = await self._catch_up.replay(self._person_id, ranges)
            await self._send_frames(self._frames(replay.changes, ends))
            ranges = replay.rest

    def _frames(self, changes: Iterable[SharedChange], ends: Mapping[int, int]) -> Iterator[bytes]:
        """The frames that tell changes, and `more` behind the last of a room that does not end there."""
        for shared in changes:
            yield shared.frame_for(self._person_id, _replayed_frame)
            change = shared.change
            if ends and ends.get(change.room_id) == change.pos:
                more = MoreEvent(room=change.room_id, pos=change.pos, at=milliseconds(change.created_at))
                yield frame_of(more)

    async def send(self, events: Iterable[msgspec.Struct]) -> None:
        """Send piece by piece, each once the client has read enough of those before.

        Who does not read at once goes on without a place: nobody waits for them.
        """
        await self._send_frames(map(frame_of, events))

    async def _send_frames(self, frames: Iterable[bytes]) -> None:
        piece, size = list[bytes](), 0
        for frame in frames:
            piece.append(frame)
            size += len(frame)
            if size >= _PIECE:
                await self._send_piece(piece)
                piece, size = [], 0
        if piece:
            await self._wait_for_client()
            self._send_queue.offer_coalesced(self._joined(piece))  # sync_ok follows

    async def _send_piece(self, frames: Sequence[bytes]) -> None:
        await self._wait_for_client()
        self._send_queue.send_nowait(self._joined(frames))

    async def _wait_for_client(self) -> None:
        if self._send_queue.queued:
            self._turn.give_up()
        await self._send_queue.wait_until_ready()

    def _joined(self, frames: Sequence[bytes]) -> bytes:
        blob = b"".join(frames)
        self.sent += len(blob)
        return blob


def _replayed_frame(change: Replayed) -> bytes:
    return frame_of(replayed_event(change))
