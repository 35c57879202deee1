"""The recipients of a change follow from its room's people and its sender, and topics are plain values."""

import msgspec
import pytest

from chat.domain.entities import (
    AllSupport,
    DirectInbox,
    Message,
    OwnSupport,
    Pair,
    Peer,
    People,
    RoomTopic,
    SupportOf,
    Topic,
)
from chat.domain.messages.audience import audience
from chat.domain.messages.changes import Deleted, Edited, Reacted

ADA, BEN, OLGA = 1, 2, 3
ROOM = 7


@pytest.mark.parametrize(
    ("people", "sender", "received"),
    [
        (None, ADA, (ROOM,)),
        (Pair(ADA, BEN), ADA, (DirectInbox(BEN), RoomTopic(ROOM))),
        (Pair(ADA, BEN), BEN, (DirectInbox(ADA), RoomTopic(ROOM))),
        (Pair(BEN, ADA), BEN, (DirectInbox(ADA), RoomTopic(ROOM))),
        (Pair(ADA, ADA), ADA, (DirectInbox(ADA), RoomTopic(ROOM))),
        (SupportOf(Peer(BEN, "ben")), BEN, (OwnSupport(BEN), AllSupport(), RoomTopic(ROOM))),
        (SupportOf(Peer(BEN, "ben")), OLGA, (OwnSupport(BEN), AllSupport(), RoomTopic(ROOM))),
    ],
)
def test_a_message_reaches_the_people_of_its_room(
    people: People, sender: int, received: tuple[Topic, ...]
) -> None:
    message = Message(1, ROOM, 1, sender, "x", "hello", 0.0, people=people)
    assert audience(message) == received
    wire = msgspec.json.encode(received)
    assert msgspec.json.decode(wire, type=tuple[Topic, ...]) == received


def test_a_change_without_a_room_has_no_room_topic() -> None:
    relayed = Message(0, 0, 0, ADA, "", "psst", 0.0, people=Pair(ADA, BEN))
    assert audience(relayed) == (DirectInbox(BEN),)


@pytest.mark.parametrize(
    ("people", "received"),
    [
        (None, (ROOM,)),
        (Pair(ADA, BEN), (DirectInbox(ADA), DirectInbox(BEN), RoomTopic(ROOM))),
        (Pair(ADA, ADA), (DirectInbox(ADA), RoomTopic(ROOM))),
        (SupportOf(Peer(BEN, "ben")), (OwnSupport(BEN), AllSupport(), RoomTopic(ROOM))),
    ],
)
@pytest.mark.parametrize("actor", [ADA, BEN])
def test_changes_of_a_message_reach_everybody_in_its_room(
    people: People, received: tuple[Topic, ...], actor: int
) -> None:
    assert audience(Edited(2, ROOM, 1, 2, actor, "bye", 0.0, people)) == received
    assert audience(Reacted(2, ROOM, 1, 2, actor, "👍", True, 1, 0.0, people)) == received
    assert audience(Deleted(2, ROOM, 1, 2, actor, 0.0, people)) == received
