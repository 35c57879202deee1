"""What one client is subscribed to, and where what the hub sends it goes: to its send queue, or to a buffer."""

from collections.abc import Callable, Collection

from chat.domain.entities import DirectInbox, Topic
from chat.engine.dialect import Encoder
from chat.engine.hub import Hub, Subscriber
from chat.engine.send_queue import SendQueue

_BEHIND = 16
"""A client is behind with reading where so large a part of what may wait for it does."""


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
        """Hear the topic from the next message on, as `encoder` encodes it; nothing new to whoever hears it already."""
        if topic not in self._topics:
            self._topics[topic] = encoder
            self._hub.subscribe(topic, encoder, self._subscriber(topic))

    def unsubscribe(self, topic: Topic) -> None:
        """Hear nothing more of the topic."""
        if topic in self._topics:
            self._hub.unsubscribe(topic, self._topics.pop(topic), self._subscriber(topic))

    def route_direct_to(self, subscriber: Subscriber) -> None:
        """Have what comes for an inbox offered there; the client hears none yet."""
        self._of_inboxes = subscriber

    def _subscriber(self, topic: Topic) -> Subscriber:
        return self._of_inboxes if type(topic) is DirectInbox else self

    def unsubscribe_all(self) -> None:
        """Hear nothing more."""
        for topic in tuple(self._topics):
            self.unsubscribe(topic)

    def __contains__(self, topic: Topic) -> bool:
        """Whether the client is subscribed to the topic."""
        return topic in self._topics

    def rooms(self) -> list[int]:
        """Return the ids of the rooms that the client hears, the lobby too."""
        return [topic for topic in self._topics if isinstance(topic, int)]

    def buffer(self) -> None:
        """Buffer what the hub sends from here on until flush(): an answer that is being prepared comes first."""
        self._buffer = _Buffer()

    def flush(self, last: bytes = b"") -> None:
        """Send what was buffered, behind what was sent meanwhile, and `last` in one write with it."""
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            self._send_queue.offer(b"".join([*(blob for _, blob in buffer.blobs), last]))
            for note, end in buffer.notes:
                self._send_queue.when_written(note, buffer.size - end + len(last))

    def forget(self, topics: Collection[Topic]) -> None:
        """Hear nothing more of these topics, and forget what was buffered of them."""
        for topic in topics:
            self.unsubscribe(topic)
        if self._buffer is not None:
            self._buffer.forget(topics)

    def drop(self) -> None:
        """Hear nothing more, and forget what was buffered."""
        self.unsubscribe_all()
        self._buffer = None

    def offer(self, blob: bytes) -> None:
        """Take what the hub sends. This is called for each of 500 listeners of a message: it asks one thing."""
        if self._buffer is None:
            self._send_queue.offer(blob)
        else:
            self._keep(self._buffer, blob)

    def offer_or_drop(self, blob: bytes) -> None:
        """Take what nobody misses: while the client is told much, or is behind with reading, it is dropped."""
        if not self.is_behind:
            self._send_queue.offer(blob)

    @property
    def is_buffering(self) -> bool:
        """Whether what the hub sends waits for flush()."""
        return self._buffer is not None

    @property
    def is_behind(self) -> bool:
        """Whether the client is told much, or reads slowly."""
        return self._buffer is not None or self._send_queue.queued > self._send_queue.limit // _BEHIND

    @property
    def buffered(self) -> int:
        """Bytes that wait for flush()."""
        return 0 if self._buffer is None else self._buffer.size

    @property
    def is_written(self) -> bool:
        """Whether what the hub sent so far has left for the client."""
        return self._buffer is None and self._send_queue.is_written

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once what the hub sent so far has left for the client, which may be now or never.

        `behind` is how many bytes of what was sent last come behind what is waited for.
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
    """What the hub sent a client that is still being prepared an answer, and what waits for its being written."""

    __slots__ = ("blobs", "notes", "size")

    def __init__(self) -> None:
        self.blobs: list[tuple[Topic | None, bytes]] = []  # each with the topic that it is of
        self.size = 0  # bytes
        self.notes: list[tuple[Callable[[], None], int]] = []  # each with where what it waits for ends

    def forget(self, topics: Collection[Topic]) -> None:
        """Leave out what is of these topics, which is never written."""
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
