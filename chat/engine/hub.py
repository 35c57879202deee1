"""Who is subscribed to which topic. The only place that knows; all of it is sync.

Publishing writes to every subscriber of a topic without waiting for any: what a socket does not take at once
goes to its send queue. Nothing here awaits, so nobody subscribes or unsubscribes while a batch goes round.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeVar, cast

import msgspec

from chat.domain.audience import audience
from chat.domain.changes import AccessChange, Change, Removed, RoomDeleted
from chat.domain.entities import Message, MessageKind, Topic
from chat.engine.dialect import Encoder
from chat.engine.events import Event, Said
from chat.inspection.metrics import Reading


class Subscriber(Protocol):
    """One connected client, as the hub sees it; compared by identity."""

    def offer(self, blob: bytes) -> None:
        """Take whole frames without waiting; with none, what was kept to go with others goes now."""
        ...

    def offer_or_drop(self, blob: bytes) -> None:
        """Take whole frames without waiting, unless the client is behind with reading: then they are dropped."""
        ...


class Announcement(msgspec.Struct, frozen=True, gc=False):
    """A committed change, and the subscriber that sent it if it is one."""

    change: Change
    origin: Subscriber | None = None


TopicT = TypeVar("TopicT", bound=Topic)

Observer = Callable[[TopicT, Subscriber, Sequence[tuple[Change, int]]], None]
"""Told which changes a subscriber of a topic was told, each with the bytes that it took. Sync."""


_ENDING = frozenset({Removed, RoomDeleted})
"""The types of AccessChange; asking for a type costs an eighth of what isinstance() does."""


class Hub:
    """Topics, their encoders, and the subscribers of each: a change is encoded once for each encoder of its topic.

    `newest_id` is the newest id in the log.
    """

    def __init__(self, newest_id: int = 0) -> None:
        self.newest_id = newest_id
        """The newest published change. Ids ascend in the order of publishing, so whoever subscribes now hears
        exactly what has a higher id."""
        self.topic: Topic | None = None
        """The topic whose subscribers are being told something: what they are offered meanwhile is of it."""
        self._deliveries = 0  # messages told to subscribers so far, each as often as it was told
        self._observers: dict[type, Observer[Topic]] = {}
        self._on_access: Callable[[AccessChange], object] = lambda _change: None
        self._on_arrival: Callable[[Change], object] | None = None
        self._topics: defaultdict[Topic, dict[Encoder, set[Subscriber]]] = defaultdict(dict)

    def subscribe(self, topic: Topic, encoder: Encoder, subscriber: Subscriber) -> None:
        """Send `subscriber` the topic's messages from the next one on, as `encoder` encodes them."""
        self._topics[topic].setdefault(encoder, set()).add(subscriber)

    def unsubscribe(self, topic: Topic, encoder: Encoder, subscriber: Subscriber) -> None:
        """End what subscribe() began; the subscriber hears nothing of the topic after this returns."""
        subscribers = self._topics[topic][encoder]
        subscribers.remove(subscriber)
        if not subscribers:
            del self._topics[topic][encoder]
            if not self._topics[topic]:
                del self._topics[topic]

    def has_subscribers(self, topic: Topic) -> bool:
        """Whether anybody listens to the topic now."""
        return topic in self._topics

    def count_subscribers(self, topic: Topic) -> int:
        """Return how many clients listen to the topic now."""
        return sum(map(len, self._topics.get(topic, {}).values()))

    def observe(self, kind: type[TopicT], observer: Observer[TopicT]) -> None:
        """Tell `observer` of every publishing to a topic of this kind, once for each subscriber, after it was told."""

        self._observers[kind] = cast("Observer[Topic]", observer)  # it is looked up by the topic's type

    def on_access(self, felt: Callable[[AccessChange], object]) -> None:
        """Tell `felt` of every membership and room that ends, after everybody was told what came before, and that.

        Whom it unsubscribes hears nothing that comes after. Sync.
        """
        self._on_access = felt

    def on_arrival(self, felt: Callable[[Change], object]) -> None:
        """Tell `felt` of each change by which a room may be new to somebody, after everybody was told it. Sync.

        Those are the first change of a room, every joining, and what happens in direct and support rooms.
        """
        self._on_arrival = felt

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Tell each change to everyone who listens to a topic of its audience, in the order given."""
        by_topic: defaultdict[Topic, list[Announcement]] = defaultdict(list)
        origins: set[Subscriber] = set()
        arrivals: list[Change] = []
        for announcement in announcements:
            change = announcement.change
            if announcement.origin is not None:
                origins.add(announcement.origin)
            for topic in audience(change):
                if topic in self._topics:  # a direct message has two, and most often nobody hears one of them
                    by_topic[topic].append(announcement)
            self.newest_id = max(self.newest_id, change.id)
            if change.room_id and (change.people is not None or change.pos == 1 or _is_joining(change)):
                arrivals.append(change)
            if type(change) in _ENDING and isinstance(change, AccessChange):
                self._tell_all(by_topic)
                by_topic.clear()
                self._on_access(change)
        self._tell_all(by_topic)
        if self._on_arrival is not None:
            for change in arrivals:
                self._on_arrival(change)
        for origin in origins:
            origin.offer(b"")  # an acknowledgement that went with nothing above goes now

    def tell(
        self,
        topic: Topic,
        encoder: Encoder,
        frames: bytes,
        *,
        besides: Collection[Subscriber] = (),
        may_drop: bool = False,
    ) -> None:
        """Send frames that are in no log to whoever hears the topic by this encoder, but for some."""
        self.topic = topic
        for subscriber in self._topics.get(topic, {}).get(encoder, ()):
            if subscriber not in besides:
                (subscriber.offer_or_drop if may_drop else subscriber.offer)(frames)
        self.topic = None

    def _tell_all(self, by_topic: dict[Topic, list[Announcement]]) -> None:
        for topic, said in by_topic.items():
            if topic in self._topics:
                self.topic = topic
                observer = self._observers.get(type(topic))
                for encoder, subscribers in self._topics[topic].items():
                    frames = [encoder.encode(_event(announcement.change)) for announcement in said]
                    self._deliveries += _tell(encoder, subscribers, said, frames)
                    if observer is not None:
                        # By an encoder that echoes everybody is told the same.
                        same = _sizes(None, said, frames) if encoder.echoes else None
                        for subscriber in subscribers:
                            observer(topic, subscriber, same or _sizes(subscriber, said, frames))
        self.topic = None

    def readings(self) -> Iterable[Reading]:
        """Tell how much was told."""
        yield "chat_deliveries", "Messages told to clients, each as often as it was told", self._deliveries


def _tell(
    encoder: Encoder, subscribers: set[Subscriber], said: list[Announcement], frames: list[bytes]
) -> int:
    """Offer what there are words for, and return how many messages that were, each as often as it was told. Sync."""
    blob = b"".join(frames)
    if not blob:
        return 0
    # The inner loop of the server: one join for all, and one call for each subscriber.
    origins = set() if encoder.echoes else subscribers.intersection(a.origin for a in said)
    for subscriber in subscribers - origins if origins else subscribers:
        subscriber.offer(blob)
    worded = sum(map(bool, frames))
    told = (len(subscribers) - len(origins)) * worded
    for subscriber in origins:
        others = [f for f, a in zip(frames, said, strict=True) if f and a.origin is not subscriber]
        if others:
            subscriber.offer(b"".join(others))
            told += len(others)
    return told


def _is_joining(change: Change) -> bool:
    return type(change) is Message and change.kind is MessageKind.JOIN


def _event(change: Change) -> Event:
    return Said(change) if isinstance(change, Message) else change


def _sizes(
    deaf: Subscriber | None, said: list[Announcement], frames: list[bytes]
) -> list[tuple[Change, int]]:
    """Return each change with its bytes; `deaf` did not hear what it said itself."""
    return [
        (each.change, 0 if deaf is not None and each.origin is deaf else len(frame))
        for each, frame in zip(said, frames, strict=True)
    ]
