"""The subscriptions of one client. Frames of the hub go to its send queue, or to a buffer."""

from collections.abc import Callable, Collection

from chat.domain.entities import DirectInbox, Topic
from chat.engine.dialect import Encoder
from chat.engine.hub import Hub, Subscriber
from chat.engine.send_queue import SendQueue

_BEHIND = 16
"""The client reads too slowly for droppable frames if more than this part of its queue limit is queued."""


class Subscriptions:
    """One client as the hub's subscriber; all of it is sync."""

    __slots__ = ("_buffer", "_hub", "_of_inboxes", "_send_queue", "_topics")

    def __init__(self, hub: Hub, send_queue: SendQueue) -> None:
        self._hub = hub
        self._send_queue = send_queue
        self._topics: dict[Topic, Encoder] = {}
        self._buffer: _Buffer | None = None  # from buffer() to flush()
        self._of_inboxes: Subscriber = self

    def subscribe(self, topic: Topic, encoder: Encoder) -> None:
        """Subscribe to the topic from its next change on, as `encoder` encodes it. No effect if already subscribed."""
        if topic not in self._topics:
            self._topics[topic] = encoder
            self._hub.subscribe(topic, encoder, self._subscriber(topic))

    def unsubscribe(self, topic: Topic) -> None:
        """End the subscription to the topic, if there is one."""
        if topic in self._topics:
            self._hub.unsubscribe(topic, self._topics.pop(topic), self._subscriber(topic))

    def route_direct_to(self, subscriber: Subscriber) -> None:
        """Send frames of direct inboxes to `subscriber`. Call it before subscribing to one."""
        self._of_inboxes = subscriber

    def _subscriber(self, topic: Topic) -> Subscriber:
        return self._of_inboxes if type(topic) is DirectInbox else self

    def unsubscribe_all(self) -> None:
        """End all subscriptions."""
        for topic in tuple(self._topics):
            self.unsubscribe(topic)

    def __contains__(self, topic: Topic) -> bool:
        """Whether the client is subscribed to the topic."""
        return topic in self._topics

    def rooms(self) -> list[int]:
        """Return the ids of the subscribed rooms, the lobby included."""
        return [topic for topic in self._topics if isinstance(topic, int)]

    def buffer(self) -> None:
        """Buffer frames of the hub until flush(): an answer that is being prepared goes first."""
        self._buffer = _Buffer()

    def flush(self, last: bytes = b"") -> None:
        """Send the buffered frames, after those sent meanwhile, and `last` in one write with them."""
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            self._send_queue.offer(b"".join([*(blob for _, blob in buffer.blobs), last]))
            for note, end in buffer.notes:
                self._send_queue.when_written(note, buffer.size - end + len(last))

    def forget(self, topics: Collection[Topic]) -> None:
        """Unsubscribe from these topics, and drop their buffered frames."""
        for topic in topics:
            self.unsubscribe(topic)
        if self._buffer is not None:
            self._buffer.forget(topics)

    def drop(self) -> None:
        """End all subscriptions, and drop the buffered frames."""
        self.unsubscribe_all()
        self._buffer = None

    def offer(self, blob: bytes) -> None:
        """Take frames of the hub. This runs for each subscriber of each message: it must stay short."""
        if self._buffer is None:
            self._send_queue.offer(blob)
        else:
            self._keep(self._buffer, blob)

    def offer_or_drop(self, blob: bytes) -> None:
        """Take frames, or drop them while an answer is prepared or the client reads too slowly."""
        if not self.is_behind:
            self._send_queue.offer(blob)

    @property
    def is_buffering(self) -> bool:
        """Whether frames of the hub wait for flush()."""
        return self._buffer is not None

    @property
    def is_behind(self) -> bool:
        """Whether an answer is being prepared, or the client reads too slowly."""
        return self._buffer is not None or self._send_queue.queued > self._send_queue.limit // _BEHIND

    @property
    def buffered(self) -> int:
        """Bytes that wait for flush()."""
        return 0 if self._buffer is None else self._buffer.size

    @property
    def is_written(self) -> bool:
        """Whether the socket has taken all frames of the hub so far."""
        return self._buffer is None and self._send_queue.is_written

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once the socket has taken all frames of the hub so far, but for the last `behind` bytes.

        That may be now, or never.
        """
        if self._buffer is None:
            self._send_queue.when_written(note, behind)
        else:
            self._buffer.notes.append((note, self._buffer.size - behind))

    def _keep(self, buffer: "_Buffer", blob: bytes) -> None:
        buffer.blobs.append((self._hub.topic, blob))
        buffer.size += len(blob)
        if buffer.size > self._send_queue.room:
            self._send_queue.overflow()  # perhaps in the middle of a fan-out


class _Buffer:
    """Frames of the hub during the preparation of an answer, and callbacks for when they are written."""

    __slots__ = ("blobs", "notes", "size")

    def __init__(self) -> None:
        self.blobs: list[tuple[Topic | None, bytes]] = []  # each with the topic that it is of
        self.size = 0  # bytes
        self.notes: list[
            tuple[Callable[[], None], int]
        ] = []  # each with the end of the bytes that it waits for

    def forget(self, topics: Collection[Topic]) -> None:
        """Drop frames of these topics; their callbacks are never called."""
        kept, gone, end = list[tuple[Topic | None, bytes]](), list[range](), 0
        for topic, blob in self.blobs:
            begin, end = end, end + len(blob)
            if topic in topics:
                gone.append(range(begin, end))
            else:
                kept.append((topic, blob))
        self.notes = [
            (note, at - sum(len(each) for each in gone if each.stop <= at))
            for note, at in self.notes
            if not any(at - 1 in each for each in gone)
        ]
        self.blobs, self.size = kept, sum(len(blob) for _, blob in kept)
