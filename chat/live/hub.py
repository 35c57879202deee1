"""Who listens where. The only place that knows; all of it is sync.

Publishing writes to every listener of a topic without waiting for any: what a socket does not take at once
goes to its outbox. Nothing here awaits, so nobody joins or leaves while a batch goes round.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from chat.dialects.dialect import Voice
from chat.live.meters import Reading
from chat.model.entities import Message, Topic
from chat.model.events import Said


class Listener(Protocol):
    """One connected client, as the hub sees it; compared by identity."""

    def offer(self, blob: bytes) -> None:
        """Take whole frames without waiting; with none, what was kept to go with others goes now."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether what is offered is taken."""
        ...


class Announcement(NamedTuple):
    """A committed message, the listener that sent it if it is one, and where it is heard (its room, if empty)."""

    message: Message
    author: Listener | None = None
    audience: tuple[Topic, ...] = ()


class Hub:
    """Topics, in them voices, in them listeners: a message is encoded once for each voice in its topic.

    Args:
        newest_id: the id of the newest message there is.
        heard: told, for each topic and batch that anybody took, which messages those were.
    """

    def __init__(
        self, newest_id: int = 0, heard: Callable[[Topic, Sequence[Message]], None] | None = None
    ) -> None:
        self.newest_id = newest_id
        """The newest published message. Ids ascend in the order of publishing, so whoever joins now hears
        exactly what has a higher id."""
        self._deliveries = 0  # messages told to listeners so far, each as often as it was told
        self._heard = heard
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

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Tell each message to everyone who listens to a topic of its audience, in the order given."""
        by_topic: defaultdict[Topic, list[Announcement]] = defaultdict(list)
        authors: set[Listener] = set()
        for announcement in announcements:
            message, author, audience = announcement
            if author is not None:
                authors.add(author)
            for topic in audience or (message.room_id,):
                by_topic[topic].append(announcement)
            self.newest_id = max(self.newest_id, message.id)
        for topic, said in by_topic.items():
            if topic in self._topics:
                for voice, listeners in self._topics[topic].items():
                    _tell(voice, listeners, said)
                    self._deliveries += len(listeners) * len(said)
                if self._heard is not None and self._is_open(topic):
                    self._heard(topic, [announcement.message for announcement in said])
        for author in authors:
            author.offer(b"")  # an acknowledgement that went with nothing above goes now

    def _is_open(self, topic: Topic) -> bool:
        """Whether anybody who listens to the topic still takes what is offered."""
        return any(each.is_open for listeners in self._topics[topic].values() for each in listeners)

    def readings(self) -> Iterable[Reading]:
        """Tell how much was told."""
        yield "chat_deliveries", "Messages told to clients, each as often as it was told", self._deliveries


def _tell(voice: Voice, listeners: set[Listener], said: list[Announcement]) -> None:
    # The inner loop of the server: one join for all, and one call for each listener.
    frames = [voice.encode(Said(announcement.message)) for announcement in said]
    authors = set() if voice.echoes else listeners.intersection(a.author for a in said)
    blob = b"".join(frames)
    for listener in listeners - authors if authors else listeners:
        listener.offer(blob)
    for listener in authors:
        listener.offer(b"".join(f for f, a in zip(frames, said, strict=True) if a.author is not listener))
