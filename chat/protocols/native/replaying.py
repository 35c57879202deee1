"""What a sync tells, sent piece by piece: changes as they are read, and rooms as they are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from chat.domain.timeline import Replayed, Span, milliseconds
from chat.domain.timelines import Timelines
from chat.engine.send_queue import SendQueue
from chat.protocols.native.codec import frame_of, replayed_event
from chat.protocols.native.frames import MoreEvent, RoomEvent
from chat.protocols.native.turns import Turn

_PIECE = 65_536
"""Bytes that are handed to the send queue at once."""

_REPLAYED = 262_144
"""Bytes of text that one query replays."""


class Replaying:
    """Sends one client what one sync tells. Every method may raise StorageDown. Cancelling: some is told."""

    def __init__(self, send_queue: SendQueue, timelines: Timelines, person_id: int, turn: Turn) -> None:
        self._send_queue = send_queue
        self._timelines = timelines
        self._person_id = person_id
        self._turn = turn
        self.sent = 0
        """Bytes so far."""

    async def tell(self, steps: Sequence[Span | RoomEvent | MoreEvent], far: Collection[int]) -> None:
        """Tell each room's changes, or the room as it is, in their order; `far` are rooms that do not end there."""
        for is_span, run in groupby(steps, key=lambda step: isinstance(step, Span)):
            if is_span:
                await self._replay([step for step in run if isinstance(step, Span)], far)
            else:
                await self.send(step for step in run if not isinstance(step, Span))

    async def _replay(self, spans: Sequence[Span], far: Collection[int]) -> None:
        ends = {span.room_id: span.up_to for span in spans if span.room_id in far}
        while spans:
            replayed = await self._timelines.replay(self._person_id, spans, _REPLAYED)
            if not replayed:
                return  # the rooms are gone
            await self.send(_events(replayed, ends))
            last = replayed[-1]
            place = next(nth for nth, span in enumerate(spans) if span.room_id == last.room_id)
            rest = Span(last.room_id, last.pos, spans[place].up_to)
            spans = [*([rest] if rest.after < rest.up_to else ()), *spans[place + 1 :]]

    async def send(self, events: Iterable[msgspec.Struct]) -> None:
        """Send piece by piece, each once the client has read enough of those before.

        Who does not read at once goes on without a place: nobody waits for them.
        """
        piece, size = list[bytes](), 0
        for event in events:
            piece.append(frame_of(event))
            size += len(piece[-1])
            if size >= _PIECE:
                await self._send_piece(piece)
                piece, size = [], 0
        if piece:
            await self._send_piece(piece)

    async def _send_piece(self, frames: Sequence[bytes]) -> None:
        if self._send_queue.queued:
            self._turn.give_up()
        blob = b"".join(frames)
        self.sent += len(blob)
        await self._send_queue.send(blob)


def _events(changes: Iterable[Replayed], ends: Mapping[int, int]) -> Iterator[msgspec.Struct]:
    """The events that tell changes, and `more` behind the last of a room that does not end there."""
    for change in changes:
        yield replayed_event(change)
        if ends.get(change.room_id) == change.pos:
            yield MoreEvent(room=change.room_id, pos=change.pos, at=milliseconds(change.created_at))
