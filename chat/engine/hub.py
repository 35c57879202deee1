"""Who listens where. The only place that knows; all of it is sync.

Publishing writes to every listener of a topic without waiting for any: what a socket does not take at once
goes to its outbox. Nothing here awaits, so nobody joins or leaves while a batch goes round.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from chat.domain.audience import audience
from chat.domain.entities import Message, Topic
from chat.engine.dialect import Voice
from chat.engine.events import Said
from chat.inspection.metrics import Reading


class Listener(Protocol):
    """One connected client, as the hub sees it; compared by identity."""

    def offer(self, blob: bytes) -> None:
        """Take whole frames without waiting; with none, what was kept to go with others goes now."""
        ...

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once all that was offered so far has left for the client, which may be now or never.

        `behind` is how many bytes of what was offered last come behind what is waited for.
        """
        ...


class Announcement(NamedTuple):
    """A committed message, and the listener that sent it if it is one."""

    message: Message
    author: Listener | None = None


Observer = Callable[[Any, Listener, Sequence[tuple[Message, int]]], None]
"""Told which messages a listener of a topic was told, each with the bytes that it took. Sync."""


class Hub:
    """Topics, in them voices, in them listeners: a message is encoded once for each voice in its topic.

    `newest_id` is the id of the newest message there is.
    """

    def __init__(self, newest_id: int = 0) -> None:
        self.newest_id = newest_id
        """The newest published message. Ids ascend in the order of publishing, so whoever joins now hears
        exactly what has a higher id."""
        self._deliveries = 0  # messages told to listeners so far, each as often as it was told
        self._observers: dict[type, Observer] = {}
        self._topics: defaultdict[Topic, dict[Voice, set[Listener]]] = defaultdict(dict)

    def join(self, topic: Topic, voice: Voice, listener: Listener) -> None:
        """Let `listener` hear the topic from the next message on, in `voice`."""
        self._topics[topic].setdefault(voice, set()).add(listener)

    def leave(self, topic: Topic, voice: Voice, listener: Listener) -> None:
        """End what join() began; the listener hears nothing of the topic after this returns."""
        listeners = self._topics[topic][voice]
        listeners.remove(listener)
        if not listeners:
            del self._topics[topic][voice]
            if not self._topics[topic]:
                del self._topics[topic]

    def is_heard(self, topic: Topic) -> bool:
        """Whether anybody listens to the topic now."""
        return topic in self._topics

    def observe(self, kind: type, observer: Observer) -> None:
        """Tell `observer` of every publishing to a topic of this kind, once for each listener, after it was told."""
        self._observers[kind] = observer

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Tell each message to everyone who listens to a topic of its audience, in the order given."""
        by_topic: defaultdict[Topic, list[Announcement]] = defaultdict(list)
        authors: set[Listener] = set()
        for announcement in announcements:
            message, author = announcement
            if author is not None:
                authors.add(author)
            for topic in audience(message):
                by_topic[topic].append(announcement)
            self.newest_id = max(self.newest_id, message.id)
        for topic, said in by_topic.items():
            if topic in self._topics:
                observer = self._observers.get(type(topic))
                for voice, listeners in self._topics[topic].items():
                    frames = _tell(voice, listeners, said)
                    self._deliveries += len(listeners) * len(said)
                    if observer is not None:
                        for listener in listeners:
                            observer(topic, listener, _sizes(voice, listener, said, frames))
        for author in authors:
            author.offer(b"")  # an acknowledgement that went with nothing above goes now

    def readings(self) -> Iterable[Reading]:
        """Tell how much was told."""
        yield "chat_deliveries", "Messages told to clients, each as often as it was told", self._deliveries


def _tell(voice: Voice, listeners: set[Listener], said: list[Announcement]) -> list[bytes]:
    # The inner loop of the server: one join for all, and one call for each listener.
    frames = [voice.encode(Said(announcement.message)) for announcement in said]
    authors = set() if voice.echoes else listeners.intersection(a.author for a in said)
    blob = b"".join(frames)
    for listener in listeners - authors if authors else listeners:
        listener.offer(blob)
    for listener in authors:
        listener.offer(b"".join(f for f, a in zip(frames, said, strict=True) if a.author is not listener))
    return frames


def _sizes(
    voice: Voice, listener: Listener, said: list[Announcement], frames: list[bytes]
) -> list[tuple[Message, int]]:
    return [
        (each.message, 0 if each.author is listener and not voice.echoes else len(frame))
        for each, frame in zip(said, frames, strict=True)
    ]
