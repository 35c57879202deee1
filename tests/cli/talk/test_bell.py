"""Which messages ring."""

import pytest

from chat.cli.talk.bell import Bell
from chat.client import Message, Sender
from tests.cli.talk.test_view import ADA, BEN, NOON, room

ROOMS = {
    1: room(1, "lobby", "lobby"),
    2: room(2, "direct", None),
    3: room(3, "room", "noisy", notify="all"),
    4: room(4, "room", "silent", notify="none"),
    5: room(5, "room", "ada, ben", others=()),
}


def heard(where: int, sender: Sender = BEN, **fields: object) -> Message:
    return Message(room=where, seq=1, pos=1, at=NOON, sender=sender, text="hi", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "rings"),
    [
        (heard(1), False),
        (heard(1, mentions=(1,)), True),
        (heard(1, mentions=(2,)), False),
        (heard(1, all=True), True),
        (heard(1, ADA, mentions=(1,)), False),
        (heard(1, mentions=(1,), kind="join"), False),
        (heard(2), True),
        (heard(2, ADA), False),
        (heard(3), True),
        (heard(5), True),
        (heard(4, mentions=(1,)), False),
        (heard(9, mentions=(1,)), False),
    ],
)
def test_mentions_and_direct_messages_of_others_ring(message: Message, rings: bool) -> None:
    assert Bell(ROOMS, 1).rings(message, 0.0) is rings


def test_many_at_once_ring_once() -> None:
    bell = Bell(ROOMS, 1)
    assert [bell.rings(heard(2), now) for now in (0.0, 0.1, 0.9, 1.0, 1.5)] == [
        True,
        False,
        False,
        True,
        False,
    ]
