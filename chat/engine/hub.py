"""Who is subscribed to which topic. The only place that knows; all of it is sync.

Publishing writes to every subscriber of a topic without waiting for any: bytes that a socket does not take at once
wait in its send queue. Nothing here awaits, so no subscription changes during a fan-out.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeVar, cast

import msgspec

from chat.domain.entities import Message, MessageKind, Topic
from chat.domain.messages.audience import audience
from chat.domain.messages.changes import AccessChange, Change, Removed, RoomDeleted
from chat.engine.dialect import Encoder
from chat.engine.events import Event, Said
from chat.inspection.metrics import Reading
from chat.signals import Signal


class Subscriber(Protocol):
    """One connected client, as the hub sees it. Compared by identity."""

    def offer(self, blob: bytes) -> None:
        """Take whole frames without waiting. Empty: send now the coalesced frames that wait for the next ones."""
        ...

    def offer_or_drop(self, blob: bytes) -> None:
        """Take whole frames without waiting, or drop them where the client reads too slowly."""
        ...


class Announcement(msgspec.Struct, frozen=True, gc=False):
    """A committed change, and the subscriber that sent it, if one did."""

    change: Change
    origin: Subscriber | None = None


TopicT = TypeVar("TopicT", bound=Topic)

Observer = Callable[[TopicT, Subscriber, Sequence[Change], Sequence[bytes]], None]
"""Called with a topic, a subscriber, and the changes published to it, each with its frames. Sync.

A subscriber whose encoder does not echo was not offered the frames of its own changes.
"""


_ENDING = frozenset({Removed, RoomDeleted})
"""The types of AccessChange; asking for a type costs an eighth of what isinstance() does."""


class Hub:
    """Topics, their encoders, and the subscribers of each: a change is encoded once for each encoder of its topic.

    `newest_id` is the newest id in the log.
    """

    def __init__(self, newest_id: int = 0) -> None:
        self.newest_id = newest_id
        """The id of the newest published change. Ids ascend in the order of publishing: a new subscriber receives
        exactly the changes with higher ids."""
        self.published = Signal()
        """Notified after each publishing, when `newest_id` has risen."""
        self.topic: Topic | None = None
        """The topic that is being published to: frames offered to subscribers meanwhile are of it."""
        self._deliveries = 0  # messages offered to subscribers so far, once for each subscriber
        self._observers: dict[type, Observer[Topic]] = {}
        self._on_access: Callable[[AccessChange], object] = lambda _change: None
        self._on_arrival: list[Callable[[Sequence[Change]], object]] = []
        self._topics: defaultdict[Topic, dict[Encoder, set[Subscriber]]] = defaultdict(dict)

    def subscribe(self, topic: Topic, encoder: Encoder, subscriber: Subscriber) -> None:
        """Offer `subscriber` the topic's changes from the next one on, as `encoder` encodes them."""
        self._topics[topic].setdefault(encoder, set()).add(subscriber)

    def unsubscribe(self, topic: Topic, encoder: Encoder, subscriber: Subscriber) -> None:
        """End a subscription: the subscriber is offered nothing of the topic after this returns."""
        subscribers = self._topics[topic][encoder]
        subscribers.remove(subscriber)
        if not subscribers:
            del self._topics[topic][encoder]
            if not self._topics[topic]:
                del self._topics[topic]

    def has_subscribers(self, topic: Topic) -> bool:
        """Whether the topic has subscribers now."""
        return topic in self._topics

    def count_subscribers(self, topic: Topic) -> int:
        """Return the number of subscribers of the topic."""
        return sum(map(len, self._topics.get(topic, {}).values()))

    def observe(self, kind: type[TopicT], observer: Observer[TopicT]) -> None:
        """Call `observer` after each publishing to a topic of this kind, once for each subscriber."""

        self._observers[kind] = cast("Observer[Topic]", observer)  # it is looked up by the topic's type

    def on_access(self, handler: Callable[[AccessChange], object]) -> None:
        """Call `handler` with each end of a membership or a room, after this and all earlier changes are published.

        A subscriber that it unsubscribes is offered nothing later. Sync.
        """
        self._on_access = handler

    def on_arrival(self, handler: Callable[[Sequence[Change]], object]) -> None:
        """Call `handler` with the changes by which a room may be new to somebody, after they are published. Sync.

        Those are the first change of a room, each join, and all changes of direct and support rooms.
        """
        self._on_arrival.append(handler)

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Offer each change to all subscribers of the topics of its audience, in the order given."""
        by_topic: defaultdict[Topic, list[Announcement]] = defaultdict(list)
        origins: set[Subscriber] = set()
        arrivals: list[Change] = []
        for announcement in announcements:
            change = announcement.change
            if announcement.origin is not None:
                origins.add(announcement.origin)
            for topic in audience(change):
                if topic in self._topics:  # a direct message has two, and often one has no subscriber
                    by_topic[topic].append(announcement)
            if change.id > self.newest_id:
                self.newest_id = change.id
            if change.room_id and (change.people is not None or change.pos == 1 or _is_join(change)):
                arrivals.append(change)
            if type(change) in _ENDING and isinstance(change, AccessChange):
                self._publish_to_topics(by_topic)
                by_topic.clear()
                self._on_access(change)
        self._publish_to_topics(by_topic)
        for handler in self._on_arrival if arrivals else ():
            handler(arrivals)
        for origin in origins:
            origin.offer(b"")  # sends an acknowledgement that nothing above took along
        self.published.notify()

    def send_frames(
        self,
        topic: Topic,
        encoder: Encoder,
        frames: bytes,
        *,
        besides: Collection[Subscriber] = (),
        may_drop: bool = False,
    ) -> None:
        """Offer frames of no logged change to the topic's subscribers with this encoder, except `besides`."""
        self.topic = topic
        for subscriber in self._topics.get(topic, {}).get(encoder, ()):
            if subscriber not in besides:
                (subscriber.offer_or_drop if may_drop else subscriber.offer)(frames)
        self.topic = None

    def _publish_to_topics(self, by_topic: dict[Topic, list[Announcement]]) -> None:
        for topic, announcements in by_topic.items():
            if topic in self._topics:
                self.topic = topic
                observer = self._observers.get(type(topic))
                for encoder, subscribers in self._topics[topic].items():
                    frames = [encoder.encode(_event(announcement.change)) for announcement in announcements]
                    self._deliveries += _offer(encoder, subscribers, announcements, frames)
                    if observer is not None:
                        changes = [announcement.change for announcement in announcements]
                        for subscriber in subscribers:
                            observer(topic, subscriber, changes, frames)
        self.topic = None

    def readings(self) -> Iterable[Reading]:
        """Yield the count of deliveries."""
        yield "chat_deliveries", "Messages sent to clients, counted once for each client", self._deliveries


def _offer(
    encoder: Encoder, subscribers: set[Subscriber], announcements: list[Announcement], frames: list[bytes]
) -> int:
    """Offer the frames to the subscribers; return the number of frames times subscribers. Sync."""
    blob = b"".join(frames)
    if not blob:
        return 0
    # The inner loop of the server: one join for all, and one call for each subscriber.
    origins = set() if encoder.echoes else subscribers.intersection(a.origin for a in announcements)
    for subscriber in subscribers - origins if origins else subscribers:
        subscriber.offer(blob)
    encoded = sum(map(bool, frames))
    offered = (len(subscribers) - len(origins)) * encoded
    for subscriber in origins:
        others = [f for f, a in zip(frames, announcements, strict=True) if f and a.origin is not subscriber]
        if others:
            subscriber.offer(b"".join(others))
            offered += len(others)
    return offered


def _is_join(change: Change) -> bool:
    return type(change) is Message and change.kind is MessageKind.JOIN


def _event(change: Change) -> Event:
    return Said(change) if isinstance(change, Message) else change
