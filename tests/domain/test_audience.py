"""Who hears a message follows from its room's people and its sender alone, and topics are plain values."""

import msgspec
import pytest

from chat.domain.audience import audience
from chat.domain.entities import Desk, Inbox, Message, Pair, Peer, People, SupportLine, SupportOf, Topic

ADA, BEN, OLGA = 1, 2, 3
ROOM = 7


@pytest.mark.parametrize(
    ("people", "sender", "heard"),
    [
        (None, ADA, (ROOM,)),
        (Pair(ADA, BEN), ADA, (Inbox(BEN),)),
        (Pair(ADA, BEN), BEN, (Inbox(ADA),)),
        (Pair(BEN, ADA), BEN, (Inbox(ADA),)),
        (Pair(ADA, ADA), ADA, (Inbox(ADA),)),
        (SupportOf(Peer(BEN, "ben")), BEN, (SupportLine(BEN), Desk())),
        (SupportOf(Peer(BEN, "ben")), OLGA, (SupportLine(BEN), Desk())),
    ],
)
def test_a_message_has_subscribers_by_whom_its_room_is_for(
    people: People, sender: int, heard: tuple[Topic, ...]
) -> None:
    message = Message(1, ROOM, 1, sender, "x", "hello", 0.0, people=people)
    assert audience(message) == heard
    wire = msgspec.json.encode(heard)
    assert msgspec.json.decode(wire, type=tuple[Topic, ...]) == heard
