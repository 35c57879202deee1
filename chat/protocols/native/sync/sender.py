"""Sends the results of a sync piece by piece: replayed changes as they are read, and snapshots of rooms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from chat.domain.messages.sync_types import ChangeRange, Position, Replayed, milliseconds
from chat.engine.catch_up import CatchUp, SharedChange
from chat.engine.send_queue import SendQueue
from chat.protocols.native.sync.turns import Turn
from chat.protocols.native.wire.codec import frame_of, replayed_event
from chat.protocols.native.wire.frames import MoreEvent, RoomEvent

_PIECE = 65_536
"""Bytes handed to the send queue at once."""


class SyncSender:
    """Sends one client the results of one sync. Methods may raise StorageDown. Cancelling may have sent a part."""

    def __init__(self, send_queue: SendQueue, catch_up: CatchUp, person_id: int, turn: Turn) -> None:
        self._send_queue = send_queue
        self._catch_up = catch_up
        self._person_id = person_id
        self._turn = turn
        self.sent = 0
        """The number of bytes sent so far."""

    async def send_steps(
        self, steps: Sequence[ChangeRange | RoomEvent | MoreEvent], far: Mapping[int, Position]
    ) -> None:
        """Send each step in order: a range of changes, a snapshot or `more`.

        `far` are the client's positions in rooms with further changes.
        """
        for is_range, run in groupby(steps, key=lambda step: isinstance(step, ChangeRange)):
            if is_range:
                await self._replay([step for step in run if isinstance(step, ChangeRange)], far)
            else:
                await self.send(step for step in run if not isinstance(step, ChangeRange))

    async def _replay(self, ranges: Sequence[ChangeRange], far: Mapping[int, Position]) -> None:
        ends = {wanted.room_id: wanted.up_to for wanted in ranges if wanted.room_id in far}
        positions = {
            room_id: MoreEvent(room=room_id, pos=far[room_id].pos, at=far[room_id].at) for room_id in ends
        }
        while ranges:
            replay = await self._catch_up.replay(self._person_id, ranges)
            await self._send_frames(self._frames(replay.changes, ends, positions))
            ranges = replay.rest
        # Retention removed the ends of these meanwhile: the client asks again from its position, and gets a reset.
        await self.send(positions.values())

    def _frames(
        self, changes: Iterable[SharedChange], ends: Mapping[int, int], positions: dict[int, MoreEvent]
    ) -> Iterator[bytes]:
        """Yield the frames of changes, with `more` after the last one of a room with further changes.

        `positions` have the `more` of rooms whose last one has not come, for where the client is now.
        """
        for shared in changes:
            yield shared.frame_for(self._person_id, _replayed_frame)
            change = shared.change
            if change.room_id in positions:
                more = MoreEvent(room=change.room_id, pos=change.pos, at=milliseconds(change.created_at))
                if ends[change.room_id] == change.pos:
                    del positions[change.room_id]
                    yield frame_of(more)
                else:
                    positions[change.room_id] = more

    async def send(self, events: Iterable[msgspec.Struct]) -> None:
        """Send events piece by piece, each piece when the client has read enough of the earlier ones.

        A client that does not read at once gives up its turn, so that no other sync waits for it.
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
