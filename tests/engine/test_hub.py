"""Publishing: every subscriber of the room gets each change once, in order, and nobody else does."""

from collections.abc import Callable

from msgspec.structs import replace

from chat.domain.entities import DirectInbox, Message, Pair
from chat.domain.messages.changes import Edited, Removed, RoomDeleted
from chat.engine.events import Said
from chat.engine.hub import Announcement, Hub
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.talker.codec import TALKER

GARDEN, CELLAR = 1, 2


class Ear:
    """A listener that keeps what it is offered."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.flushed = 0

    def offer(self, blob: bytes) -> None:
        if blob:
            self.received.append(blob)
        else:
            self.flushed += 1

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        note()


def say(seq: int, room: int = GARDEN, author: object = None) -> Announcement:
    return Announcement(Message(seq, room, seq, 1, "ada", f"line {seq}", 0.0), author)


def to(person_id: int, said: Announcement) -> Announcement:
    assert isinstance(said.change, Message)
    return replace(said, change=replace(said.change, people=Pair(said.change.sender_id, person_id)))


def frames_of(*said: Announcement, dialect: object = TALKER) -> bytes:
    return b"".join(dialect.encode(Said(each.change)) for each in said)  # type: ignore[attr-defined]


def deliveries(hub: Hub) -> float:
    (count,) = (value for name, _, value in hub.readings() if name == "chat_deliveries")
    return count


def test_all_subscribers_get_a_batch_in_one_piece_and_in_order() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.subscribe(GARDEN, TALKER, ben)
    batch = [say(1), say(2), say(3)]
    hub.publish(batch)
    assert ada.received == ben.received == [frames_of(*batch)]


def test_a_message_never_crosses_rooms() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.subscribe(CELLAR, TALKER, ben)
    hub.publish([say(1, GARDEN), say(1, CELLAR), say(2, GARDEN)])
    assert ada.received == [frames_of(say(1), say(2))]
    assert ben.received == [frames_of(say(1))]


def test_each_dialect_gets_its_own_encoding() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.subscribe(GARDEN, MESSENGER, ben)
    hub.publish([say(1)])
    assert ada.received == [frames_of(say(1))]
    assert ben.received == [frames_of(say(1), dialect=MESSENGER)]


def test_an_author_receives_others_messages_but_not_its_own() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.subscribe(GARDEN, TALKER, ben)
    batch = [say(1, author=ada), say(2, author=ben), say(3, author=ada)]
    hub.publish(batch)
    assert ada.received == [frames_of(batch[1])]
    assert ben.received == [frames_of(batch[0], batch[2])]


def test_an_author_that_is_not_in_the_room_changes_nothing() -> None:
    hub, ada = Hub(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.publish([say(1, author=Ear())])
    assert ada.received == [frames_of(say(1))]


def test_an_ended_subscription_receives_nothing_and_leaves_no_state() -> None:
    hub, ada = Hub(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.unsubscribe(GARDEN, TALKER, ada)
    hub.publish([say(1)])
    assert ada.received == []
    assert not hub._topics


def test_an_authors_coalesced_answer_is_sent_without_a_further_event() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    hub.subscribe(GARDEN, TALKER, ben)
    hub.publish([say(1, author=ada), say(2, author=ben)])
    assert ada.flushed == ben.flushed == 1


def test_a_change_that_a_dialect_does_not_encode_is_not_sent_or_counted() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.subscribe(GARDEN, TALKER, ben)
    edited = Edited(2, GARDEN, 1, 2, 1, "line one", 0.0)
    hub.publish([Announcement(edited, ada)])
    assert (ada.received, ada.flushed) == ([], 1)  # what was put off for it goes, once
    assert (ben.received, ben.flushed) == ([], 0)
    assert deliveries(hub) == 0


def test_deliveries_count_encoded_messages_except_to_their_author() -> None:
    hub, ada, ben, cem = Hub(), Ear(), Ear(), Ear()
    for listener in (ada, ben, cem):
        hub.subscribe(GARDEN, TALKER, listener)
    edited = Announcement(Edited(2, GARDEN, 1, 2, 1, "line one", 0.0))
    hub.publish([say(1, author=ada), edited, say(3, author=ben)])
    assert [len(listener.received) for listener in (ada, ben, cem)] == [1, 1, 1]
    assert deliveries(hub) == 1 + 1 + 2


def test_an_observer_gets_each_subscribers_changes_and_their_frames() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    seen: dict[object, list[tuple[int, bytes]]] = {}
    hub.observe(
        DirectInbox,
        lambda _topic, who, changes, frames: seen.update(
            {who: [(change.seq, frame) for change, frame in zip(changes, frames, strict=True)]}
        ),
    )
    hub.subscribe(DirectInbox(7), TALKER, ada)
    hub.subscribe(DirectInbox(7), MESSENGER, ben)
    hub.subscribe(GARDEN, TALKER, ben)
    for_seven = [to(7, say(n, author=author)) for n, author in ((2, None), (3, ben))]
    for_nobody = to(8, say(4))
    hub.publish([say(1), *for_seven, for_nobody])
    assert seen == {
        ada: [(n, frames_of(say(n))) for n in (2, 3)],
        ben: [(n, frames_of(say(n), dialect=MESSENGER)) for n in (2, 3)],
    }
    assert len(ada.received) == 1


def test_a_membership_ends_at_its_place_also_within_one_batch() -> None:
    hub, ada, ben = Hub(), Ear(), Ear()
    for ear in (ada, ben):
        hub.subscribe(GARDEN, TALKER, ear)
    felt: list[tuple[object, int]] = []

    def expel(change: object) -> None:
        felt.append((change, hub.newest_id))
        if isinstance(change, Removed):
            hub.unsubscribe(GARDEN, TALKER, ben)

    hub.on_access(expel)
    removed, deleted = Removed(3, GARDEN, 3, 2, 1, 0.0), RoomDeleted(5, CELLAR, 9, None, 0.0)
    before, after = [say(1), say(2)], [say(4), say(6)]
    hub.publish([*before, Announcement(removed), after[0], Announcement(deleted), after[1]])
    assert b"".join(ben.received) == frames_of(*before)
    assert b"".join(ada.received) == frames_of(*before, *after)
    assert felt == [(removed, 3), (deleted, 5)]
    assert hub.newest_id == 6


def test_messages_are_sent_in_one_piece_for_each_topic() -> None:
    hub, ada = Hub(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    hub.subscribe(CELLAR, TALKER, ada)
    hub.on_access(lambda change: felt.append(change))
    felt: list[object] = []
    hub.publish([say(1), say(2, CELLAR), say(3), say(4, CELLAR)])
    assert ada.received == [frames_of(say(1), say(3)), frames_of(say(2), say(4))]
    assert felt == []


def test_an_author_is_flushed_once_though_a_membership_ends_in_the_middle() -> None:
    hub, ada = Hub(), Ear()
    hub.subscribe(GARDEN, TALKER, ada)
    removed = Announcement(Removed(2, GARDEN, 2, 2, 1, 0.0))
    hub.publish([say(1, author=ada), removed, say(3, author=ada)])
    assert ada.received == []
    assert ada.flushed >= 1
